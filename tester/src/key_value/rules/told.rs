//! [`Told`]: hand-written events, as an analysis receives them.

use std::time::Duration;

use labapi::{PutError, State, Term, Version, Versioned, WrongLeader};
use labgob::Value;
use labrpc::Step;
use serde::Serialize;

use super::KeyValueAnalysis;
use crate::causality::{Causality, LogicalTime};
use crate::event::{Event, Group, Incarnation, Kind, Message, Party, StreamPosition};
use crate::linearizability::{KeyValueInput, KeyValueOutput};
use crate::raft::{ProbeTimes, RaftEvent};
use crate::rule::{Analysis, BrokenRule};

/// The requests of the reference.
#[derive(Serialize)]
struct PutArgs {
    key: &'static str,
    value: &'static str,
    version: Version,
}

#[derive(Serialize)]
struct GetArgs {
    key: &'static str,
}

type PutReply = Result<Result<(), PutError>, WrongLeader>;
type GetReply = Result<Option<Versioned>, WrongLeader>;

/// A run of three servers, in the making. All is about key `x`.
pub(super) struct Told {
    analysis: KeyValueAnalysis,
    causality: Causality,
    number: u64,
    at: Duration,
    /// The client, server, method and arguments of each call, by number.
    calls: Vec<(u32, usize, &'static str, Value)>,
    pub broken: Vec<BrokenRule>,
}

const GROUP: Group = Group { number: 0, name: "" };

fn server(server: usize) -> Incarnation {
    Incarnation { group: GROUP, server, number: 1 }
}

impl Told {
    pub fn new() -> Self {
        let (analysis, causality) = (KeyValueAnalysis::new(3), Causality::default());
        Self { analysis, causality, number: 0, at: Duration::ZERO, calls: Vec::new(), broken: Vec::new() }
    }

    /// The same, of which the happened-before relation is known, too: client 4 has an end to server 0.
    pub fn tracked() -> Self {
        let mut told = Self::new();
        told.causality.track();
        for server in 0..3 {
            told.causality.add_server(GROUP, server);
            told.causality.start(self::server(server));
        }
        told.causality.add_end(0, Party::Client(4), GROUP, 0);
        told.causality.add_end(1, server(0).into(), GROUP, 1);
        told
    }

    /// Server 0 calls server 1, which replies.
    pub fn replicates(&mut self) -> &mut Self {
        let steps =
            [Step::RequestSent { end: 1 }, Step::RequestDelivered, Step::ReplySent, Step::ReplyDelivered];
        for step in steps {
            self.causality.on(1000, step, 0);
        }
        self
    }

    fn tell(&mut self, party: Party, kind: Kind<'_>) -> &mut Self {
        let moment = match kind {
            Kind::Message(message) if self.causality.is_tracked() => {
                self.causality.on(message.call, message.step, 0).and_then(|sides| sides.moment)
            }
            _ => None,
        };
        let moment = moment.or(Some(LogicalTime::default()));
        self.number += 1;
        self.at += Duration::from_millis(1);
        let (number, at, group) = (self.number, self.at, None);
        let event = Event { number, at, cause: 0, group, party, kind, causality: &self.causality, moment };
        self.broken.extend(self.analysis.on(&event));
        self
    }

    pub fn wait(&mut self, time: Duration) -> &mut Self {
        self.at += time;
        self
    }

    /// A put of key `x` begins.
    pub fn puts(&mut self, client: u32, value: &'static str, version: u64) -> &mut Self {
        let input = KeyValueInput::Put { key: "x".into(), value: value.into(), version };
        self.tell(Party::Client(client), Kind::OperationBegan { operation: &"Put(x)", input: &input })
    }

    /// A get of key `x` begins.
    pub fn gets(&mut self, client: u32) -> &mut Self {
        let input = KeyValueInput::Get { key: "x".into() };
        self.tell(Party::Client(client), Kind::OperationBegan { operation: &"Get(x)", input: &input })
    }

    pub fn ends(&mut self, client: u32, output: KeyValueOutput) -> &mut Self {
        let (done, answer) = (output == KeyValueOutput::Done, &"answer");
        let kind = Kind::OperationEnded { what: "it", done, answer, output: &output };
        self.tell(Party::Client(client), kind)
    }

    /// A get ends with this value and version.
    pub fn ends_with(&mut self, client: u32, value: &str, version: u64) -> &mut Self {
        self.ends(client, KeyValueOutput::Value { value: value.into(), version })
    }

    fn send(&mut self, client: u32, to: usize, method: &'static str, args: Value) -> &mut Self {
        self.calls.push((client, to, method, args));
        self.step(Step::RequestSent { end: 0 }, None)
    }

    /// The clerk of a client sends a put to a server.
    pub fn sends_put(&mut self, client: u32, to: usize, value: &'static str, version: u64) -> &mut Self {
        let args = PutArgs { key: "x", value, version: Version(version) };
        self.send(client, to, "KvServer.put", Value::of(&args).expect("it is a value"))
    }

    pub fn sends_get(&mut self, client: u32, to: usize) -> &mut Self {
        self.send(client, to, "KvServer.get", Value::of(&GetArgs { key: "x" }).expect("it is a value"))
    }

    /// A step of the call that was made last.
    fn step(&mut self, step: Step, reply: Option<&Value>) -> &mut Self {
        let call = self.calls.len();
        let (client, to, method, args) = self.calls[call - 1].clone();
        let is_request = matches!(step, Step::RequestSent { .. });
        let content = if is_request { Some(&args) } else { reply };
        let party = match step {
            Step::RequestDelivered | Step::ReplySent => server(to).into(),
            _ => Party::Client(client),
        };
        let message = Message {
            call: call as u64,
            step,
            from: Party::Client(client),
            to: server(to),
            method,
            bytes: 0,
            content,
            location: None,
        };
        self.tell(party, Kind::Message(&message))
    }

    pub fn request_is_lost(&mut self) -> &mut Self {
        self.step(Step::RequestLost, None)
    }

    pub fn arrives(&mut self) -> &mut Self {
        self.step(Step::RequestDelivered, None)
    }

    fn replies<T: Serialize>(&mut self, reply: &T) -> &mut Self {
        let reply = Value::of(reply).expect("it is a value");
        self.step(Step::ReplySent, Some(&reply))
    }

    /// The server replies to a put.
    pub fn put_is(&mut self, reply: PutReply) -> &mut Self {
        self.replies(&reply)
    }

    /// The server replies to a get, with value and version.
    pub fn get_is(&mut self, reply: Option<(&str, u64)>) -> &mut Self {
        let versioned =
            |(value, version): (&str, u64)| Versioned { value: value.into(), version: Version(version) };
        let reply: GetReply = Ok(reply.map(versioned));
        self.replies(&reply)
    }

    pub fn is_told(&mut self) -> &mut Self {
        self.step(Step::ReplyDelivered, None)
    }

    pub fn reply_is_lost(&mut self) -> &mut Self {
        self.step(Step::ReplyLost, None)
    }

    pub fn starts(&mut self, who: usize) -> &mut Self {
        self.tell(server(who).into(), Kind::Started)
    }

    /// A probe finds the server in a term.
    pub fn probed(&mut self, who: usize, term: u64, is_leader: bool) -> &mut Self {
        let asked = StreamPosition::default();
        let probe = ProbeTimes { asked, before: [asked; 2] };
        let event = RaftEvent::Probed { probe, state: State { term: Term(term), is_leader } };
        self.tell(server(who).into(), Kind::Protocol(&event))
    }

    /// A put that is sent once and done.
    pub fn put(&mut self, client: u32, value: &'static str, version: u64) -> &mut Self {
        self.puts(client, value, version).sends_put(client, 0, value, version).arrives();
        self.put_is(Ok(Ok(()))).is_told().ends(client, KeyValueOutput::Done)
    }

    /// A get that is answered at once.
    pub fn get(&mut self, client: u32, value: &str, version: u64) -> &mut Self {
        self.gets(client).sends_get(client, 0).arrives().get_is(Some((value, version))).is_told();
        self.ends_with(client, value, version)
    }

    /// The rules that were broken, in their order.
    pub fn broken(&self) -> Vec<&str> {
        self.broken.iter().map(|rule| rule.id.as_str()).collect()
    }

    /// The only rule that was broken.
    pub fn only(&self) -> &BrokenRule {
        assert_eq!(self.broken.len(), 1, "{:?}", self.broken);
        assert!((2..=4).contains(&self.broken[0].events.len()), "{:?}", self.broken);
        &self.broken[0]
    }

    /// The rules of progress that are broken when the run ends now.
    pub fn at_end(&mut self) -> Vec<BrokenRule> {
        self.analysis.at_end(self.at)
    }

    /// The names of the situations that the run came to.
    pub fn situations(&self) -> Vec<&'static str> {
        self.analysis.situations()
    }

    pub fn unseen(&self) -> Vec<String> {
        self.analysis.unseen()
    }
}
