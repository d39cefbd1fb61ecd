//! Each rule by a list of events written by hand: the list that breaks it, and the one beside it that does
//! not.

use labrpc::Step;
use persister::SaveStep;
use serde::Serialize;

use super::*;
use crate::causality::Causality;
use crate::event::{Group, Incarnation, Save};
use crate::paxos::event::Decree;

const GROUP: Group = Group { number: 0, name: "" };

/// A list of events, one method an event or a few. Every event comes a millisecond after the one before.
struct Script {
    analysis: PaxosAnalysis,
    number: u64,
    calls: u64,
    /// The rules that were broken, in order.
    broken: Vec<BrokenRule>,
}

#[derive(Serialize)]
struct Ballot {
    round: u64,
    node: usize,
}

fn ballot(round: u64, node: usize) -> Ballot {
    Ballot { round, node }
}

#[derive(Serialize)]
struct Proposal {
    ballot: Ballot,
    #[serde(with = "labgob::bytes")]
    value: Vec<u8>,
}

#[derive(Serialize)]
struct Prepare {
    instance: u64,
    ballot: Ballot,
}

#[derive(Serialize)]
struct PrepareAll {
    ballot: Ballot,
    after: u64,
}

#[derive(Serialize)]
struct Accept {
    instance: u64,
    ballot: Ballot,
    #[serde(with = "labgob::bytes")]
    value: Vec<u8>,
}

#[derive(Serialize)]
struct AcceptAll {
    ballot: Ballot,
    proposals: Vec<(u64, &'static str)>,
    chosen: u64,
}

#[derive(Serialize)]
struct Promise {
    accepted: Option<Proposal>,
}

#[derive(Serialize)]
struct PromiseAll {
    chosen: u64,
    accepted: Vec<(u64, Entry)>,
}

#[derive(Serialize)]
struct Entry {
    ballot: Ballot,
    value: &'static str,
}

/// A call on its way.
#[derive(Clone, Copy)]
struct Sent {
    call: u64,
    from: usize,
    to: usize,
    method: &'static str,
}

fn who(server: usize) -> Incarnation {
    Incarnation { group: GROUP, server, number: 1 }
}

/// Three servers that were started.
fn script() -> Script {
    script_of(3)
}

fn script_of(servers: usize) -> Script {
    let mut script =
        Script { analysis: PaxosAnalysis::new(servers), number: 0, calls: 0, broken: Vec::new() };
    (0..servers).for_each(|server| script.tell(server, Kind::Started));
    script
}

impl Script {
    fn tell(&mut self, server: usize, kind: Kind<'_>) {
        self.number += 1;
        self.broken.extend(self.analysis.on(&Event {
            number: self.number,
            at: Duration::from_millis(self.number),
            cause: 0,
            group: Some(GROUP),
            party: who(server).into(),
            kind,
            causality: &Causality::default(),
            moment: None,
        }));
    }

    fn step(&mut self, sent: Sent, step: Step, content: Option<&Value>) {
        let Sent { call, from, to, method } = sent;
        let at = if matches!(step, Step::RequestDelivered | Step::ReplySent) { to } else { from };
        let (from, to) = (who(from).into(), who(to));
        let message = Message { call, step, from, to, method, bytes: 0, content, location: None };
        self.tell(at, Kind::Message(&message));
    }

    fn sends(&mut self, from: usize, to: usize, method: &'static str, request: &impl Serialize) -> Sent {
        self.calls += 1;
        let sent = Sent { call: self.calls, from, to, method };
        self.step(sent, Step::RequestSent { end: 0 }, Some(&Value::of(request).unwrap()));
        sent
    }

    /// A request that arrives.
    fn calls(&mut self, from: usize, to: usize, method: &'static str, request: &impl Serialize) -> Sent {
        let sent = self.sends(from, to, method, request);
        self.step(sent, Step::RequestDelivered, Some(&Value::of(request).unwrap()));
        sent
    }

    fn saves(&mut self, server: usize) {
        let save = Save {
            step: SaveStep::TookEffect { slow: false },
            records: &[],
            location: std::panic::Location::caller(),
        };
        self.tell(server, Kind::Saved(&save));
    }

    /// The acceptor says yes, and its answer arrives.
    fn yes(&mut self, sent: Sent, reply: &impl Serialize) {
        let reply = Value::of(&Ok::<_, ()>(reply)).unwrap();
        self.step(sent, Step::ReplySent, Some(&reply));
        self.step(sent, Step::ReplyDelivered, Some(&reply));
    }

    fn no(&mut self, sent: Sent) {
        let reply = Value::of(&Err::<(), _>(0)).unwrap();
        self.step(sent, Step::ReplySent, Some(&reply));
        self.step(sent, Step::ReplyDelivered, Some(&reply));
    }

    fn prepare(&mut self, from: usize, to: usize, round: u64) -> Sent {
        self.calls(from, to, "Node.prepare", &Prepare { instance: 1, ballot: ballot(round, from) })
    }

    fn accept(&mut self, from: usize, to: usize, round: u64, value: &str) -> Sent {
        let (instance, ballot) = (1, ballot(round, from));
        self.calls(from, to, "Node.accept", &Accept { instance, ballot, value: value.into() })
    }

    /// A promise that is saved. It tells of a round and node in which a value was accepted.
    fn promises(&mut self, sent: Sent, accepted: Option<(u64, usize, &str)>) {
        self.saves(sent.to);
        let accepted = accepted
            .map(|(round, node, value)| Proposal { ballot: ballot(round, node), value: value.into() });
        self.yes(sent, &Promise { accepted });
    }

    fn accepts(&mut self, sent: Sent) {
        self.saves(sent.to);
        self.yes(sent, &());
    }

    fn restarts(&mut self, server: usize) {
        self.tell(server, Kind::CutOff);
        self.tell(server, Kind::Crashed { mid_operation: false });
        self.tell(server, Kind::Started);
    }

    fn decides(&mut self, server: usize, value: &str) {
        let decided = PaxosEvent::Decided(Decree { instance: 1, value: value.into() });
        self.tell(server, Kind::Protocol(&decided));
    }

    fn ids(&self) -> Vec<&str> {
        self.broken.iter().map(|rule| rule.id.as_str()).collect()
    }
}

/// Server 1 promises ballot 2 of server 2, and accepts a proposal of ballot 1 after that; or before.
#[test]
fn px1_a_promise_is_kept() {
    for is_late in [true, false] {
        let mut script = script();
        let first = script.prepare(0, 1, 1);
        script.promises(first, None);
        let accept = |script: &mut Script| script.accept(0, 1, 1, "a");
        let early = (!is_late).then(|| accept(&mut script));
        let second = script.prepare(2, 1, 2);
        script.promises(second, early.map(|_| (1, 0, "a")));
        let sent = early.unwrap_or_else(|| accept(&mut script));
        script.accepts(sent);
        assert_eq!(script.ids(), if is_late { vec!["PX1"] } else { vec![] });
    }
}

#[test]
fn px2_a_promise_survives_a_crash() {
    for is_forgotten in [true, false] {
        let mut script = script();
        let first = script.prepare(0, 1, 1);
        script.promises(first, None);
        let second = script.prepare(2, 1, 2);
        script.promises(second, None);
        script.restarts(1);
        let accept = script.accept(0, 1, 1, "a");
        if is_forgotten {
            script.accepts(accept);
        } else {
            script.no(accept);
        }
        assert_eq!(script.ids(), if is_forgotten { vec!["PX2"] } else { vec![] });
    }
}

/// Server 1 has accepted a value, and tells of it in its next promise, or not; after a crash, or without one.
#[test]
fn px8_and_px2_a_promise_tells_what_was_accepted() {
    for (told, crash, expected) in
        [(None, false, vec!["PX8"]), (None, true, vec!["PX2"]), (Some((1, 0, "a")), true, vec![])]
    {
        let mut script = script();
        let first = script.prepare(0, 1, 1);
        script.promises(first, None);
        let accept = script.accept(0, 1, 1, "a");
        script.accepts(accept);
        if crash {
            script.restarts(1);
        }
        let second = script.prepare(2, 1, 2);
        script.promises(second, told);
        assert_eq!(script.ids(), expected);
    }
}

#[test]
fn px3_answers_are_saved() {
    for saved in [true, false] {
        let mut script = script();
        script.saves(1);
        let prepare = script.prepare(0, 1, 1);
        if saved {
            script.saves(1);
        }
        script.yes(prepare, &Promise { accepted: None });
        // Once more: it need not be saved again.
        let again = script.prepare(0, 1, 1);
        script.yes(again, &Promise { accepted: None });
        assert_eq!(script.ids(), if saved { vec![] } else { vec!["PX3"] });
    }
}

/// Of five acceptors, three have promised, and have accepted different values. The proposer takes that of the
/// lower ballot, that of the higher one, or its own.
#[test]
fn px4_the_value_is_that_of_the_highest_ballot() {
    for (value, expected) in [("old", vec!["PX4"]), ("own", vec!["PX4"]), ("new", vec![])] {
        let mut script = script_of(5);
        for (acceptor, told) in [(0, (1, 0, "old")), (1, (3, 1, "new")), (4, (3, 1, "new"))] {
            let prepare = script.prepare(2, acceptor, 4);
            script.promises(prepare, Some(told));
        }
        script.accept(2, 0, 4, value);
        assert_eq!(script.ids(), expected, "{value}");
    }
}

/// A promise that comes when a majority has promised need not be looked at, and the proposer's own acceptor
/// may have accepted a value of a higher ballot.
#[test]
fn px4_is_silent_if_some_majority_leaves_the_value() {
    let mut late = script();
    for (acceptor, told) in [(0, None), (1, Some((1, 0, "old")))] {
        let prepare = late.prepare(2, acceptor, 4);
        late.promises(prepare, told);
    }
    late.accept(2, 0, 4, "own");
    assert_eq!(late.ids(), [""; 0]);

    let mut own = script();
    let prepare = own.prepare(1, 2, 2);
    own.promises(prepare, None);
    own.accept(1, 2, 2, "accepted by server 2");
    let prepare = own.prepare(2, 0, 3);
    own.promises(prepare, Some((1, 0, "old")));
    own.accept(2, 0, 3, "accepted by server 2");
    assert_eq!(own.ids(), [""; 0]);
}

/// A proposer that has the promises of a majority accepts its own value, and may crash before it asks anybody
/// else. Its next ballot finds that value.
#[test]
fn px4_is_silent_if_the_proposer_may_have_accepted_the_value_by_itself() {
    for was_promised in [true, false] {
        let mut script = script();
        let prepare = script.prepare(2, 0, 2);
        if was_promised {
            script.promises(prepare, None);
        } else {
            script.no(prepare);
        }
        script.restarts(2);
        let prepare = script.prepare(2, 1, 3);
        script.promises(prepare, Some((1, 1, "old")));
        script.accept(2, 1, 3, "own");
        assert_eq!(script.ids(), if was_promised { vec![] } else { vec!["PX4"] });
    }
}

#[test]
fn px5_phase_2_follows_the_promises_of_a_majority() {
    for promised in [true, false] {
        let mut script = script();
        let other = script.prepare(1, 2, 1);
        script.promises(other, None);
        let prepare = script.prepare(0, 1, 2);
        if promised {
            script.promises(prepare, None);
        } else {
            script.no(prepare);
        }
        script.accept(0, 1, 2, "a");
        assert_eq!(script.ids(), if promised { vec![] } else { vec!["PX5"] });
    }
}

#[test]
fn px6_a_ballot_belongs_to_one_proposer() {
    for node in [0, 2] {
        let mut script = script();
        script.calls(0, 1, "Node.prepare", &Prepare { instance: 1, ballot: ballot(1, 0) });
        script.calls(2, 1, "Node.prepare", &Prepare { instance: 1, ballot: ballot(1, node) });
        // In another instance it is another ballot.
        script.calls(2, 1, "Node.prepare", &Prepare { instance: 7, ballot: ballot(1, 0) });
        assert_eq!(script.ids(), if node == 0 { vec!["PX6"] } else { vec![] });
    }
}

#[test]
fn px7_a_ballot_has_one_value() {
    for value in ["a", "b"] {
        let mut script = script();
        let prepare = script.prepare(0, 1, 1);
        script.promises(prepare, None);
        script.accept(0, 1, 1, "a");
        script.restarts(0);
        script.accept(0, 2, 1, value);
        assert_eq!(script.ids(), if value == "a" { vec![] } else { vec!["PX7"] });
    }
}

/// Servers 0 and 1 can each have accepted the value in a ballot of their own. That is no majority of one.
#[test]
fn px9_a_value_is_learned_when_a_majority_has_accepted_one_proposal() {
    for reaches in [true, false] {
        let mut script = script();
        for (proposer, round) in [(0, 1), (1, 2)] {
            let prepare = script.prepare(proposer, 2, round);
            script.promises(prepare, None);
            let (instance, ballot) = (1, ballot(round, proposer));
            let accept = Accept { instance, ballot, value: b"a".into() };
            script.sends(proposer, 2, "Node.accept", &accept);
        }
        if reaches {
            script.accept(1, 2, 2, "a");
        }
        script.decides(2, "a");
        assert_eq!(script.ids(), if reaches { vec![] } else { vec!["PX9"] });
    }
}

/// A leader says that instance 1 is chosen, when its proposal has reached another server; or nobody.
#[test]
fn px9_in_a_log_a_majority_has_accepted_what_is_said_to_be_chosen() {
    for reaches in [true, false] {
        let mut script = script();
        let prepare = script.calls(0, 1, "Peer.prepare", &PrepareAll { ballot: ballot(1, 0), after: 0 });
        script.saves(1);
        script.yes(prepare, &PromiseAll { chosen: 0, accepted: vec![] });
        let accept = |chosen| AcceptAll { ballot: ballot(1, 0), proposals: vec![(1, "a")], chosen };
        if reaches {
            script.calls(0, 1, "Peer.accept", &accept(0));
        } else {
            script.sends(0, 1, "Peer.accept", &accept(0));
        }
        script.sends(0, 2, "Peer.accept", &accept(1));
        assert_eq!(script.ids(), if reaches { vec![] } else { vec!["PX9"] });
    }
}

/// In a log, a promise is for all instances, and need not tell what is chosen.
#[test]
fn rules_hold_for_logs() {
    let prepare = |script: &mut Script, from, to, round, after| {
        script.calls(from, to, "Peer.prepare", &PrepareAll { ballot: ballot(round, from), after })
    };
    let accept = |script: &mut Script, from, to, round, proposals| {
        let accept = AcceptAll { ballot: ballot(round, from), proposals, chosen: 0 };
        script.calls(from, to, "Peer.accept", &accept)
    };
    let promise = |script: &mut Script, sent: Sent, chosen, accepted: Vec<(u64, Entry)>| {
        script.saves(sent.to);
        script.yes(sent, &PromiseAll { chosen, accepted });
    };
    let entry = |value| Entry { ballot: ballot(1, 0), value };

    // Server 0 leads, and server 1 accepts instances 1 and 2.
    let begin = || {
        let mut script = script();
        let first = prepare(&mut script, 0, 1, 1, 0);
        promise(&mut script, first, 0, vec![]);
        let sent = accept(&mut script, 0, 1, 1, vec![(1, "a"), (2, "b")]);
        script.accepts(sent);
        script
    };
    // It is told that 1 is chosen, and tells of 2; or does not.
    for (accepted, expected) in [(vec![(2, entry("b"))], vec![]), (vec![], vec!["PX8"])] {
        let mut script = begin();
        let next = prepare(&mut script, 2, 1, 2, 0);
        promise(&mut script, next, 1, accepted);
        assert_eq!(script.ids(), expected);
    }
    // The next leader takes up its value; or does not; or the acceptor breaks its promise for a later one.
    for (value, instance, expected) in [("b", 9, vec![]), ("c", 9, vec!["PX4"]), ("b", 1, vec!["PX1"])] {
        let mut script = begin();
        let next = prepare(&mut script, 2, 1, 2, 0);
        promise(&mut script, next, 0, vec![(1, entry("a")), (2, entry("b"))]);
        accept(&mut script, 2, 0, 2, vec![(2, value), (3, "d")]);
        if instance == 1 {
            let late = accept(&mut script, 0, 1, 1, vec![(7, "late")]);
            script.accepts(late);
        }
        assert_eq!(script.ids(), expected, "{value} {instance}");
    }
}
