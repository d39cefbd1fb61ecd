//! [`Observed`]: observes the situations that a cluster comes to.
//!
//! It sees what the rules see, and judges nothing. Where something is not certain, as seen from outside, the
//! situation is not counted. A crash counts when the server is started again: at the end of a test all
//! servers crash.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::fact::{Call, Fact, FactKind};
use super::message::{Index, Reply, Request, Term};
use super::shadow::Shadow;
use crate::event::{Event, Kind};
use crate::raft::situations as at;
use crate::situation::{Situation, Situations};

/// The situations so far, and what must be known to recognise others.
pub(super) struct Observed {
    seen: Situations,
    servers: Vec<Server>,
    /// The first candidate of each term.
    candidates: BTreeMap<Term, usize>,
    /// The leader of each term that was seen to have one.
    leaders: BTreeMap<Term, usize>,
    /// The highest index that a leader has accepted in each term.
    accepted: BTreeMap<Term, Index>,
    /// The highest index that any service has applied.
    committed: Index,
    /// The requests that have arrived.
    arrived: FxHashSet<u64>,
    /// Snapshots that were sent and have not arrived: by call, the receiver and the last index included.
    snapshots_under_way: FxHashMap<u64, (usize, Index)>,
}

#[derive(Default)]
struct Server {
    /// The last vote that it granted: the term and the candidate.
    voted: Option<(Term, usize)>,
    has_crashed_since_it_voted: bool,
    /// The last term in which it asked for votes.
    stood_in: Term,
    /// The term that it led when it was paused.
    paused_in: Option<Term>,
    /// The term of the last AppendEntries that arrived, and how far those of this term went.
    appended: (Term, Index),
    /// Whether its service was handed a snapshot in this incarnation.
    was_handed_a_snapshot: bool,
    /// The situations of its last crash.
    crash: Vec<&'static Situation>,
}

impl Observed {
    pub fn new(servers: usize) -> Self {
        Self {
            seen: Situations::default(),
            servers: (0..servers).map(|_| Server::default()).collect(),
            candidates: BTreeMap::new(),
            leaders: BTreeMap::new(),
            accepted: BTreeMap::new(),
            committed: 0,
            arrived: FxHashSet::default(),
            snapshots_under_way: FxHashMap::default(),
        }
    }

    /// The names of the situations.
    pub fn names(&self) -> Vec<&'static str> {
        self.seen.names()
    }

    /// Takes events into account that are no facts.
    pub fn on_event(&mut self, event: &Event<'_>) {
        match (event.kind, event.server()) {
            (Kind::Paused, Some(who)) => self.paused(who.server),
            (Kind::Resumed, Some(who)) => self.resumed(who.server),
            _ => {}
        }
    }

    pub(super) fn paused(&mut self, server: usize) {
        let leads = self.leaders.iter().rev().find(|(_, leader)| **leader == server).map(|(term, _)| *term);
        if let Some(paused) = self.servers.get_mut(server) {
            paused.paused_in = leads;
        }
    }

    pub(super) fn resumed(&mut self, server: usize) {
        let paused_in = self.servers.get_mut(server).and_then(|server| server.paused_in.take());
        let is_deposed = paused_in.is_some_and(|term| self.is_replaced(server, term));
        self.seen.add_if(is_deposed, &at::PAUSED_LEADER_WAKES_UP_DEPOSED);
    }

    /// Whether another server was seen to lead a newer term.
    fn is_replaced(&self, server: usize, term: Term) -> bool {
        self.leaders.range(term + 1..).any(|(_, leader)| *leader != server)
    }

    /// Whether entries that the leader of this term has accepted are not committed.
    fn has_uncommitted(&self, term: Term) -> bool {
        self.accepted.get(&term).is_some_and(|accepted| *accepted > self.committed)
    }

    /// Takes a fact into account; `shadow` does not know of it.
    pub fn before(&mut self, fact: &Fact, shadow: &Shadow) {
        let server = shadow.server(fact.server);
        match &fact.kind {
            FactKind::Started => self.started(fact.server, shadow),
            FactKind::Crashed => self.crashed(fact.server, shadow),
            FactKind::Sent(call) => self.sent(fact.server, call),
            FactKind::Delivered(call) => self.delivered(call, shadow),
            FactKind::Answered(call, reply) => self.answered(call, *reply, shadow),
            FactKind::Heard(call, reply) => {
                let is_old = call.request.term() < server.term;
                self.seen.add_if(is_old, &at::REPLY_OF_AN_OLDER_TERM);
                let is_vote = !call.request.is_leader_s() && reply.yes == Some(true);
                self.seen.add_if(is_old && is_vote, &at::VOTE_OF_AN_OLDER_TERM);
                self.hears_of(fact.server, server.term, reply.term.unwrap_or(0));
            }
            FactKind::Probed { state, .. } if state.is_leader => self.leads(fact.server, state.term.0),
            FactKind::Accepted { index, term } => {
                self.leads(fact.server, *term);
                let is_replaced = self.is_replaced(fact.server, *term);
                self.seen.add_if(is_replaced, &at::REPLACED_LEADER_TAKES_A_COMMAND);
                let accepted = self.accepted.entry(*term).or_default();
                *accepted = (*accepted).max(*index);
            }
            FactKind::Applied { index, .. } => self.committed = self.committed.max(*index),
            FactKind::Installed(index) => {
                self.committed = self.committed.max(*index);
                self.servers[fact.server].was_handed_a_snapshot = true;
                self.seen.add_if(true, &at::SNAPSHOT_HANDED_TO_THE_SERVICE);
            }
            _ => {}
        }
    }

    /// Takes a fact into account that `shadow` knows of.
    pub fn after(&mut self, fact: &Fact, shadow: &Shadow) {
        let FactKind::Heard(call, _) = &fact.kind else { return };
        let (term, server) = (call.request.term(), shadow.server(fact.server));
        if !call.request.is_leader_s() || server.term != term {
            return;
        }
        let stored = shadow.majority_index(fact.server, term).min(server.log.bound());
        let is_old = server.log.certain(stored).is_some_and(|certain| certain.term < term);
        self.seen.add_if(is_old && stored > self.committed, &at::OLD_ENTRY_ON_A_MAJORITY);
    }

    fn started(&mut self, server: usize, shadow: &Shadow) {
        let has_crashed = shadow.server(server).crashed.is_some();
        let all_are_down = shadow.servers.iter().all(|server| !server.is_up);
        self.seen.add_if(has_crashed && all_are_down, &at::ALL_DOWN);
        let started = &mut self.servers[server];
        started.was_handed_a_snapshot = false;
        for situation in std::mem::take(&mut started.crash) {
            self.seen.add_if(true, situation);
        }
    }

    fn crashed(&mut self, server: usize, shadow: &Shadow) {
        let newest = self.leaders.last_key_value().map(|(&term, &leader)| (term, leader));
        let is_lost = newest.is_some_and(|(term, leader)| leader == server && self.has_uncommitted(term));
        let crashed = &mut self.servers[server];
        crashed.has_crashed_since_it_voted = true;
        let of_shadow = shadow.server(server);
        for handler in &of_shadow.handlers {
            let has_saved = of_shadow.last_save > handler.delivered.number;
            crashed.crash.push(if has_saved {
                &at::CRASH_BETWEEN_SAVE_AND_REPLY
            } else {
                &at::CRASH_BEFORE_SAVE
            });
        }
        if is_lost {
            crashed.crash.push(&at::LEADER_CRASHED_WITH_UNCOMMITTED);
        }
        if crashed.was_handed_a_snapshot {
            crashed.crash.push(&at::CRASH_AFTER_A_SNAPSHOT);
        }
    }

    /// The server leads this term.
    fn leads(&mut self, server: usize, term: Term) {
        if self.leaders.contains_key(&term) {
            return;
        }
        let before = self.leaders.range(..term).next_back().map(|(term, leader)| (*term, *leader));
        if let Some((last_term, last)) = before {
            let is_other = last != server;
            let loses = is_other && self.has_uncommitted(last_term);
            self.seen.add_if(loses, &at::LEADER_REPLACED_WITH_UNCOMMITTED);
            let has_led = self.leaders.range(..last_term).any(|(_, leader)| *leader == server);
            self.seen.add_if(is_other && has_led, &at::LEADER_AGAIN_AFTER_ANOTHER);
            self.seen.add_if(!is_other, &at::LEADER_SUCCEEDS_ITSELF);
        }
        self.leaders.insert(term, server);
    }

    /// A server in `term` is told of another term.
    fn hears_of(&mut self, server: usize, term: Term, other: Term) {
        let leads = self.leaders.get(&term) == Some(&server);
        self.seen.add_if(leads && other > term, &at::LEADER_HEARS_OF_A_NEWER_TERM);
    }

    fn sent(&mut self, server: usize, call: &Call) {
        let term = call.request.term();
        match &call.request {
            Request::RequestVote { .. } => {
                let first = *self.candidates.entry(term).or_insert(server);
                self.seen.add_if(first != server, &at::TWO_CANDIDATES);
                let before = std::mem::replace(&mut self.servers[server].stood_in, term);
                let in_vain = before != 0 && before < term && !self.leaders.contains_key(&before);
                self.seen.add_if(in_vain, &at::ELECTION_WITHOUT_A_WINNER);
                return;
            }
            Request::AppendEntries { .. } => {}
            Request::InstallSnapshot { last, .. } => {
                self.snapshots_under_way.insert(call.number, (call.to, last.index));
            }
        }
        self.leads(server, term);
        self.seen.add_if(self.is_replaced(server, term), &at::REPLACED_LEADER_SENDS);
    }

    fn delivered(&mut self, call: &Call, shadow: &Shadow) {
        let (to, term, server) = (call.to, call.request.term(), shadow.server(call.to));
        self.seen.add_if(!self.arrived.insert(call.number), &at::REQUEST_ARRIVED_TWICE);
        self.seen.add_if(term < server.term, &at::REQUEST_OF_AN_OLDER_TERM);
        self.hears_of(to, server.term, term);
        match &call.request {
            Request::RequestVote { .. } => {
                let receiver = &self.servers[to];
                let Some((_, candidate)) = receiver.voted.filter(|(of, _)| *of == term) else { return };
                self.seen.add_if(candidate != call.from, &at::VOTER_ASKED_AGAIN);
                let has_crashed = receiver.has_crashed_since_it_voted;
                self.seen.add_if(has_crashed, &at::VOTER_CRASHED_AND_ASKED_AGAIN);
            }
            Request::AppendEntries { prev, entries, commit, .. } => {
                let end = prev.index + entries.len() as u64;
                self.seen.add_if(*commit > end, &at::COMMIT_BEYOND_THE_ENTRIES);
                let several = entries.windows(2).any(|pair| pair[0].term != pair[1].term);
                self.seen.add_if(several, &at::ENTRIES_OF_SEVERAL_TERMS);
                let appended = &mut self.servers[to].appended;
                if term > appended.0 {
                    *appended = (term, end);
                } else if term == appended.0 {
                    self.seen.add_if(end < appended.1, &at::ENTRIES_OUT_OF_ORDER);
                    appended.1 = appended.1.max(end);
                }
            }
            Request::InstallSnapshot { last, .. } => {
                self.snapshots_under_way.remove(&call.number);
                let is_older = last.index < server.snapshot_taken;
                self.seen.add_if(is_older, &at::OLDER_SNAPSHOT_ARRIVES);
            }
        }
    }

    fn answered(&mut self, call: &Call, reply: Reply, shadow: &Shadow) {
        let (to, term) = (call.to, call.request.term());
        let is_of_term = reply.term == Some(term);
        match (&call.request, reply.yes) {
            (Request::RequestVote { .. }, Some(true)) => {
                self.servers[to].voted = Some((term, call.from));
                self.servers[to].has_crashed_since_it_voted = false;
            }
            (Request::RequestVote { .. }, Some(false)) => {
                let of_term = |vote: Option<(Term, usize)>| vote.is_some_and(|(of, _)| of == term);
                let has_stood = self.servers[to].stood_in == term;
                let is_free = !of_term(self.servers[to].voted) && !has_stood;
                // Once there is a leader, its followers may refuse for that.
                let is_open = is_of_term && !self.leaders.contains_key(&term);
                self.seen.add_if(is_open && is_free, &at::VOTE_REFUSED_FOR_THE_LOG);
            }
            (Request::AppendEntries { prev, entries, .. }, Some(true)) => {
                let replaces = shadow.handler(to, call).is_some_and(|handler| handler.replaces);
                self.seen.add_if(replaces, &at::ENTRIES_OVERWRITTEN);
                let end = prev.index + entries.len() as u64;
                let is_overtaken =
                    self.snapshots_under_way.values().any(|(receiver, last)| *receiver == to && *last < end);
                self.seen.add_if(is_overtaken, &at::ENTRIES_OVERTAKE_A_SNAPSHOT);
            }
            (Request::AppendEntries { .. }, Some(false)) => {
                self.seen.add_if(is_of_term, &at::ENTRIES_REFUSED);
            }
            _ => {}
        }
    }
}
