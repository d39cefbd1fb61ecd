//! "A candidate wins an election if it receives votes from a majority of the servers in the full cluster
//! for the same term" (paper, §5.2).
//!
//! What a vote looks like only the solution knows. But a candidate asks for votes when it has entered its
//! term, and the others vote when they have been asked. So when a server says for the first time that it
//! leads a term, messages of a majority have reached it that follow, as cause and effect, its own calls of
//! the time after it was last seen in a lower term. They may be replies or calls, and may come by way of
//! others.

use std::cmp::Ordering;
use std::time::Duration;

use labapi::{State, Term};

use super::Verdict;
use super::clocks::{Clocks, Moment};
use crate::words::{Lived, Seconds, Servers};

/// What each server was seen in, and what it has said that it leads.
pub(super) struct Elections {
    servers: Vec<Seen>,
    pub looked: u64,
}

#[derive(Clone, Default)]
struct Seen {
    life: u32,
    began: Moment,
    /// The highest term that the server was seen in at rest.
    term: Term,
    /// The last look at rest.
    last: Moment,
    /// The last look at rest that found it in a lower term.
    below: Moment,
    /// The highest term that it leads, with reason.
    leads: Option<Term>,
}

impl Elections {
    pub fn new(servers: usize) -> Self {
        Self { servers: vec![Seen::default(); servers], looked: 0 }
    }

    /// A server begins another life now: whatever it leads from now on, it has to be elected for.
    pub fn begin_life(&mut self, who: Lived, now: Moment) {
        self.servers[who.server] =
            Seen { life: who.life, began: now, term: Term::default(), last: now, below: now, leads: None };
    }

    /// `who` was found in `term` at rest. It was asked at the moment of `look`, or later.
    pub fn saw_at_rest(&mut self, who: Lived, term: Term, look: Moment) {
        let seen = &mut self.servers[who.server];
        if seen.life != who.life {
            return;
        }
        if term > seen.term {
            (seen.term, seen.below) = (term, seen.last);
        }
        seen.last = look;
    }

    /// `who` says that it leads `term`, and means it: it said so at rest, or has taken a command.
    pub fn claims(&mut self, who: Lived, term: Term, clocks: &Clocks, at: Duration) -> Verdict {
        let seen = &mut self.servers[who.server];
        if seen.life != who.life || seen.leads.is_some_and(|led| term <= led) {
            return Ok(());
        }
        self.looked += 1;
        if seen.may_lead(who.server, term, clocks) {
            seen.leads = Some(term);
            return Ok(());
        }
        Err(self.objection(who, term, clocks, at))
    }

    /// `who` told the test its state, in the midst of whatever it does. Two fields may be mixed up then: a
    /// server that has led a term may seem to lead the next one.
    pub fn tells(&self, who: Lived, state: State, clocks: &Clocks, at: Duration) -> Verdict {
        let seen = &self.servers[who.server];
        if !state.is_leader || seen.life != who.life || seen.leads.is_some() {
            return Ok(());
        }
        if seen.may_lead(who.server, state.term, clocks) {
            return Ok(());
        }
        Err(self.objection(who, state.term, clocks, at))
    }

    fn objection(&self, who: Lived, term: Term, clocks: &Clocks, at: Duration) -> String {
        let seen = &self.servers[who.server];
        let since = seen.looked_before(term);
        let heard: Vec<usize> = clocks.reached(who.server, who.server, since).collect();
        let silent: Vec<usize> =
            (0..self.servers.len()).filter(|it| *it != who.server && !heard.contains(it)).collect();
        let heard = if heard.is_empty() {
            format!("heard from none of the {}", Servers(&silent))
        } else {
            format!("heard from {} but not from {}", Servers(&heard), Servers(&silent))
        };
        format!(
            "expected a leader to have been elected by a majority of the {} servers (§5.2); saw {who} claim to lead term {term} at {}, \
             but no message has reached it from a majority since it can have asked for votes: {heard}",
            self.servers.len(),
            Seconds(at),
        )
    }
}

impl Seen {
    /// The last look before the server can have entered `term`.
    fn looked_before(&self, term: Term) -> Moment {
        match term.cmp(&self.term) {
            Ordering::Greater => self.last,
            Ordering::Equal => self.below,
            // An answer that is late.
            Ordering::Less => self.began,
        }
    }

    /// Whether a majority can have voted for the server in `term`.
    fn may_lead(&self, server: usize, term: Term, clocks: &Clocks) -> bool {
        clocks.majority_reached(server, server, self.looked_before(term))
    }
}
