//! Rules of progress: what should have happened and did not. They are asked when a run has ended because it
//! waited in vain, and say since when nothing moved, and why.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::fact::{Call, Fact, FactKind, broken};
use super::message::{Index, Position, Reply, Request, Term};
use super::shadow::Shadow;
use crate::raft::rules::{AS3, AS4, C1, C3, C4, F1, F2, H1, IS8, L3, L7, L8, L9, L10, RV4};
use crate::rule::{BrokenRule, Rule};

/// What happens within this time in every solution that keeps the course's limits, if nothing is in its way.
const SOON: Duration = Duration::from_secs(1);

/// The same, for an election.
const ELECTION: Duration = Duration::from_secs(2);

/// A follower that has just heard from its leader does not stand within this time.
const AT_ONCE: Duration = Duration::from_millis(80);

/// So often must the same thing happen before it is no coincidence.
const OFTEN: usize = 3;

/// The same, for a request that is refused each time.
const AGAIN_AND_AGAIN: usize = 5;

/// So many steps back by one entry are too many.
const STEPS: usize = 10;

/// What each server did last.
pub(super) struct Progress {
    servers: Vec<Doings>,
    /// Whether the services tell what they apply.
    services_tell: bool,
}

#[derive(Default)]
struct Doings {
    started: Option<Fact>,
    /// The last request of a leader that arrived, and was not of an older term.
    heard_leader: Option<Fact>,
    /// The last vote that was given.
    voted: Option<Fact>,
    /// The first request for votes of each election.
    stood: Vec<(Term, Fact)>,
    /// By follower: the last request of a leader, and the last with entries or a snapshot.
    sent: FxHashMap<usize, Fact>,
    sent_entries: FxHashMap<usize, Fact>,
    /// By follower: the last acceptance that was heard of.
    accepted: FxHashMap<usize, Fact>,
    /// By follower: the request that is refused again and again.
    refusals: FxHashMap<usize, Refusals>,
    /// A follower before which it went back one entry at a time.
    slow: Option<(usize, Fact)>,
    /// Replies that told of a newer term than the server is in: how many, of which term, the first.
    newer: Option<(usize, Term, Fact)>,
    /// Elections that were won and not followed by leading.
    won_in_vain: Vec<Fact>,
    /// Terms in which it refused a vote that was free, and in which it did not join.
    free_votes: Vec<(Term, Fact)>,
    not_joined: Vec<(Term, Fact)>,
    /// The times at which it stood although it had just heard from its leader.
    rash: Vec<(Fact, Fact)>,
    /// The last command that it accepted.
    command: Option<(Index, Fact)>,
    /// A commit index that it may count and does not name.
    uncounted: Option<(Index, Fact)>,
    /// A commit index that it knows, and that its service has not reached.
    unapplied: Option<(Index, Fact)>,
    /// A snapshot that it has accepted, and that has not reached its service.
    undelivered: Option<(Index, Fact)>,
}

/// Refusals of a follower in a row.
struct Refusals {
    term: Term,
    /// The lowest entry after which it refused.
    prev: Position,
    /// How often it has refused since then.
    count: usize,
    first: Fact,
    last: Fact,
    /// How often in a row the leader went back by an entry or two only.
    steps: usize,
}

impl Refusals {
    fn new(term: Term, prev: Position, fact: &Fact) -> Self {
        Self { term, prev, count: 0, first: fact.clone(), last: fact.clone(), steps: 0 }
    }
}

impl Progress {
    /// `services_tell`: whether there are events of what the services apply.
    pub fn new(servers: usize, services_tell: bool) -> Self {
        Self { servers: (0..servers).map(|_| Doings::default()).collect(), services_tell }
    }

    /// Takes a fact into account, before the shadow does.
    pub fn on(&mut self, fact: &Fact, shadow: &Shadow) {
        let doings = &mut self.servers[fact.server];
        match &fact.kind {
            FactKind::Started => *doings = Doings { started: Some(fact.clone()), ..Doings::default() },
            FactKind::Crashed | FactKind::Halted => *doings = Doings::default(),
            FactKind::Sent(call) => doings.sent(call, fact, shadow),
            FactKind::Delivered(call) => {
                if call.request.is_leader_s() && call.request.term() >= shadow.server(fact.server).term {
                    doings.heard_leader = Some(fact.clone());
                }
            }
            FactKind::Answered(call, reply) => doings.answered(call, *reply, fact, shadow),
            FactKind::Heard(call, reply) => doings.heard(call, *reply, fact),
            FactKind::Accepted { index, .. } => doings.command = Some((*index, fact.clone())),
            FactKind::Applied { index, .. } => doings.reached(*index),
            FactKind::Installed(index) => {
                doings.reached(*index);
                doings.undelivered.take_if(|(until, _)| *until <= *index);
            }
            FactKind::Probed { state, .. } => {
                doings.newer.take_if(|(_, term, _)| *term <= state.term.0);
            }
            FactKind::CutOff
            | FactKind::Saved(_)
            | FactKind::Submitted
            | FactKind::Queried(_)
            | FactKind::SnapshotTaken(_)
            | FactKind::OutOfOrder { .. } => {}
        }
    }

    /// The rules of progress that are broken at the end, those that were broken first at the beginning.
    pub fn at_end(&self, at: Duration, shadow: &Shadow) -> Vec<BrokenRule> {
        // What cannot be read may be what should have happened.
        if !shadow.sees_votes() || !shadow.sees_entries() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (server, doings) in self.servers.iter().enumerate() {
            let known = shadow.server(server);
            if !known.is_up || known.is_halted {
                continue;
            }
            let mut end = AtEnd { at, server, doings, shadow, found: &mut found };
            end.candidates();
            end.voters();
            end.leaders();
            end.followers();
            if self.services_tell {
                end.services();
            }
        }
        found.extend(self.split_votes(shadow));
        found.sort_by_key(|(since, _)| *since);
        found.into_iter().map(|(_, rule)| BrokenRule { progress: true, ..rule }).collect()
    }

    /// The last elections all had several candidates at the same moment, and no winner.
    fn split_votes(&self, shadow: &Shadow) -> Option<(u64, BrokenRule)> {
        let mut stands: Vec<&(Term, Fact)> = self.servers.iter().flat_map(|it| &it.stood).collect();
        stands.sort_by_key(|(_, fact)| fact.number);
        let is_led = |term: Term| shadow.servers.iter().any(|server| server.led.contains_key(&term));
        let last_led = stands.iter().rposition(|(term, _)| is_led(*term)).map_or(0, |at| at + 1);
        // Candidates of each term, and the last terms in a row in which there were several.
        let elections = stands[last_led..].chunk_by(|(term, _), (other, _)| term == other);
        let is_split = |candidates: &&[&(Term, Fact)]| {
            candidates.windows(2).any(|pair| pair[1].1.at - pair[0].1.at < Duration::from_millis(20))
        };
        let elections: Vec<_> = elections.collect();
        let split: Vec<_> = elections.iter().rev().take_while(|election| is_split(election)).collect();
        if split.len() < AGAIN_AND_AGAIN {
            return None;
        }
        let first = split[split.len() - 1];
        let (term, since) = first[0];
        let last = &split[0][split[0].len() - 1].1;
        let headline = format!(
            "servers stand for election at the same moment, {} times in a row since term {term}, and none \
             wins",
            split.len()
        );
        Some((since.number, broken(&C4, headline, vec![since, &first[1].1, last])))
    }
}

impl Doings {
    fn sent(&mut self, call: &Call, fact: &Fact, shadow: &Shadow) {
        let (term, server) = (call.request.term(), shadow.server(fact.server));
        match &call.request {
            Request::RequestVote { .. } => {
                if self.stood.last().is_some_and(|(last, _)| *last >= term) {
                    return;
                }
                if let Some((last, _)) = self.stood.last()
                    && let Some(votes) = server.votes.get(last)
                    && votes.voters.len() + 1 >= shadow.majority()
                    && !server.led.contains_key(last)
                {
                    self.won_in_vain.extend(votes.last.clone());
                }
                if let Some(leader) = &self.heard_leader
                    && fact.at - leader.at < AT_ONCE
                    && matches!(&leader.kind, FactKind::Delivered(call) if call.request.term() + 1 == term)
                {
                    self.rash.push((leader.clone(), fact.clone()));
                }
                self.stood.push((term, fact.clone()));
            }
            Request::AppendEntries { entries, commit, .. } => {
                self.sent.insert(call.to, fact.clone());
                if !entries.is_empty() {
                    self.sent_entries.insert(call.to, fact.clone());
                }
                if *commit < server.may_commit && server.term == term {
                    let may_commit = server.may_commit;
                    self.uncounted.get_or_insert_with(|| (may_commit, fact.clone()));
                }
                self.uncounted.take_if(|(index, _)| *index <= *commit);
                self.knows(*commit, fact, server.applied);
            }
            Request::InstallSnapshot { .. } => {
                self.sent.insert(call.to, fact.clone());
                self.sent_entries.insert(call.to, fact.clone());
            }
        }
    }

    /// The server knows that all up to `commit` is committed.
    fn knows(&mut self, commit: Index, fact: &Fact, applied: Index) {
        if commit > applied {
            self.unapplied.get_or_insert_with(|| (commit, fact.clone()));
        }
    }

    fn reached(&mut self, index: Index) {
        self.unapplied.take_if(|(commit, _)| *commit <= index);
        self.undelivered.take_if(|(until, _)| *until < index);
    }

    fn answered(&mut self, call: &Call, reply: Reply, fact: &Fact, shadow: &Shadow) {
        let server = shadow.server(fact.server);
        match &call.request {
            Request::RequestVote { term, last } => {
                if reply.yes == Some(true) {
                    self.voted = Some(fact.clone());
                    return;
                }
                let is_quiet = self.heard_leader.as_ref().is_none_or(|leader| fact.at - leader.at > SOON);
                if reply.yes != Some(false) || !is_quiet {
                    return;
                }
                let new_term = |list: &Vec<(Term, Fact)>| list.last().is_none_or(|(known, _)| known < term);
                if reply.term.is_some_and(|of| of < *term) && new_term(&self.not_joined) {
                    self.not_joined.push((*term, fact.clone()));
                }
                let is_free = self.stood.last().is_none_or(|(stood, _)| stood < term)
                    && !matches!(&self.voted, Some(Fact { kind: FactKind::Answered(call, _), .. })
                        if call.request.term() >= *term);
                // The whole log is known, and the candidate's is as good.
                let is_good = match server.log.last() {
                    None => server.log.bound() == 0,
                    Some((own, _)) => own.index == server.log.bound() && *last >= own,
                };
                if reply.term == Some(*term) && is_free && is_good && new_term(&self.free_votes) {
                    self.free_votes.push((*term, fact.clone()));
                }
            }
            Request::AppendEntries { prev, entries, commit, .. } if reply.yes == Some(true) => {
                let told = (*commit).min(prev.index + entries.len() as u64);
                self.knows(told, fact, server.applied);
            }
            Request::InstallSnapshot { term, last } if reply.term.is_none_or(|of| of <= *term) => {
                let was_news = shadow.handler(fact.server, call).is_some_and(|it| it.applied < last.index);
                if was_news && server.applied < last.index {
                    self.undelivered.get_or_insert_with(|| (last.index, fact.clone()));
                }
            }
            _ => {}
        }
    }

    fn heard(&mut self, call: &Call, reply: Reply, fact: &Fact) {
        let term = call.request.term();
        if let Some(newer) = reply.term.filter(|newer| *newer > term) {
            match &mut self.newer {
                Some((count, known, _)) => {
                    *count += 1;
                    *known = newer.max(*known);
                }
                None => self.newer = Some((1, newer, fact.clone())),
            }
        }
        let Request::AppendEntries { prev, .. } = call.request else { return };
        match reply.yes {
            Some(true) => {
                self.accepted.insert(call.to, fact.clone());
                self.refusals.remove(&call.to);
            }
            Some(false) if reply.term.is_none_or(|of| of <= term) => {
                let refusals =
                    self.refusals.entry(call.to).or_insert_with(|| Refusals::new(term, prev, fact));
                if refusals.term != term {
                    *refusals = Refusals::new(term, prev, fact);
                }
                if prev.index < refusals.prev.index {
                    let is_step = refusals.prev.index - prev.index <= 2;
                    let steps = if is_step { refusals.steps + 1 } else { 0 };
                    *refusals = Refusals { steps, ..Refusals::new(term, prev, fact) };
                    if steps == STEPS {
                        self.slow.get_or_insert_with(|| (call.to, fact.clone()));
                    }
                }
                refusals.count += 1;
                refusals.last = fact.clone();
            }
            _ => {}
        }
    }
}

/// The judgement of a server at the end of a run. Found rules have the number of the event since which
/// nothing moved.
struct AtEnd<'a> {
    at: Duration,
    server: usize,
    doings: &'a Doings,
    shadow: &'a Shadow,
    found: &'a mut Vec<(u64, BrokenRule)>,
}

impl AtEnd<'_> {
    fn find(&mut self, rule: &Rule, since: &Fact, headline: String, more: &[&Fact]) {
        let evidence = std::iter::once(since).chain(more.iter().copied()).collect();
        let broken =
            BrokenRule { server: format!("server {}", self.server), ..broken(rule, headline, evidence) };
        self.found.push((since.number, broken));
    }

    /// How long ago that was.
    fn ago(&self, fact: &Fact) -> Duration {
        self.at.saturating_sub(fact.at)
    }

    fn is_leader(&self) -> bool {
        self.shadow.server(self.server).probed.as_ref().is_some_and(|rest| rest.state.is_leader)
    }

    /// The term in which the server was at rest last.
    fn term(&self) -> Term {
        self.shadow.server(self.server).probed.as_ref().map_or(0, |rest| rest.state.term.0)
    }

    fn candidates(&mut self) {
        let (server, doings) = (self.server, self.doings);
        if doings.won_in_vain.len() >= 2 {
            let since = &doings.won_in_vain[0];
            let headline = format!(
                "server {server} had the votes of a majority in {} elections and did not lead",
                doings.won_in_vain.len()
            );
            self.find(&C3, since, headline, &[&doings.won_in_vain[1]]);
        }
        let Some((term, stood)) = doings.stood.last() else { return };
        let votes = self.shadow.server(server).votes.get(term);
        let has_won = votes.is_some_and(|votes| votes.voters.len() + 1 >= self.shadow.majority());
        if *term != self.term() || self.is_leader() {
            return;
        }
        match votes.and_then(|votes| votes.last.as_ref()).filter(|_| has_won) {
            Some(won) if self.ago(won) > SOON => {
                let headline = format!(
                    "server {server} has had the votes of a majority in term {term} since {:.3} s and does \
                     not lead",
                    won.at.as_secs_f64()
                );
                self.find(&C3, won, headline, &[]);
            }
            _ if self.ago(stood) > ELECTION => {
                let headline = format!(
                    "server {server} has been a candidate of term {term} since {:.3} s and begins no new \
                     election",
                    stood.at.as_secs_f64()
                );
                self.find(&C1, stood, headline, &[]);
            }
            _ => {}
        }
    }

    fn voters(&mut self) {
        let (server, doings) = (self.server, self.doings);
        if doings.free_votes.len() >= OFTEN {
            let (first, last) = (&doings.free_votes[0].1, &doings.free_votes[doings.free_votes.len() - 1].1);
            let headline = format!(
                "server {server} refuses its vote in {} terms, in which it has voted for nobody",
                doings.free_votes.len()
            );
            self.find(&RV4, first, headline, &[last]);
        }
        if doings.not_joined.len() >= OFTEN {
            let (first, last) = (&doings.not_joined[0].1, &doings.not_joined[doings.not_joined.len() - 1].1);
            let headline = format!(
                "server {server} was asked for its vote in {} newer terms and stays in its own",
                doings.not_joined.len()
            );
            self.find(&AS4, first, headline, &[last]);
        }
    }

    fn leaders(&mut self) {
        let (server, doings, term) = (self.server, self.doings, self.term());
        if let Some((count, newer, first)) = &doings.newer
            && *count >= OFTEN
            && *newer > term
        {
            let does = if self.is_leader() { "still leads" } else { "is still in" };
            let headline = format!(
                "stuck since {:.3} s: server {server} {does} term {term}, though a reply told it of term \
                 {newer}",
                first.at.as_secs_f64()
            );
            self.find(&L9, first, headline, &[]);
        }
        if let Some((follower, since)) = &doings.slow {
            let headline = format!(
                "server {server} goes back one entry at a time for server {follower}, {STEPS} times and more"
            );
            self.find(&L10, since, headline, &[]);
        }
        if !self.is_leader() {
            return;
        }
        let Some(rest) = self.shadow.server(server).probed.clone() else { return };
        for follower in (0..self.shadow.servers.len()).filter(|&follower| follower != server) {
            self.leader_of(follower, term, &rest.fact);
        }
        if let Some((index, since)) = doings.uncounted.as_ref().filter(|(_, since)| self.ago(since) > SOON) {
            let headline = format!(
                "stuck since {:.3} s: a majority has acknowledged entry {index}, and server {server} does \
                 not commit it",
                since.at.as_secs_f64()
            );
            self.find(&L8, since, headline, &[]);
        }
    }

    /// What the leader owes a follower.
    fn leader_of(&mut self, follower: usize, term: Term, leads: &Fact) {
        let (server, doings) = (self.server, self.doings);
        let known = self.shadow.server(follower);
        if !known.is_up || known.is_halted {
            return;
        }
        let last = doings.sent.get(&follower).filter(|sent| sent.number > leads.number).unwrap_or(leads);
        if self.ago(last) > SOON {
            let headline = format!(
                "server {server} leads term {term} and has sent nothing to server {follower} since {:.3} s",
                last.at.as_secs_f64()
            );
            return self.find(&H1, last, headline, &[]);
        }
        if let Some(refusals) = doings.refusals.get(&follower)
            && refusals.term == term
            && refusals.count >= AGAIN_AND_AGAIN
            && self.ago(&refusals.last) < ELECTION
        {
            let headline = format!(
                "stuck since {:.3} s: server {follower} refuses what follows entry {}, and server {server} \
                 goes no further back, {} times",
                refusals.first.at.as_secs_f64(),
                refusals.prev,
                refusals.count
            );
            return self.find(&L3, &refusals.first, headline, &[&refusals.last]);
        }
        let acknowledged = self.shadow.server(server).acknowledged.get(&term);
        let acknowledged = acknowledged.and_then(|by| by.get(follower)).copied().unwrap_or(0);
        let Some((index, command)) = doings.command.as_ref().filter(|(index, _)| *index > acknowledged)
        else {
            return;
        };
        let hears = doings.accepted.get(&follower).is_some_and(|accepted| self.ago(accepted) < SOON);
        let sent = doings.sent_entries.get(&follower);
        let is_silent = sent.is_none_or(|sent| self.ago(sent) > SOON);
        if hears && is_silent && self.ago(command) > SOON {
            let headline = format!(
                "server {server} accepted entry {index} at {:.3} s and does not send it to server \
                 {follower}, which has acknowledged {acknowledged}",
                command.at.as_secs_f64()
            );
            self.find(&L7, command, headline, &sent.into_iter().collect::<Vec<_>>());
        }
    }

    fn followers(&mut self) {
        let (server, doings) = (self.server, self.doings);
        if doings.rash.len() >= OFTEN {
            let (heard, stood) = &doings.rash[0];
            let headline = format!(
                "server {server} stands for election right after it has heard from its leader, {} times",
                doings.rash.len()
            );
            self.find(&F1, heard, headline, &[stood]);
        }
        if self.is_leader() {
            return;
        }
        let stood = doings.stood.last().map(|(_, fact)| fact);
        let reasons = [doings.started.as_ref(), doings.heard_leader.as_ref(), doings.voted.as_ref(), stood];
        let Some(last) = reasons.into_iter().flatten().max_by_key(|fact| fact.number) else { return };
        let is_candidate = stood.is_some_and(|stood| stood.number == last.number);
        if !is_candidate && self.ago(last) > ELECTION {
            let headline = format!(
                "server {server} has heard from no leader and given no vote since {:.3} s, and does not \
                 stand for election",
                last.at.as_secs_f64()
            );
            self.find(&F2, last, headline, &[]);
        }
    }

    fn services(&mut self) {
        let (server, doings) = (self.server, self.doings);
        if let Some((index, since)) = doings.undelivered.as_ref().filter(|(_, since)| self.ago(since) > SOON)
        {
            let headline = format!(
                "server {server} took the snapshot up to {index} at {:.3} s and does not hand it to its \
                 service",
                since.at.as_secs_f64()
            );
            return self.find(&IS8, since, headline, &[]);
        }
        if let Some((index, since)) = doings.unapplied.as_ref().filter(|(_, since)| self.ago(since) > SOON) {
            let headline = format!(
                "server {server} knows since {:.3} s that entry {index} is committed, and its service has \
                 applied {}",
                since.at.as_secs_f64(),
                self.shadow.server(server).applied
            );
            self.find(&AS3, since, headline, &[]);
        }
    }
}
