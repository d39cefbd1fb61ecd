//! Each rule by a list of events written by hand: the list that breaks it, and the one beside it that does
//! not.

use labapi::Zxid;
use labgob::Value;
use labrpc::Step;
use persister::SaveStep;
use serde::Serialize;

use super::*;
use crate::causality::Causality;
use crate::event::{Group, Incarnation, Save};

const GROUP: Group = Group { number: 0, name: "" };

/// A list of events, one method an event or a few. Every event comes a millisecond after the one before.
struct Script {
    analysis: ZabAnalysis,
    number: u64,
    calls: u64,
    /// The rules that were broken, in order.
    broken: Vec<BrokenRule>,
}

#[derive(Serialize)]
struct Notification {
    doing: Doing,
    round: u64,
    vote: AVote,
}

#[derive(Serialize)]
enum Doing {
    Looking,
}

#[derive(Serialize)]
struct AVote {
    leader: usize,
    zxid: Zxid,
    epoch: u32,
}

#[derive(Serialize)]
struct FollowerInfo {
    accepted_epoch: u32,
}

#[derive(Serialize)]
struct NewEpoch {
    epoch: u32,
}

#[derive(Serialize)]
struct AckEpoch {
    epoch: u32,
    current_epoch: u32,
    last_zxid: Zxid,
}

#[derive(Serialize)]
struct Transaction {
    zxid: Zxid,
}

#[derive(Serialize)]
struct NewLeader {
    epoch: u32,
    transactions: Vec<Transaction>,
}

#[derive(Serialize)]
struct AckNewLeader {
    epoch: u32,
    last_zxid: Zxid,
}

#[derive(Serialize)]
struct UpToDate {
    epoch: u32,
    committed: Zxid,
}

#[derive(Serialize)]
struct Proposal {
    epoch: u32,
    after: Zxid,
    transactions: Vec<Transaction>,
    committed: Zxid,
}

#[derive(Serialize)]
struct Ack {
    zxid: Zxid,
}

/// A call on its way.
#[derive(Clone, Copy)]
struct Sent {
    call: u64,
    from: usize,
    to: usize,
}

fn who(server: usize) -> Incarnation {
    Incarnation { group: GROUP, server, number: 1 }
}

fn zxid(epoch: u32, counter: u32) -> Zxid {
    Zxid { epoch, counter }
}

fn transactions(zxids: &[(u32, u32)]) -> Vec<Transaction> {
    zxids.iter().map(|&(epoch, counter)| Transaction { zxid: zxid(epoch, counter) }).collect()
}

/// Three voters, 0 to 2, and an observer, 3.
fn script() -> Script {
    let mut script = Script { analysis: ZabAnalysis::new(4, 3), number: 0, calls: 0, broken: Vec::new() };
    (0..4).for_each(|server| script.tell(server, Kind::Started));
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

    fn step(&mut self, sent: Sent, step: Step, content: &impl Serialize) {
        let Sent { call, from, to } = sent;
        let at = if matches!(step, Step::RequestDelivered | Step::ReplySent) { to } else { from };
        let (from, to) = (who(from).into(), who(to));
        let content = Value::of(content).expect("it can be encoded");
        let content = Some(&content);
        let message = Message { call, step, from, to, method: "m", bytes: 0, content, location: None };
        self.tell(at, Kind::Message(&message));
    }

    /// A request that arrives.
    fn asks(&mut self, from: usize, to: usize, request: &impl Serialize) -> Sent {
        self.calls += 1;
        let sent = Sent { call: self.calls, from, to };
        self.step(sent, Step::RequestSent { end: 0 }, request);
        self.step(sent, Step::RequestDelivered, request);
        sent
    }

    /// A reply that arrives.
    fn answers(&mut self, sent: Sent, reply: impl Serialize) {
        let reply = Some(reply);
        self.step(sent, Step::ReplySent, &reply);
        self.step(sent, Step::ReplyDelivered, &reply);
    }

    fn saves(&mut self, server: usize) {
        let step = SaveStep::TookEffect { slow: false };
        let save = Save { step, records: &[], location: std::panic::Location::caller() };
        self.tell(server, Kind::Saved(&save));
    }

    fn restarts(&mut self, server: usize) {
        self.tell(server, Kind::CutOff);
        self.tell(server, Kind::Crashed { mid_operation: false });
        self.tell(server, Kind::Started);
    }

    /// Server 1 is asked by server 0 to accept an epoch.
    fn offers(&mut self, epoch: u32) {
        let sent = self.asks(1, 0, &FollowerInfo { accepted_epoch: 0 });
        self.answers(sent, NewEpoch { epoch });
    }

    /// A server acknowledges an epoch, and is sent a history.
    fn discovers(&mut self, server: usize, epoch: u32, history: &[(u32, u32)]) {
        let ack = AckEpoch { epoch, current_epoch: epoch - 1, last_zxid: Zxid::ZERO };
        let sent = self.asks(server, 0, &ack);
        self.answers(sent, NewLeader { epoch, transactions: transactions(history) });
    }

    /// A server acknowledges NEWLEADER, and is up to date.
    fn joins(&mut self, server: usize, epoch: u32, last: (u32, u32)) {
        let ack = AckNewLeader { epoch, last_zxid: zxid(last.0, last.1) };
        let sent = self.asks(server, 0, &ack);
        self.answers(sent, UpToDate { epoch, committed: Zxid::ZERO });
    }

    /// Server 1, with an empty history, is led by server 0 in epoch 1.
    fn follows(&mut self) {
        self.discovers(1, 1, &[]);
        self.saves(1);
        self.joins(1, 1, (0, 0));
    }

    /// Server 0 proposes to a server.
    fn proposes(&mut self, to: usize, after: (u32, u32), zxids: &[(u32, u32)], committed: u32) -> Sent {
        let after = zxid(after.0, after.1);
        let committed = if committed == 0 { Zxid::ZERO } else { zxid(1, committed) };
        self.asks(0, to, &Proposal { epoch: 1, after, transactions: transactions(zxids), committed })
    }

    fn votes(&mut self, server: usize, round: u64, (epoch, last, leader): (u32, (u32, u32), usize)) {
        let vote = AVote { leader, zxid: zxid(last.0, last.1), epoch };
        self.asks(server, 2, &Notification { doing: Doing::Looking, round, vote });
    }

    #[track_caller]
    fn expect(&self, is_broken: bool, id: &str) {
        let ids: Vec<&str> = self.broken.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, if is_broken { vec![id] } else { vec![] });
    }
}

/// Server 1 has accepted epoch 5, crashes, and knows epoch 4 or 5.
#[test]
fn zb1_the_accepted_epoch_survives_a_crash() {
    for (known, is_broken) in [(4, true), (5, false)] {
        let mut script = script();
        script.offers(5);
        script.asks(1, 0, &AckEpoch { epoch: 5, current_epoch: 3, last_zxid: Zxid::ZERO });
        // A copy that was sent later says nothing as long as the server runs.
        script.asks(1, 0, &FollowerInfo { accepted_epoch: 4 });
        script.restarts(1);
        script.asks(1, 0, &FollowerInfo { accepted_epoch: known });
        script.expect(is_broken, "ZB1");
    }
}

/// Server 1 is asked to accept epoch 4 after it has accepted epoch 5, or before.
#[test]
fn zb2_no_lower_epoch_is_accepted() {
    for is_late in [true, false] {
        let mut script = script();
        let ack = |epoch| AckEpoch { epoch, current_epoch: 3, last_zxid: Zxid::ZERO };
        if !is_late {
            script.offers(4);
        }
        script.offers(5);
        script.asks(1, 0, &ack(5));
        script.offers(4);
        script.asks(1, 0, &ack(4));
        script.expect(is_late, "ZB2");
    }
}

/// Server 1 acknowledges NEWLEADER after a save, or without one.
#[test]
fn zb3_new_leader_is_acknowledged_after_a_save() {
    for saved in [true, false] {
        let mut script = script();
        script.saves(1);
        script.discovers(1, 1, &[(1, 1)]);
        if saved {
            script.saves(1);
        }
        script.joins(1, 1, (1, 1));
        script.expect(!saved, "ZB3");
    }
}

/// Server 1 crashes in synchronisation. It is in the new epoch, with the leader's history or without; or in
/// the old one.
#[test]
fn zb3_the_history_is_saved_before_the_epoch() {
    for (epoch, last, is_broken) in [(2, (1, 3), true), (2, (1, 4), false), (1, (1, 3), false)] {
        let mut script = script();
        script.discovers(1, 2, &[(1, 3), (1, 4)]);
        script.restarts(1);
        script.votes(1, 1, (epoch, last, 1));
        script.expect(is_broken, "ZB3");
    }
}

/// Server 1 has acknowledged the history of epoch 2, and lacks some of it after a crash. It may, if another
/// leader has had it drop that.
#[test]
fn zb3_what_was_acknowledged_survives() {
    for (is_led, is_broken) in [(false, true), (true, false)] {
        let mut script = script();
        script.discovers(1, 2, &[]);
        script.saves(1);
        script.joins(1, 2, (1, 4));
        script.saves(1);
        if is_led {
            script.discovers(1, 3, &[]);
        }
        script.restarts(1);
        script.votes(1, 1, (2, (1, 3), 1));
        script.broken.retain(|rule| rule.id != "ZB7");
        script.expect(is_broken, "ZB3");
    }
}

/// Server 1 acknowledges a proposal after a save, or without one; the observer need not save.
#[test]
fn zb4_proposals_are_acknowledged_after_a_save() {
    for (server, saved, is_broken) in [(1, false, true), (1, true, false), (3, false, false)] {
        let mut script = script();
        script.follows();
        script.discovers(3, 1, &[]);
        script.joins(3, 1, (0, 0));
        script.saves(server);
        let sent = script.proposes(server, (0, 0), &[(1, 1)], 0);
        if saved {
            script.saves(server);
        }
        script.answers(sent, Ack { zxid: zxid(1, 1) });
        script.expect(is_broken, "ZB4");
    }
}

/// Server 1 has acknowledged a proposal, and does not have it after a crash.
#[test]
fn zb4_an_acknowledged_proposal_survives() {
    for (last, is_broken) in [((0, 0), true), ((1, 1), false)] {
        let mut script = script();
        script.follows();
        let sent = script.proposes(1, (0, 0), &[(1, 1)], 0);
        script.saves(1);
        script.answers(sent, Ack { zxid: zxid(1, 1) });
        script.restarts(1);
        script.votes(1, 1, (1, last, 1));
        script.expect(is_broken, "ZB4");
    }
}

/// Server 1 votes for another server that has a lower epoch, a lower zxid, or a higher vote.
#[test]
fn zb5_votes_go_up() {
    let own = (2, (2, 5), 1);
    let others = [
        ((1, (1, 9), 2), true),
        ((2, (2, 4), 2), true),
        ((2, (2, 5), 0), true),
        ((2, (2, 5), 2), false),
        ((2, (2, 6), 0), false),
        ((3, (2, 1), 0), false),
    ];
    for (other, is_broken) in others {
        let mut script = script();
        script.votes(1, 7, own);
        script.votes(1, 7, other);
        script.expect(is_broken, "ZB5");
    }
    // In another round its own history may be another one.
    let mut script = script();
    script.votes(1, 7, own);
    script.votes(1, 8, (2, (2, 4), 2));
    script.expect(false, "ZB5");
}

/// Server 0 commits what itself, or the observer, or another voter has acknowledged besides.
#[test]
fn zb6_a_quorum_of_voters_commits() {
    for (acked_by, is_broken) in [(None, true), (Some(3), true), (Some(1), false)] {
        let mut script = script();
        script.follows();
        script.discovers(3, 1, &[]);
        script.joins(3, 1, (0, 0));
        for follower in [1, 3] {
            let sent = script.proposes(follower, (0, 0), &[(1, 1)], 0);
            script.saves(follower);
            if acked_by == Some(follower) {
                script.answers(sent, Ack { zxid: zxid(1, 1) });
            }
        }
        script.proposes(1, (1, 1), &[], 1);
        script.expect(is_broken, "ZB6");
    }
}

/// Server 0 serves when the observer, or a voter, has its history.
#[test]
fn zb7_a_quorum_of_voters_has_the_history() {
    for (follower, is_broken) in [(3, true), (1, false)] {
        let mut script = script();
        script.discovers(follower, 1, &[]);
        script.saves(follower);
        let sent = script.asks(follower, 0, &AckNewLeader { epoch: 1, last_zxid: Zxid::ZERO });
        script.answers(sent, UpToDate { epoch: 1, committed: Zxid::ZERO });
        script.expect(is_broken, "ZB7");
    }
}

/// What server 0 proposes after (1, 4), in epoch 1.
#[test]
fn zb8_ids_count_up_by_one() {
    let lists: [(&[(u32, u32)], bool); 5] = [
        (&[(1, 5), (1, 6)], false),
        (&[], false),
        (&[(1, 6)], true),
        (&[(1, 5), (1, 5)], true),
        (&[(1, 5), (2, 1)], true),
    ];
    for (zxids, is_broken) in lists {
        let mut script = script();
        script.follows();
        script.proposes(1, (1, 4), zxids, 0);
        script.expect(is_broken, "ZB8");
    }
    // A new epoch counts from 1.
    for (counter, is_broken) in [(5, true), (1, false)] {
        let mut script = script();
        script.follows();
        script.proposes(1, (0, 4), &[(1, counter)], 0);
        script.expect(is_broken, "ZB8");
    }
}

/// Server 1 acknowledges the third proposal without the second one, or with it.
#[test]
fn zb9_proposals_are_accepted_in_order() {
    for has_second in [true, false] {
        let mut script = script();
        script.follows();
        script.proposes(1, (0, 0), &[(1, 1)], 0);
        if has_second {
            script.proposes(1, (1, 1), &[(1, 2)], 0);
        }
        let sent = script.proposes(1, (1, 2), &[(1, 3)], 0);
        script.saves(1);
        script.answers(sent, Ack { zxid: zxid(1, 3) });
        script.expect(!has_second, "ZB9");
    }
}

/// The second proposal comes in a form that cannot be read, so it is not known to be missing.
#[test]
fn zb9_is_silent_about_what_cannot_be_read() {
    #[derive(Serialize)]
    struct Strange {
        epoch: u32,
        transactions: Vec<&'static str>,
    }
    let mut script = script();
    script.follows();
    script.proposes(1, (0, 0), &[(1, 1)], 0);
    script.asks(0, 1, &Strange { epoch: 1, transactions: vec!["the second"] });
    let sent = script.proposes(1, (1, 2), &[(1, 3)], 0);
    script.saves(1);
    script.answers(sent, Ack { zxid: zxid(1, 3) });
    script.expect(false, "ZB9");
}

/// What a server does while it crashes reaches nobody, and what is not recognised is said.
#[test]
fn crashing_servers_are_not_judged() {
    let mut script = script();
    assert_eq!(script.analysis.unseen().len(), KINDS.len());
    script.offers(5);
    script.asks(1, 0, &AckEpoch { epoch: 5, current_epoch: 3, last_zxid: Zxid::ZERO });
    script.offers(4);
    script.tell(1, Kind::CutOff);
    script.asks(1, 0, &AckEpoch { epoch: 4, current_epoch: 3, last_zxid: Zxid::ZERO });
    script.expect(false, "ZB2");
    assert_eq!(script.analysis.unseen().len(), KINDS.len() - 2);
}
