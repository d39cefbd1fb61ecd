//! Hand-written lists of events: for each rule one that breaks it, and one beside it that does not.

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::{LogIndex, Membership, Started, Term};
use labgob::Value;
use labrpc::Step;
use serde::Serialize;

use super::ExtendedAnalysis;
use crate::RaftEvent;
use crate::causality::Causality;
use crate::event::{Event, Group, Incarnation, Kind, Message, Party};
use crate::raft_extended::event::RaftExtendedEvent;
use crate::rule::{Analysis, BrokenRule};

#[derive(Serialize)]
struct Vote {
    term: u64,
    leadership_transfer: bool,
}

#[derive(Serialize)]
struct VoteReply {
    term: u64,
    vote_granted: bool,
}

#[derive(Serialize)]
struct Entries {
    term: u64,
    prev_log_index: u64,
    entries: Vec<u64>,
}

#[derive(Serialize)]
struct EntriesReply {
    term: u64,
    success: bool,
}

#[derive(Serialize)]
struct TimeoutNow {
    term: u64,
}

#[derive(Serialize)]
struct Nothing;

const GROUP: Group = Group { number: 0, name: "" };

/// A run of five servers, in the making.
#[derive(Default)]
struct Told {
    analysis: ExtendedAnalysis,
    number: u64,
    at: Duration,
    calls: BTreeMap<u64, (usize, usize, &'static str)>,
    broken: Vec<BrokenRule>,
}

fn server(server: usize) -> Incarnation {
    Incarnation { group: GROUP, server, number: 1 }
}

impl Told {
    fn tell(&mut self, at: usize, kind: Kind<'_>) -> &mut Self {
        self.number += 1;
        let (number, at_server, causality) = (self.number, server(at), &Causality::default());
        let party = Party::Server(at_server);
        let event =
            Event { number, at: self.at, cause: 0, group: None, party, kind, causality, moment: None };
        self.broken.extend(self.analysis.on(&event));
        self
    }

    fn wait(&mut self, millis: u64) -> &mut Self {
        self.at += Duration::from_millis(millis);
        self
    }

    fn step(&mut self, call: u64, step: Step, content: Option<&Value>) -> &mut Self {
        let (from, to, method) = self.calls[&call];
        let at = match step {
            Step::RequestSent { .. } | Step::ReplyDelivered => from,
            _ => to,
        };
        let (from, to) = (Party::Server(server(from)), server(to));
        let message = Message { call, step, from, to, method, bytes: 1, content, location: None };
        self.tell(at, Kind::Message(&message))
    }

    fn sends(&mut self, from: usize, to: usize, method: &'static str, args: &impl Serialize) -> u64 {
        let call = self.calls.len() as u64;
        self.calls.insert(call, (from, to, method));
        let args = Value::of(args).expect("it is a value");
        self.step(call, Step::RequestSent { end: 0 }, Some(&args));
        call
    }

    fn answers(&mut self, call: u64, reply: &impl Serialize) -> &mut Self {
        let reply = Value::of(reply).expect("it is a value");
        self.step(call, Step::ReplySent, Some(&reply)).step(call, Step::ReplyDelivered, Some(&reply))
    }

    /// A whole call.
    fn calls(
        &mut self,
        (from, to): (usize, usize),
        method: &'static str,
        args: &impl Serialize,
        reply: &impl Serialize,
    ) -> &mut Self {
        let call = self.sends(from, to, method, args);
        self.step(call, Step::RequestDelivered, None).answers(call, reply)
    }

    /// Server 0 leads term 3, and a server accepts what it sends.
    fn heartbeat(&mut self, to: usize) -> &mut Self {
        self.accepts(to, 4, 0)
    }

    fn accepts(&mut self, to: usize, prev_log_index: u64, entries: usize) -> &mut Self {
        let args = Entries { term: 3, prev_log_index, entries: vec![7; entries] };
        self.calls((0, to), "Server.append_entries", &args, &EntriesReply { term: 3, success: true })
    }

    /// Server 2 asks server 1.
    fn asks(&mut self, method: &'static str, leadership_transfer: bool, vote_granted: bool) -> &mut Self {
        let args = Vote { term: 4, leadership_transfer };
        self.calls((2, 1), method, &args, &VoteReply { term: 3, vote_granted })
    }

    fn accepted(&mut self, index: u64) -> &mut Self {
        let position = Started { index: LogIndex(index), term: Term(3) };
        self.tell(0, Kind::Protocol(&RaftEvent::Accepted { position, probe: None }))
    }

    fn protocol(&mut self, event: &RaftExtendedEvent) -> &mut Self {
        self.tell(0, Kind::Protocol(event))
    }

    fn ids(&self) -> Vec<&str> {
        self.broken.iter().map(|rule| rule.id.as_str()).collect()
    }
}

const VOTE: &str = "Server.request_vote";
const PRE_VOTE: &str = "Server.pre_vote";

#[test]
fn hl1_a_vote_against_a_leader_that_was_just_heard() {
    let mut told = Told::default();
    told.heartbeat(1).wait(20).asks(VOTE, false, true);
    assert_eq!(told.ids(), ["HL1"]);
    assert_eq!(
        told.broken[0].headline,
        "server 1 voted for server 2 20 ms after it had heard from its leader, server 0"
    );
    assert_eq!(told.broken[0].events.len(), 3);
}

#[test]
fn hl1_votes_that_are_right() {
    let mut told = Told::default();
    told.heartbeat(1).wait(20).asks(VOTE, false, false);
    told.wait(20).asks(VOTE, true, true);
    told.heartbeat(1).wait(400).asks(VOTE, false, true);
    // It had decided before it heard.
    let vote = told.sends(2, 1, VOTE, &Vote { term: 4, leadership_transfer: false });
    told.step(vote, Step::RequestDelivered, None);
    told.heartbeat(1).wait(1).answers(vote, &VoteReply { term: 4, vote_granted: true });
    // It has forgotten, or its clock is fast.
    told.heartbeat(1).tell(1, Kind::Started).wait(1).asks(VOTE, false, true);
    told.heartbeat(1).tell(1, Kind::ClockRate(6_000_000)).wait(49).asks(VOTE, false, true);
    assert_eq!(told.ids(), [""; 0]);
}

#[test]
fn hl2_a_pre_vote_against_a_leader_that_was_just_heard() {
    let mut told = Told::default();
    told.heartbeat(1).wait(20).asks(PRE_VOTE, false, false);
    assert_eq!(told.ids(), [""; 0]);
    told.asks(PRE_VOTE, false, true);
    assert_eq!(told.ids(), ["HL2"]);
}

fn uses(told: &mut Told, voters: &[usize], incoming: &[usize]) {
    let incoming = (!incoming.is_empty()).then(|| incoming.to_vec());
    let membership = Membership { index: LogIndex(0), voters: voters.to_vec(), incoming };
    told.protocol(&RaftExtendedEvent::Uses(membership));
}

fn answered(by_lease: bool) -> RaftExtendedEvent {
    RaftExtendedEvent::ReadAnswered { read: 1, by_lease, index: LogIndex(4) }
}

#[test]
fn ri1_a_read_without_a_round_of_heartbeats() {
    for before in [0, 1] {
        let mut told = Told::default();
        uses(&mut told, &[0, 1, 2, 3, 4], &[]);
        // One of five others, or requests that were sent before the read.
        let early = told.sends(
            0,
            3,
            "Server.append_entries",
            &Entries { term: 3, prev_log_index: 4, entries: vec![] },
        );
        told.heartbeat(1).heartbeat(2).protocol(&RaftExtendedEvent::ReadBegan { read: 1 });
        told.step(early, Step::RequestDelivered, None);
        told.answers(early, &EntriesReply { term: 3, success: true });
        for server in 1..=before {
            told.heartbeat(server);
        }
        told.protocol(&answered(false));
        assert_eq!(told.ids(), ["RI1"]);
    }
}

#[test]
fn ri1_reads_that_are_right() {
    let mut told = Told::default();
    uses(&mut told, &[0, 1, 2, 3, 4], &[]);
    let began = RaftExtendedEvent::ReadBegan { read: 1 };
    told.protocol(&began).heartbeat(1).heartbeat(4).protocol(&answered(false));
    told.protocol(&began).protocol(&answered(true));
    // It may use the new configuration alone by now, of which it is all.
    uses(&mut told, &[0, 1, 2], &[0]);
    told.protocol(&began).protocol(&answered(false));
    assert_eq!(told.ids(), [""; 0]);
}

#[test]
fn lt1_a_server_is_told_to_stand_and_lacks_entries() {
    let mut told = Told::default();
    told.accepted(5).accepted(6).accepted(7).accepts(1, 4, 1);
    told.sends(0, 1, "Server.timeout_now", &TimeoutNow { term: 3 });
    assert_eq!(told.ids(), ["LT1"]);
    assert!(told.broken[0].headline.contains("up to index 5 of 7"), "{}", told.broken[0].headline);
}

#[test]
fn lt1_a_server_is_told_to_stand_when_it_has_all() {
    let mut told = Told::default();
    told.accepted(5).accepted(6).accepted(7).accepts(1, 4, 3);
    told.sends(0, 1, "Server.timeout_now", &TimeoutNow { term: 3 });
    // One got a snapshot, which says nothing that is read here.
    told.calls((0, 2), "Server.install_snapshot", &TimeoutNow { term: 3 }, &Nothing);
    told.sends(0, 2, "Server.timeout_now", &TimeoutNow { term: 3 });
    assert_eq!(told.ids(), [""; 0]);
}
