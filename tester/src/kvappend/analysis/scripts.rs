//! Each rule by a list of events written by hand: the list that breaks it, and the one beside it that does
//! not.

use std::time::Duration;

use labapi::{State, Term, WrongLeader};
use labgob::Value;
use labrpc::Step;
use serde::Serialize;

use super::*;
use crate::causality::{Causality, LogicalTime};
use crate::event::{Event, Group, Incarnation, Kind, Message, Party, StreamPosition};
use crate::raft::{ProbeTimes, RaftEvent};
use crate::rule::Analysis;

/// A run of three servers, in the making. All is about key `k`. Every event comes a millisecond after the one
/// before.
struct Script {
    analysis: AppendAnalysis,
    causality: Causality,
    number: u64,
    calls: u64,
    /// The rules that were broken, in order.
    broken: Vec<BrokenRule>,
}

/// A call on its way: its number, the client, the server, the method and the arguments.
#[derive(Clone)]
struct Sent(u64, u32, usize, &'static str, Value);

#[derive(Serialize)]
struct Args {
    key: &'static str,
    value: String,
}

const GROUP: Group = Group { number: 0, name: "" };

fn server(server: usize) -> Incarnation {
    Incarnation { group: GROUP, server, number: 1 }
}

fn script() -> Script {
    let (analysis, causality) = (AppendAnalysis::new(3), Causality::default());
    Script { analysis, causality, number: 0, calls: 0, broken: Vec::new() }
}

impl Script {
    fn tell(&mut self, party: Party, kind: Kind<'_>) {
        self.number += 1;
        let event = Event {
            number: self.number,
            at: Duration::from_millis(self.number),
            cause: 0,
            group: None,
            party,
            kind,
            causality: &self.causality,
            moment: Some(LogicalTime::default()),
        };
        self.broken.extend(self.analysis.on(&event));
    }

    fn begins(&mut self, client: u32, input: &TextInput) {
        self.tell(Party::Client(client), Kind::OperationBegan { operation: &"it", input });
    }

    fn ends(&mut self, client: u32, output: &TextOutput) {
        let done = *output == TextOutput::Done;
        self.tell(Party::Client(client), Kind::OperationEnded { what: "it", done, answer: &"it", output });
    }

    fn step(&mut self, sent: &Sent, step: Step, content: Option<&Value>) {
        let Sent(call, client, to, method, _) = *sent;
        let (from, to) = (Party::Client(client), server(to));
        let message = Message { call, step, from, to, method, bytes: 0, content, location: None };
        let at_server = matches!(step, Step::RequestDelivered | Step::ReplySent);
        self.tell(if at_server { to.into() } else { from }, Kind::Message(&message));
    }

    /// A request that arrives.
    fn sends(&mut self, client: u32, to: usize, method: &'static str, value: &str) -> Sent {
        self.calls += 1;
        let args = Value::of(&Args { key: "k", value: value.to_owned() }).unwrap();
        let sent = Sent(self.calls, client, to, method, args);
        self.step(&sent, Step::RequestSent { end: 0 }, Some(&sent.4));
        self.step(&sent, Step::RequestDelivered, None);
        sent
    }

    fn answers(&mut self, sent: &Sent, reply: &impl Serialize) {
        let reply = Value::of(reply).unwrap();
        self.step(sent, Step::ReplySent, Some(&reply));
        self.step(sent, Step::ReplyDelivered, Some(&reply));
    }

    /// A put or append by server 0, which is done.
    fn changes(&mut self, client: u32, method: &'static str, value: &str) {
        let (key, text) = ("k".into(), value.into());
        let input = match method {
            "Server.put" => TextInput::Put { key, value: text },
            _ => TextInput::Append { key, value: text },
        };
        self.begins(client, &input);
        let sent = self.sends(client, 0, method, value);
        self.answers(&sent, &Ok::<_, WrongLeader>(()));
        self.ends(client, &TextOutput::Done);
    }

    fn append(&mut self, client: u32, value: &str) {
        self.changes(client, "Server.append", value);
    }

    fn put(&mut self, client: u32, value: &str) {
        self.changes(client, "Server.put", value);
    }

    fn get_begins(&mut self, client: u32) {
        self.begins(client, &TextInput::Get { key: "k".into() });
    }

    /// A server answers the get that has begun.
    fn get_ends(&mut self, client: u32, by: usize, value: &str) {
        let sent = self.sends(client, by, "Server.get", "");
        self.answers(&sent, &Ok::<_, WrongLeader>(value));
        self.ends(client, &TextOutput::Value(value.into()));
    }

    fn get(&mut self, client: u32, value: &str) {
        self.get_begins(client);
        self.get_ends(client, 0, value);
    }

    fn probed(&mut self, who: usize, term: u64, is_leader: bool) {
        let asked = StreamPosition::default();
        let probe = ProbeTimes { asked, before: [asked; 2] };
        let event = RaftEvent::Probed { probe, state: State { term: Term(term), is_leader } };
        self.tell(server(who).into(), Kind::Protocol(&event));
    }

    /// The rules that were broken, in order. Each is shown by two to four events.
    fn ids(&self) -> Vec<&str> {
        assert!(self.broken.iter().all(|rule| (2..=4).contains(&rule.events.len())), "{:?}", self.broken);
        self.broken.iter().map(|rule| rule.id.as_str()).collect()
    }
}

#[test]
fn a_right_run_breaks_nothing() {
    let mut script = script();
    script.get(2, "");
    script.put(1, "");
    script.append(1, "x 1 0 y");
    script.get(2, "x 1 0 y");
    script.append(2, "x 2 0 y");
    script.append(1, "x 1 1 y");
    script.get(1, "x 1 0 yx 2 0 yx 1 1 y");
    script.put(2, "x 2 1 y");
    script.append(1, "x 1 2 y");
    script.get(2, "x 2 1 yx 1 2 y");
    assert!(script.ids().is_empty(), "{:?}", script.broken);
    assert!(script.analysis.unseen().is_empty(), "{:?}", script.analysis.unseen());
}

#[test]
fn ka1_an_append_is_done_once() {
    // The reply to the first transmission is lost.
    let sent_twice = || {
        let mut script = script();
        script.begins(1, &TextInput::Append { key: "k".into(), value: "x 1 0 y".into() });
        let first = script.sends(1, 0, "Server.append", "x 1 0 y");
        script.step(&first, Step::ReplyLost, None);
        let second = script.sends(1, 1, "Server.append", "x 1 0 y");
        script.answers(&second, &Ok::<_, WrongLeader>(()));
        script.ends(1, &TextOutput::Done);
        script
    };
    let mut twice = sent_twice();
    twice.get(2, "x 1 0 yx 1 0 y");
    assert_eq!(twice.ids(), ["KA1"]);
    let broken = &twice.broken[0];
    assert!(broken.headline.contains("`x 1 0 y` 2 times, which client 1 had appended once"), "{broken:?}");
    assert_eq!(broken.events.len(), 3, "both transmissions, and the get");
    let mut once = sent_twice();
    once.get(2, "x 1 0 y");
    assert!(once.ids().is_empty());
}

/// Texts that clients have appended twice may be there twice; so may pieces of texts.
#[test]
fn ka1_equal_texts_are_not_told_apart() {
    let mut script = script();
    for client in [1, 2] {
        script.append(client, "x 1 0 y");
    }
    script.get(1, "x 1 0 yx 1 0 y");
    script.put(1, "14");
    script.append(1, "1");
    script.get(1, "141");
    assert!(script.ids().is_empty(), "{:?}", script.broken);
}

#[test]
fn ka2_an_acknowledged_append_is_there() {
    for (read, expected) in [("x 1 0 y", 0), ("", 1)] {
        let mut script = script();
        script.append(1, "x 1 0 y");
        script.get(2, read);
        assert_eq!(script.ids(), vec!["KA2"; expected]);
    }
}

/// The get begins before the append returns, or a put may have come between.
#[test]
fn ka2_what_may_be_later_need_not_be_there() {
    let mut overlaps = script();
    overlaps.get_begins(2);
    overlaps.append(1, "x 1 0 y");
    overlaps.get_ends(2, 0, "");
    assert!(overlaps.ids().is_empty());

    let mut replaced = script();
    replaced.begins(3, &TextInput::Put { key: "k".into(), value: "x 3 0 y".into() });
    replaced.append(1, "x 1 0 y");
    replaced.get(2, "x 3 0 y");
    assert!(replaced.ids().is_empty(), "the put of client 3 may have come after the append");
}

#[test]
fn ka2_an_acknowledged_put_is_there() {
    for (read, expected) in [("15", 0), ("13", 1)] {
        let mut script = script();
        script.put(1, "13");
        script.put(2, "15");
        script.get(3, read);
        assert_eq!(script.ids(), vec!["KA2"; expected]);
    }
}

#[test]
fn ka2_what_was_read_is_there() {
    for (read, expected) in [("x 1 0 y", 0), ("", 1)] {
        let mut script = script();
        // It is not acknowledged.
        script.begins(1, &TextInput::Append { key: "k".into(), value: "x 1 0 y".into() });
        script.get(2, "x 1 0 y");
        script.get(3, read);
        assert_eq!(script.ids(), vec!["KA2"; expected]);
    }
}

#[test]
fn ka3_the_order_of_a_client_is_kept() {
    for (read, expected) in [("x 1 0 yx 2 0 yx 1 1 y", 0), ("x 1 1 yx 2 0 yx 1 0 y", 1)] {
        let mut script = script();
        script.append(1, "x 1 0 y");
        script.append(1, "x 1 1 y");
        script.append(2, "x 2 0 y");
        script.get(2, read);
        assert_eq!(script.ids(), vec!["KA3"; expected]);
    }
}

#[test]
fn kv8_a_deposed_leader_answers_no_get() {
    for (by, expected) in [(0, "KV8"), (1, "KA2")] {
        let mut script = script();
        for server in 0..3 {
            script.tell(self::server(server).into(), Kind::Started);
        }
        script.probed(0, 1, true);
        script.probed(1, 2, true);
        script.append(1, "x 1 0 y");
        script.get_begins(2);
        script.get_ends(2, by, "");
        assert_eq!(script.ids(), [expected]);
    }
}

#[test]
fn kv1_a_clerk_answers_what_a_reply_has_said() {
    for (reply, expected) in [("x 1 0 y", 0), ("x 1 0 yx 1 1 y", 1)] {
        let mut script = script();
        script.append(1, "x 1 0 y");
        script.begins(3, &TextInput::Append { key: "k".into(), value: "x 1 1 y".into() });
        script.get_begins(2);
        let sent = script.sends(2, 0, "Server.get", "");
        script.answers(&sent, &Ok::<_, WrongLeader>(reply));
        script.ends(2, &TextOutput::Value("x 1 0 y".into()));
        assert_eq!(script.ids(), vec!["KV1"; expected]);
    }
}

#[test]
fn kv9_a_clerk_goes_on_asking() {
    for waits in [false, true] {
        let mut script = script();
        script.get_begins(1);
        let sent = script.sends(1, 0, "Server.get", "");
        if !waits {
            script.step(&sent, Step::ReplyLost, None);
        }
        let broken = script.analysis.at_end(Duration::from_secs(20));
        let ids: Vec<&str> = broken.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, if waits { vec![] } else { vec!["KV9"] });
    }
}
