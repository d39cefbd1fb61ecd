//! The messages in a run's fingerprint, and in the log of a recorded run.

use std::time::Duration;

use labrpc::{ClientEnd, Network, Server, Service};
use labrt::thread;
use labrt::world::{Options, Run, World, simulate};

/// A run with a server that echoes, and an enabled end point to it.
fn run<T: Send + 'static>(
    options: Options,
    body: impl FnOnce(&Network, &ClientEnd) -> T + Send + 'static,
) -> Run<T> {
    simulate(options, move |world: &World| {
        let network = Network::new(world);
        let mut server = Server::new(&world.node("server-2"));
        server.add_service(Service::new("Echo").method("echo", |milliseconds: u64| {
            thread::sleep(Duration::from_millis(milliseconds));
            milliseconds
        }));
        network.add_server("server-2", server);
        let end = network.make_end("end");
        network.connect("end", "server-2");
        network.enable("end", true);
        body(&network, &end)
    })
}

/// Concurrent calls on an unreliable network: the fingerprint and the replies.
fn concurrent_calls(seed: u64, first: u64) -> (u64, Vec<Option<u64>>) {
    let run = run(Options::new(seed), move |network, end| {
        network.set_reliable(false);
        let calls: Vec<_> = (first..first + 20)
            .map(|number| {
                let end = end.clone();
                thread::spawn(move || end.call("Echo.echo", &number))
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    (run.fingerprint, run.result.unwrap())
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..20 {
        assert_eq!(concurrent_calls(seed, 0), concurrent_calls(seed, 0));
    }
}

#[test]
fn another_seed_is_another_run() {
    let mut fingerprints: Vec<_> = (0..100).map(|seed| concurrent_calls(seed, 0).0).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 100);
}

/// Two runs that differ in one byte of one message.
#[test]
fn the_bytes_of_messages_are_in_the_fingerprint() {
    let one_call = |text: &'static str| {
        simulate(Options::new(1), |world: &World| {
            let network = Network::new(world);
            let mut server = Server::new(&world.node("server"));
            server.add_service(Service::new("Echo").method("len", |text: String| text.len()));
            network.add_server("server", server);
            let end = network.make_end("end");
            network.connect("end", "server");
            network.enable("end", true);
            end.call::<String, usize>("Echo.len", &text.to_owned())
        })
        .fingerprint
    };
    assert_eq!(one_call("hello"), one_call("hello"));
    assert_ne!(one_call("hello"), one_call("hallo"));
}

/// The lines about the network in the log of a recorded run.
fn lines(seed: u64, body: impl FnOnce(&Network, &ClientEnd) + Send + 'static) -> Vec<String> {
    let mut options = Options::new(seed);
    options.record = true;
    let run = run(options, body);
    run.result.unwrap();
    run.log.into_iter().filter(|line| line.target == "labrpc").map(|line| line.text).collect()
}

fn echo(end: &ClientEnd, milliseconds: u64) {
    let _: Option<u64> = end.call("Echo.echo", &milliseconds);
}

#[test]
fn the_log_of_a_recorded_run_has_every_message() {
    let reliable = lines(1, |_, end| echo(end, 5));
    let [request, reply] = &reliable[..] else { panic!("expected two lines; saw {reliable:#?}") };
    assert!(request.starts_with("echo #1 -> server-2: request (1 bytes) arrives in "), "{request}");
    assert!(reply.starts_with("echo #1 -> server-2: reply (1 bytes) arrives in "), "{reply}");
}

#[test]
fn the_log_of_a_recorded_run_says_why_there_is_no_reply() {
    let unreachable = lines(1, |network, end| {
        network.enable("end", false);
        echo(end, 5);
    });
    assert_eq!(unreachable.len(), 1);
    assert!(
        unreachable[0].starts_with("echo #1 -> server-2: server unreachable, call fails in "),
        "{unreachable:?}"
    );

    let cut_off = lines(1, |network, end| {
        let (end, network) = (end.clone(), network.clone());
        let call = thread::spawn(move || echo(&end, 200));
        thread::sleep(Duration::from_millis(10));
        network.enable("end", false);
        call.join().unwrap();
    });
    assert_eq!(cut_off.len(), 2);
    assert_eq!(cut_off[1], "echo #1 -> server-2: call fails: cut off");

    let unreliable = lines(1, |network, end| {
        network.set_reliable(false);
        network.set_long_reordering(true);
        (0..200).for_each(|_| echo(end, 0));
    });
    for what in [
        "request (1 bytes) arrives in",
        "request lost (1 bytes)",
        "reply lost (1 bytes)",
        "reply (1 bytes) arrives in",
    ] {
        assert!(unreliable.iter().any(|line| line.contains(what)), "no line says {what:?}");
    }
}
