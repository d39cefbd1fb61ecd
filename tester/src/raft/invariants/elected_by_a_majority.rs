//! [`ElectedByAMajority`]: "A candidate wins an election if it receives votes from a majority of the servers
//! in the full cluster for the same term" (paper, §5.2).
//!
//! The form of a vote is known to the solution alone. But a candidate asks for votes after it has entered its
//! term, and the others vote after they have been asked. So when a server first claims to lead a term,
//! messages of a majority have reached it that causally follow the calls it made after it was last seen in a
//! lower term. They may be replies or calls, and may come by way of other servers.

use std::cmp::Ordering;
use std::time::Duration;

use labapi::{State, Term};

use crate::causality::{Causality, LogicalTime};
use crate::display::{Seconds, Servers};
use crate::event::{Event, Incarnation, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft::event::{ProbeTimes, RaftEvent};

/// The terms in which each server was seen, and those that it has claimed to lead.
pub(super) struct ElectedByAMajority {
    servers: Vec<Seen>,
    checked: u64,
}

#[derive(Clone, Default)]
struct Seen {
    /// The number of the present incarnation.
    incarnation: u32,
    began: LogicalTime,
    /// The highest term in which the server was seen at rest.
    term: Term,
    /// The last probe that was answered at rest.
    last: LogicalTime,
    /// The last probe that found it at rest in a lower term.
    below: LogicalTime,
    /// The highest term that it legitimately leads.
    leads: Option<Term>,
}

impl ElectedByAMajority {
    pub fn new(servers: usize) -> Self {
        Self { servers: vec![Seen::default(); servers], checked: 0 }
    }

    fn seen(&mut self, who: Incarnation) -> &mut Seen {
        self.servers.resize(self.servers.len().max(who.server + 1), Seen::default());
        &mut self.servers[who.server]
    }

    /// Records the start of an incarnation. It has to be elected for every term that it leads from now on.
    fn start(&mut self, who: Incarnation, now: LogicalTime) {
        *self.seen(who) = Seen {
            incarnation: who.number,
            began: now,
            term: Term::default(),
            last: now,
            below: now,
            leads: None,
        };
    }

    /// Notes that the probes of `who` since the last new state have found nothing new.
    fn probed(&mut self, who: Incarnation, probe: Option<ProbeTimes>) {
        let seen = self.seen(who);
        if let Some(probe) = probe
            && seen.incarnation == who.number
        {
            seen.last = probe.before[0].moment;
        }
    }

    /// Records that `who` was at rest in `term`.
    ///
    /// Threads may have run since the server was at rest, before the probe's answer. So the probe before
    /// counts: whatever the server had not reported by then, it began later.
    fn saw_at_rest(&mut self, who: Incarnation, probe: ProbeTimes, term: Term) {
        let seen = self.seen(who);
        if seen.incarnation != who.number {
            return;
        }
        if term > seen.term {
            (seen.term, seen.below) = (term, probe.before[1].moment);
        }
        seen.last = probe.before[0].moment;
    }

    /// Checks a claim of `who` to lead `term` that is certain: it was made at rest, or by accepting a
    /// command.
    fn claims(&mut self, who: Incarnation, term: Term, causality: &Causality, at: Duration) -> Verdict {
        let seen = self.seen(who);
        if seen.incarnation != who.number || seen.leads.is_some_and(|led| term <= led) {
            return Ok(());
        }
        let may_lead = seen.may_lead(who, term, causality);
        if may_lead {
            seen.leads = Some(term);
        }
        self.checked += 1;
        if may_lead {
            return Ok(());
        }
        Err(self.objection(who, term, causality, at))
    }

    /// Checks the answer of `who` to a query of the test, possibly in the middle of an operation. Then the
    /// two fields may be inconsistent: a server that has led a term may seem to lead the next one.
    fn tells(&mut self, who: Incarnation, state: State, causality: &Causality, at: Duration) -> Verdict {
        let seen = self.seen(who);
        if !state.is_leader || seen.incarnation != who.number || seen.leads.is_some() {
            return Ok(());
        }
        if seen.may_lead(who, state.term, causality) {
            return Ok(());
        }
        Err(self.objection(who, state.term, causality, at))
    }

    fn objection(&self, who: Incarnation, term: Term, causality: &Causality, at: Duration) -> Violation {
        let seen = &self.servers[who.server];
        let since = seen.last_probe_below(term);
        let heard: Vec<usize> = causality.reached(who, who.server, since).collect();
        let silent: Vec<usize> =
            (0..self.servers.len()).filter(|it| *it != who.server && !heard.contains(it)).collect();
        let heard = if heard.is_empty() {
            format!("heard from none of the {}", Servers(&silent))
        } else {
            format!("heard from {} but not from {}", Servers(&heard), Servers(&silent))
        };
        Violation::new(format!(
            "expected a leader to have been elected by a majority of the {} servers (§5.2); saw {who} claim \
             to lead term {term} at {}, \
             but no message has reached it from a majority since it can have asked for votes: {heard}",
            self.servers.len(),
            Seconds(at),
        ))
    }
}

impl Invariant for ElectedByAMajority {
    fn name(&self) -> &'static str {
        "leaders are elected by a majority"
    }

    fn interests(&self) -> Interests {
        Interests::SERVERS | Interests::STATES | Interests::AGREEMENT | Interests::CAUSALITY
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        let (causality, at) = (event.causality(), event.at);
        match (event.kind, event.protocol()) {
            (Kind::Started, _) => self.start(who, event.moment()),
            (_, Some(&RaftEvent::ProbedOnce { probe, state })) => self.saw_at_rest(who, probe, state.term),
            (_, Some(&RaftEvent::Probed { probe, state, .. })) => {
                self.saw_at_rest(who, probe, state.term);
                if state.is_leader {
                    self.claims(who, state.term, causality, at)?;
                }
            }
            (_, Some(&RaftEvent::Accepted { position, probe })) => {
                self.probed(who, probe);
                self.claims(who, position.term, causality, at)?;
            }
            (_, Some(&RaftEvent::Queried { state, probe, .. })) => {
                self.probed(who, probe);
                self.tells(who, state, causality, at)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn exercised(&self) -> bool {
        self.checked > 0
    }

    fn subject(&self) -> &'static str {
        "the messages that reach a leader before it leads"
    }
}

impl Seen {
    /// The last probe before the server can have entered `term`.
    fn last_probe_below(&self, term: Term) -> LogicalTime {
        match term.cmp(&self.term) {
            Ordering::Greater => self.last,
            Ordering::Equal => self.below,
            // A late answer.
            Ordering::Less => self.began,
        }
    }

    /// Whether a majority can have voted for the server in `term`.
    fn may_lead(&self, who: Incarnation, term: Term, causality: &Causality) -> bool {
        causality.majority_reached(who, who.server, self.last_probe_below(term))
    }
}

#[cfg(test)]
mod tests {
    use labrpc::Step;

    use super::*;
    use crate::event::{Group, StreamPosition};

    const GROUP: Group = Group { number: 0, name: "" };
    const CANDIDATE: Incarnation = Incarnation { group: GROUP, server: 0, number: 1 };

    /// Three servers, of which the candidate can call server 1.
    fn three() -> Causality {
        let mut causality = Causality::default();
        causality.track();
        for server in 0..3 {
            causality.add_server(GROUP, server);
            causality.start(Incarnation { server, ..CANDIDATE });
        }
        causality.add_end(0, CANDIDATE.into(), GROUP, 1);
        causality
    }

    /// The candidate calls server 1 and gets its reply.
    fn call(causality: &mut Causality, call: u64) {
        use Step::{ReplyDelivered, ReplySent, RequestDelivered, RequestSent};
        for step in [RequestSent { end: 0 }, RequestDelivered, ReplySent, ReplyDelivered] {
            causality.on(call, step, 0);
        }
    }

    #[test]
    fn answers_before_the_last_probe_are_not_votes() {
        let mut causality = three();
        let mut invariant = ElectedByAMajority::new(3);
        invariant.start(CANDIDATE, causality.now(CANDIDATE));
        call(&mut causality, 1);

        let asked = StreamPosition { number: 0, moment: causality.now(CANDIDATE) };
        invariant.probed(CANDIDATE, Some(ProbeTimes { asked, before: [asked; 2] }));
        let objection = invariant.claims(CANDIDATE, Term(2), &causality, Duration::ZERO).unwrap_err();
        assert!(objection.message().ends_with("heard from none of the servers 1, 2"), "{objection}");

        call(&mut causality, 2);
        assert_eq!(invariant.claims(CANDIDATE, Term(2), &causality, Duration::ZERO), Ok(()));
    }

    #[test]
    fn is_not_exercised_without_events() {
        assert!(!ElectedByAMajority::new(3).exercised());
    }
}
