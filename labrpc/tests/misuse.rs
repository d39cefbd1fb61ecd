//! Invalid calls: each fails with a message that says what is wrong and where.

use std::sync::Arc;

use labrpc::{ClientEnd, Network, Server, Service};
use labrt::world::{Backend, Failure, FailureKind, Options, World, simulate};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
struct VoteArgs {
    term: u64,
}

#[derive(Serialize, Deserialize)]
struct VoteReply {
    granted: bool,
}

#[derive(Serialize, Deserialize)]
struct OtherReply {
    granted: bool,
}

struct Raft;

#[labrpc::service]
impl Raft {
    fn request_vote(&self, args: VoteArgs) -> VoteReply {
        VoteReply { granted: args.term > 0 }
    }

    fn append_entries(self: &Arc<Self>, args: &VoteArgs) -> VoteReply {
        VoteReply { granted: args.term == 0 && Arc::strong_count(self) > 0 }
    }

    fn unsendable(&self, _args: VoteArgs) -> Unencodable {
        Unencodable
    }
}

/// Can be neither encoded nor decoded.
#[derive(Clone, Copy)]
struct Unencodable;

impl Serialize for Unencodable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not supported"))
    }
}

impl<'de> Deserialize<'de> for Unencodable {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("not supported"))
    }
}

/// Is encoded as no bytes, and cannot be decoded.
struct Undecodable;

impl Serialize for Undecodable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Undecodable {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("not supported"))
    }
}

/// The failure of a call on a node `client`, which is the same in simulation and on real threads.
fn failure<R>(call: impl Fn(&ClientEnd) -> Option<R> + Copy + Send + 'static) -> Failure {
    let on_threads = failure_with(Options { backend: Backend::Threads, ..Options::new(1) }, call);
    let simulated = failure_with(Options::new(1), call);
    let summary = |failure: &Failure| (failure.kind, failure.message.clone(), failure.location.clone());
    assert_eq!(summary(&simulated), summary(&on_threads));
    simulated
}

fn failure_with<R>(options: Options, call: impl FnOnce(&ClientEnd) -> Option<R> + Send + 'static) -> Failure {
    let run = simulate::<()>(options, |world: &World| {
        let network = Network::new(world);
        let mut server = Server::new(&world.node("server-2"));
        server.add_service(Arc::new(Raft).service());
        server.add_service(
            Service::new("Odd").method("read", |_: Undecodable| 1u8).method("write", |_: u8| Undecodable),
        );
        network.add_server("server-2", server);
        let end = network.make_end("end");
        network.connect("end", "server-2");
        network.enable("end", true);
        let returned = world.node("client").call("caller", move || call(&end).is_some());
        panic!("the call returned: {returned:?}");
    });
    run.result.expect_err("the call must fail")
}

#[track_caller]
fn assert_says(failure: &Failure, node: &str, parts: &[&str]) {
    assert_eq!((failure.kind, failure.node.as_str()), (FailureKind::Panic, node), "{failure:?}");
    for part in parts {
        assert!(failure.message.contains(part), "{:?} does not say {part:?}", failure.message);
    }
}

/// In the caller's thread, at the caller's line.
#[track_caller]
fn assert_blames_caller(failure: &Failure, parts: &[&str]) {
    assert_says(failure, "client", parts);
    let location = failure.location.as_deref().unwrap_or_default();
    assert!(location.contains("misuse.rs"), "{failure:?}");
}

#[test]
fn an_unknown_method() {
    let failure = failure(|end| end.call::<_, VoteReply>("Raft.request_votes", &VoteArgs { term: 1 }));
    assert_blames_caller(
        &failure,
        &[
            "Raft.request_votes",
            "server-2",
            "no method `request_votes`",
            "request_vote, append_entries, unsendable",
        ],
    );
}

#[test]
fn an_unknown_service() {
    let failure = failure(|end| end.call::<_, VoteReply>("Paxos.prepare", &VoteArgs { term: 1 }));
    assert_blames_caller(&failure, &["Paxos.prepare", "no service `Paxos`", "Raft, Odd"]);
}

#[test]
fn a_name_without_a_dot() {
    let failure = failure(|end| end.call::<_, VoteReply>("request_vote", &VoteArgs { term: 1 }));
    assert_blames_caller(&failure, &["`Service.method`", "`request_vote`"]);
}

#[test]
fn arguments_of_another_type() {
    let failure = failure(|end| end.call::<u64, VoteReply>("Raft.request_vote", &1));
    assert_blames_caller(&failure, &["Raft.request_vote", "arguments of type u64", "misuse::VoteArgs"]);
}

/// The bytes are the same, the types are not.
#[test]
fn a_reply_of_another_type() {
    let failure = failure(|end| end.call::<_, OtherReply>("Raft.request_vote", &VoteArgs { term: 1 }));
    assert_blames_caller(
        &failure,
        &["Raft.request_vote", "a reply of type misuse::OtherReply", "handler of type misuse::VoteReply"],
    );
}

#[test]
fn arguments_that_cannot_be_sent() {
    let failure = failure(|end| end.call::<_, VoteReply>("Raft.request_vote", &Unencodable));
    assert_blames_caller(&failure, &["Raft.request_vote", "misuse::Unencodable", "not supported"]);
}

#[test]
fn arguments_that_cannot_be_read() {
    let failure = failure(|end| end.call::<_, u8>("Odd.read", &Undecodable));
    assert_says(&failure, "server-2", &["Odd.read", "misuse::Undecodable", "not supported"]);
}

#[test]
fn a_reply_that_cannot_be_sent() {
    let failure = failure(|end| end.unsendable(&VoteArgs { term: 1 }));
    assert_says(&failure, "server-2", &["Raft.unsendable", "misuse::Unencodable", "not supported"]);
}

#[test]
fn a_reply_that_cannot_be_read() {
    let failure = failure(|end| end.call::<_, Undecodable>("Odd.write", &1u8));
    assert_blames_caller(&failure, &["Odd.write", "misuse::Undecodable", "not supported"]);
}

/// An invalid call to an unreachable server is not detected: its methods are not known.
#[test]
fn an_invalid_call_to_an_unreachable_server_gets_no_reply() {
    let run = simulate(Options::new(1), |world| {
        let network = Network::new(world);
        network.make_end("end").call::<u64, u64>("Paxos.prepare", &1)
    });
    assert_eq!(run.result.unwrap(), None);
}

#[test]
fn a_valid_call_gets_a_reply() {
    let run = simulate(Options::new(1), |world| {
        let network = Network::new(world);
        let mut server = Server::new(&world.node("server"));
        server.add_service(Arc::new(Raft).service());
        network.add_server("server", server);
        let end = network.make_end("end");
        network.connect("end", "server");
        network.enable("end", true);
        let vote = end.request_vote(&VoteArgs { term: 1 }).map(|reply| reply.granted);
        let append = end.append_entries(&VoteArgs { term: 0 }).map(|reply| reply.granted);
        (vote, append)
    });
    assert_eq!(run.result.unwrap(), (Some(true), Some(true)));
}

/// Unknown and duplicate names in calls of the harness.
#[test]
fn unknown_and_duplicate_names_panic() {
    fn message<T: Send + 'static>(misuse: impl FnOnce(&World, &Network) -> T + Send + 'static) -> String {
        let run = simulate(Options::new(1), move |world| misuse(world, &Network::new(world)));
        let failure = run.result.err().expect("the misuse must be refused");
        failure.message
    }
    let twice = message(|_, network| {
        let _first = network.make_end("e");
        let _second = network.make_end("e");
    });
    assert_eq!(twice, r#"there are two end points called "e""#);
    for unknown in [
        message(|_, network| network.delete_end("e")),
        message(|_, network| network.connect("e", "s")),
        message(|_, network| network.enable("e", true)),
    ] {
        assert_eq!(unknown, r#"there is no end point called "e""#);
    }
    assert_eq!(message(|_, network| network.count("s")), r#"there is no server called "s""#);
    let services = message(|world, _| {
        let mut server = Server::new(&world.node("s"));
        server.add_service(Service::new("Raft"));
        server.add_service(Service::new("Raft"));
    });
    assert_eq!(services, "the server has two services Raft");
    let methods = message(|_, _| Service::new("Raft").method("m", |x: u8| x).method("m", |x: u16| x));
    assert_eq!(methods, "service Raft has two methods m");
}
