//! Rules of elections: the boxes "RequestVote RPC" and "Candidates" of Figure 2, and §5.4.1.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::fact::{Call, Fact, FactKind, broken};
use super::message::{Reply, Request, Term};
use super::shadow::Shadow;
use super::terms::accepts_an_older_term;
use crate::raft::rules::{AS2, C2, L1, P1, P2, P3, RV1, RV2, RV3};
use crate::rule::BrokenRule;

/// The votes that each server has given.
#[derive(Default)]
pub(super) struct Elections {
    /// By voter and term: the candidate, and the event that shows it.
    votes: FxHashMap<(usize, Term), (usize, Fact)>,
    /// By voter, term and candidate: when the request came first.
    asked: FxHashMap<(usize, Term, usize), Fact>,
    /// Servers and terms whose first request for votes was judged.
    stood: FxHashSet<(usize, Term)>,
    /// Servers and terms whose claim to lead was judged.
    led: FxHashSet<(usize, Term)>,
    /// Whether any vote was seen.
    votes_are_seen: bool,
    /// A claim to lead without a majority, from before any vote was seen.
    claim: Option<BrokenRule>,
}

impl Elections {
    pub fn on(&mut self, fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
        match &fact.kind {
            FactKind::Delivered(call) => {
                if let Request::RequestVote { term, .. } = call.request {
                    self.asked.entry((fact.server, term, call.from)).or_insert_with(|| fact.clone());
                }
                None
            }
            FactKind::Sent(call) => self.sent(call, fact, shadow),
            FactKind::Answered(call, reply) => match call.request {
                Request::RequestVote { term, .. } => self.answered(call, term, *reply, fact, shadow),
                _ => None,
            },
            FactKind::Probed { state, .. } if state.is_leader => self.leads(fact, state.term.0, shadow),
            FactKind::Accepted { term, .. } => self.accepted(fact, *term, shadow),
            _ => None,
        }
    }

    fn answered(
        &mut self,
        call: &Arc<Call>,
        term: Term,
        reply: Reply,
        fact: &Fact,
        shadow: &Shadow,
    ) -> Option<BrokenRule> {
        self.votes_are_seen |= reply.yes.is_some();
        if !shadow.sees_votes() {
            self.claim = None;
        } else if let Some(claim) = self.claim.take() {
            return Some(claim);
        }
        if reply.yes != Some(true) {
            return None;
        }
        let voter = shadow.server(fact.server);
        let handler = shadow.handler(fact.server, call)?;
        let older = accepts_an_older_term(fact, handler, &RV1, "voted in an older term", shadow);
        if older.is_some() {
            return older;
        }
        if let Some(rule) = self.votes_once(fact.server, term, call.from, fact, shadow) {
            return Some(rule);
        }
        if let Some(asked) = self.asked.get(&(fact.server, term, call.from))
            && voter.last_save < asked.number
        {
            let headline = format!("server {} gave its vote in term {term} without saving it", fact.server);
            return Some(broken(&P1, headline, vec![asked, fact]));
        }
        let Request::RequestVote { last: candidate_s, .. } = call.request else { return None };
        let (last, certain) = voter.log.last()?;
        if candidate_s >= last || !shadow.sees_entries() {
            return None;
        }
        let since = &certain.since;
        let crash = voter.crashed.as_ref().filter(|crash| crash.number > since.number);
        Some(match crash.filter(|_| voter.was_restored(last) != Some(true)) {
            Some(crash) => broken(
                &P3,
                format!(
                    "server {} forgot entry {last} in a crash, and voted for a log without it",
                    fact.server
                ),
                vec![since, crash, fact],
            ),
            None => broken(
                &RV3,
                format!(
                    "server {} voted for server {}, whose log is less up to date: it ends at {candidate_s}, \
                     and the voter has entry {last}",
                    fact.server, call.from
                ),
                vec![since, fact],
            ),
        })
    }

    /// A server votes, possibly for itself.
    fn votes_once(
        &mut self,
        voter: usize,
        term: Term,
        candidate: usize,
        fact: &Fact,
        shadow: &Shadow,
    ) -> Option<BrokenRule> {
        let (before, known) = self.votes.entry((voter, term)).or_insert_with(|| (candidate, fact.clone()));
        if *before == candidate {
            return None;
        }
        let whom = |server: usize| {
            if server == voter { "itself".to_owned() } else { format!("server {server}") }
        };
        let crash = shadow.server(voter).crashed.as_ref().filter(|crash| crash.number > known.number);
        Some(match crash {
            Some(crash) => broken(
                &P2,
                format!("server {voter} forgot its vote in term {term} in a crash, and voted again"),
                vec![known, crash, fact],
            ),
            None => broken(
                &RV2,
                format!(
                    "server {voter} voted in term {term} for {} and for {}",
                    whom(*before),
                    whom(candidate)
                ),
                vec![known, fact],
            ),
        })
    }

    fn sent(&mut self, call: &Arc<Call>, fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
        let term = call.request.term();
        let Request::RequestVote { last, .. } = &call.request else {
            return self.leads(fact, term, shadow);
        };
        if !self.stood.insert((fact.server, term)) {
            return None;
        }
        if let Some(rule) = self.votes_once(fact.server, term, fact.server, fact, shadow) {
            return Some(rule);
        }
        let server = shadow.server(fact.server);
        if let Some(rest) = server.probed.as_ref().filter(|rest| rest.is_unsaved(term, server.last_save)) {
            let headline =
                format!("server {} stands in term {term} without saving term and vote", fact.server);
            return Some(broken(&P1, headline, vec![&rest.fact, fact]));
        }
        // Entries that were there before this term: they came by requests of older terms.
        let (own, certain) = server.log.last_known(|certain| match &certain.since.kind {
            FactKind::Answered(call, _) => call.request.term() < term,
            FactKind::Accepted { term: of, .. } => *of < term,
            FactKind::Sent(call) => call.request.term() < term,
            _ => false,
        })?;
        (*last < own && shadow.sees_entries()).then(|| super::entries::lost(fact, own, certain, shadow))
    }

    /// A server claims to lead a term, by a message or by `get_state`.
    fn leads(&mut self, fact: &Fact, term: Term, shadow: &Shadow) -> Option<BrokenRule> {
        if !shadow.sees_votes() || !self.led.insert((fact.server, term)) {
            return None;
        }
        let server = shadow.server(fact.server);
        let votes = server.votes.get(&term);
        let voters = votes.map_or(0, |votes| votes.voters.len()) + 1;
        if voters >= shadow.majority() {
            return None;
        }
        let (servers, majority) = (shadow.servers.len(), shadow.majority());
        if self.votes_are_seen
            && let Some((before, first)) = server.led.range(..term).next_back()
            && !self.stood.contains(&(fact.server, term))
        {
            let headline = format!(
                "server {} led term {before}, learned of term {term}, and goes on leading in it",
                fact.server
            );
            let told = server.term_shown_by.as_ref().filter(|told| told.number > first.number);
            return Some(broken(&AS2, headline, [first].into_iter().chain(told).chain([fact]).collect()));
        }
        let stood = self.votes.get(&(fact.server, term)).filter(|(candidate, _)| *candidate == fact.server);
        let last = votes.and_then(|votes| votes.last.as_ref());
        let headline = format!(
            "server {} leads term {term} with the votes of {voters} of {servers} servers, itself included; a \
             majority is {majority}",
            fact.server
        );
        let evidence = stood.map(|(_, fact)| fact).into_iter().chain(last).chain([fact]);
        let claim = broken(&C2, headline, evidence.collect());
        // Votes may come in a form that is not known yet; from nobody they come in none.
        if self.votes_are_seen || !server.has_heard {
            return Some(claim);
        }
        self.claim.get_or_insert(claim);
        None
    }

    fn accepted(&mut self, fact: &Fact, term: Term, shadow: &Shadow) -> Option<BrokenRule> {
        let server = shadow.server(fact.server);
        if term == 0 && shadow.servers.len() > 1 {
            let headline = format!("server {} accepted a command in term 0, which nobody leads", fact.server);
            return Some(broken(&L1, headline, vec![fact]));
        }
        let rest = server.probed.as_ref()?;
        let never_led = !server.led.contains_key(&term) && !server.votes.contains_key(&term);
        let waits = shadow.servers.len() > 1 && self.votes_are_seen && shadow.sees_votes();
        (waits && never_led && !rest.state.is_leader && rest.state.term.0 == term).then(|| {
            let headline = format!("server {} accepted a command without leading term {term}", fact.server);
            broken(&L1, headline, vec![&rest.fact, fact])
        })
    }
}
