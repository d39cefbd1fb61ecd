//! Each rule by a list of events written by hand: the list that breaks it, and the one beside it that does
//! not.

use labapi::BullyView;
use labgob::Value;
use labrpc::Step;
use serde::Serialize;

use super::*;
use crate::bully_extended::CuredBullyEvent;
use crate::causality::Causality;
use crate::event::{Group, Incarnation, Message};

const GROUP: Group = Group { number: 0, name: "" };

#[derive(Serialize)]
struct Leads {
    generation: u64,
    leader: usize,
}

#[derive(Serialize)]
struct Election {
    generation: u64,
    candidate: usize,
}

#[derive(Serialize)]
struct Generation {
    generation: u64,
}

#[derive(Serialize)]
struct Opinion {
    generation: u64,
    leader: Option<usize>,
}

#[derive(Serialize)]
struct Published {
    generation: u64,
    version: u64,
}

#[derive(Serialize)]
struct Candidate {
    candidate: usize,
    is_trial: bool,
}

#[derive(Serialize)]
struct Votes {
    votes: i64,
}

/// A list of events. Every event comes a millisecond after the one before.
struct Script {
    analysis: BullyAnalysis,
    number: u64,
    at: Duration,
    calls: u64,
    broken: Vec<BrokenRule>,
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

/// Five servers of this form that were started.
fn script(form: BullyForm) -> Script {
    let analysis = BullyAnalysis::new(form, 5);
    let mut script = Script { analysis, number: 0, at: Duration::ZERO, calls: 0, broken: Vec::new() };
    (0..5).for_each(|server| script.tell(server, Kind::Started));
    script
}

impl Script {
    fn tell(&mut self, server: usize, kind: Kind<'_>) {
        self.number += 1;
        self.at += Duration::from_millis(1);
        self.broken.extend(self.analysis.on(&Event {
            number: self.number,
            at: self.at,
            cause: 0,
            group: Some(GROUP),
            party: who(server).into(),
            kind,
            causality: &Causality::default(),
            moment: None,
        }));
    }

    fn step(&mut self, sent: Sent, step: Step, content: &impl Serialize) {
        let Sent { call, from, to, method } = sent;
        let at = if matches!(step, Step::RequestDelivered | Step::ReplySent) { to } else { from };
        let content = Value::of(content).unwrap();
        let (from, to, content) = (who(from).into(), who(to), Some(&content));
        let message = Message { call, step, from, to, method, bytes: 0, content, location: None };
        self.tell(at, Kind::Message(&message));
    }

    /// A request that arrives.
    fn asks(&mut self, from: usize, to: usize, method: &'static str, request: &impl Serialize) -> Sent {
        self.calls += 1;
        let sent = Sent { call: self.calls, from, to, method };
        self.step(sent, Step::RequestSent { end: 0 }, request);
        self.step(sent, Step::RequestDelivered, request);
        sent
    }

    /// The answer, which arrives.
    fn answers(&mut self, sent: Sent, reply: &impl Serialize) {
        self.step(sent, Step::ReplySent, reply);
        self.step(sent, Step::ReplyDelivered, reply);
    }

    fn leads(&mut self, leader: usize, to: usize, generation: u64) -> Sent {
        self.asks(leader, to, "Node.victory", &Leads { generation, leader })
    }

    fn opinion(&mut self, from: usize, to: usize, leader: Option<usize>) {
        let sent = self.asks(from, to, "Node.inquiry", &Generation { generation: 7 });
        self.answers(sent, &Opinion { generation: 7, leader });
    }

    fn votes(&mut self, candidate: usize, voter: usize, is_trial: bool, votes: i64) {
        let sent = self.asks(candidate, voter, "Node.vote", &Candidate { candidate, is_trial });
        self.answers(sent, &Votes { votes });
    }

    fn sees_lead(&mut self, leader: usize) {
        let view = BullyView { generation: 0, leader: Some(leader) };
        self.tell(leader, Kind::Protocol(&CuredBullyEvent::Views(view)));
    }

    fn wait(&mut self, millis: u64) {
        self.at += Duration::from_millis(millis);
    }

    #[track_caller]
    fn breaks(&self, rule: &str, headline: &str) {
        let broken: Vec<_> = self.broken.iter().map(|it| (it.id.as_str(), it.headline.as_str())).collect();
        assert_eq!(broken, [(rule, headline)]);
        assert!(self.broken[0].events.is_sorted_by_key(|event| event.number));
    }

    #[track_caller]
    fn breaks_nothing(&self) {
        let broken: Vec<_> = self.broken.iter().map(|it| (&it.id, &it.headline)).collect();
        assert!(broken.is_empty(), "{broken:?}");
    }
}

#[test]
fn bu1_two_leaders_in_a_generation() {
    let mut script = script(BullyForm::Generations);
    script.leads(3, 0, 8);
    script.leads(3, 1, 8);
    script.leads(4, 0, 9);
    script.breaks_nothing();
    script.leads(4, 1, 8);
    script.breaks("BU1", "servers 3 and 4 both lead in generation 8");
}

#[test]
fn bu2_an_older_message_is_acknowledged() {
    let older_after_newer = |reply: u64| {
        let mut script = script(BullyForm::Generations);
        let newer = script.leads(3, 0, 13);
        script.answers(newer, &Generation { generation: 13 });
        let older = script.leads(4, 0, 9);
        script.answers(older, &Generation { generation: reply });
        script
    };
    older_after_newer(13).breaks_nothing();
    let headline = "server 0 acknowledges a message of generation 9 after one of generation 13";
    older_after_newer(9).breaks("BU2", headline);
}

#[test]
fn bu2_an_older_message_that_came_first_may_be_acknowledged_later() {
    let mut script = script(BullyForm::Generations);
    let older = script.leads(4, 0, 9);
    let newer = script.leads(3, 0, 13);
    script.answers(newer, &Generation { generation: 13 });
    script.answers(older, &Generation { generation: 9 });
    script.breaks_nothing();
}

#[test]
fn bu2_a_node_that_crashed_may_have_forgotten() {
    let mut script = script(BullyForm::Generations);
    let newer = script.leads(3, 0, 13);
    script.answers(newer, &Generation { generation: 13 });
    script.tell(0, Kind::Started);
    let older = script.leads(4, 0, 9);
    script.answers(older, &Generation { generation: 9 });
    script.breaks_nothing();
}

#[test]
fn bu3_an_election_that_a_minority_wants() {
    let election = |missing: usize| {
        let mut script = script(BullyForm::Inquiries);
        for server in 1..4 {
            script.opinion(0, server, (server > missing).then_some(4));
        }
        script.asks(0, 1, "Node.election", &Election { generation: 7, candidate: 0 });
        script
    };
    election(2).breaks_nothing();
    let headline =
        "server 0 begins an election, although only server 1 said that it misses the leader, besides itself";
    election(1).breaks("BU3", headline);
}

#[test]
fn bu3_who_is_asked_begins_an_election_of_its_own() {
    let mut script = script(BullyForm::Inquiries);
    script.opinion(0, 1, None);
    script.opinion(0, 2, None);
    script.asks(0, 3, "Node.election", &Election { generation: 7, candidate: 0 });
    script.asks(3, 4, "Node.election", &Election { generation: 7, candidate: 3 });
    script.breaks_nothing();
}

#[test]
fn bu4_a_winner_that_reaches_a_minority() {
    let victory = |form: BullyForm, reached: usize| {
        let mut script = script(form);
        for server in 0..reached {
            let sent = script.asks(4, server, "Node.election", &Election { generation: 7, candidate: 4 });
            script.answers(sent, &Generation { generation: 7 });
        }
        script.leads(4, 0, 14);
        script
    };
    victory(BullyForm::Quorum, 2).breaks_nothing();
    victory(BullyForm::Inquiries, 1).breaks_nothing();
    let headline =
        "server 4 claims a victory, although only server 0 was heard of for 2000 ms, besides itself";
    victory(BullyForm::Quorum, 1).breaks("BU4", headline);
}

#[test]
fn bu5_a_state_that_a_minority_has_saved() {
    let commit = |acknowledge: usize, generation: u64| {
        let mut script = script(BullyForm::Publishes);
        for server in 0..acknowledge {
            let sent = script.asks(4, server, "Node.publish", &Published { generation: 9, version: 2 });
            script.answers(sent, &Generation { generation: if server == 0 { 9 } else { generation } });
        }
        script.asks(4, 0, "Node.commit", &Published { generation: 9, version: 2 });
        script
    };
    commit(2, 9).breaks_nothing();
    let headline = "server 4 commits version 2, which only server 0 has acknowledged, besides itself";
    commit(1, 9).breaks("BU5", headline);
    commit(2, 14).breaks("BU5", headline);
}

#[test]
fn bu6_two_votes_within_the_lock() {
    let second = |after: u64, is_trial: bool, candidate: usize| {
        let mut script = script(BullyForm::Priorities);
        script.votes(3, 0, false, 1);
        script.wait(after);
        script.votes(candidate, 0, is_trial, 1);
        script
    };
    second(30_000, false, 4).breaks_nothing();
    second(1000, true, 4).breaks_nothing();
    second(1000, false, 3).breaks_nothing();
    let headline = "server 0 votes for server 4 1005 ms after it has voted for server 3";
    second(1000, false, 4).breaks("BU6", headline);
}

#[test]
fn bu7_a_leader_without_a_majority() {
    let lead = |votes: i64, after: u64| {
        let mut script = script(BullyForm::Priorities);
        script.votes(4, 0, false, 1);
        script.votes(4, 1, false, votes);
        script.wait(after);
        script.sees_lead(4);
        script
    };
    lead(1, 0).breaks_nothing();
    lead(0, 0).breaks("BU7", "server 4 leads, for which only server 0 has voted, besides itself");
    lead(1, 3000).breaks("BU7", "server 4 leads, for which nobody has voted, besides itself");
}
