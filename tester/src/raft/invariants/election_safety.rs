//! [`ElectionSafety`] (paper, Figure 3): at most one leader can be elected in a given term.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use labapi::Term;
use parking_lot::Mutex;

use crate::display::Seconds;
use crate::event::{Event, Interests};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft::event::RaftEvent;

/// The servers that were seen to lead each term, over the whole run and across crashes.
#[derive(Default)]
pub(in crate::raft) struct Leaders {
    of_term: BTreeMap<Term, Sighting>,
    checked: u64,
}

struct Sighting {
    server: usize,
    at: Duration,
}

impl Leaders {
    /// Whether `server` is already known as the leader of `term`.
    pub fn knows(&self, server: usize, term: Term) -> bool {
        self.of_term.get(&term).is_some_and(|sighting| sighting.server == server)
    }

    /// Records a claim of `server` to lead `term`.
    fn saw(&mut self, server: usize, term: Term, at: Duration) -> Verdict {
        self.checked += 1;
        let first = self.of_term.entry(term).or_insert(Sighting { server, at });
        if first.server == server {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected at most one leader in term {term}; saw server {} lead it at {} and server {server} at \
             {}",
            first.server,
            Seconds(first.at),
            Seconds(at),
        )))
    }
}

/// Checks the claims to lead.
pub(super) struct ElectionSafety {
    leaders: Arc<Mutex<Leaders>>,
}

impl ElectionSafety {
    pub fn new(leaders: &Arc<Mutex<Leaders>>) -> Self {
        Self { leaders: Arc::clone(leaders) }
    }
}

impl Invariant for ElectionSafety {
    fn name(&self) -> &'static str {
        "election safety"
    }

    fn interests(&self) -> Interests {
        Interests::STATES | Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        let term = match event.protocol() {
            Some(RaftEvent::Probed { state, .. }) if state.is_leader => state.term,
            Some(RaftEvent::Accepted { position, .. }) => position.term,
            _ => return Ok(()),
        };
        self.leaders.lock().saw(who.server, term, event.at)
    }

    fn exercised(&self) -> bool {
        self.leaders.lock().checked > 0
    }

    fn subject(&self) -> &'static str {
        "a leader"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_may_lead_many_terms_and_be_seen_often() {
        let mut leaders = Leaders::default();
        for (server, term) in [(0, 1), (0, 1), (2, 2), (0, 3), (2, 2)] {
            assert_eq!(leaders.saw(server, Term(term), Duration::ZERO), Ok(()));
        }
        assert!(leaders.knows(2, Term(2)) && !leaders.knows(0, Term(2)) && !leaders.knows(0, Term(4)));
    }

    #[test]
    fn a_term_has_one_leader() {
        let mut leaders = Leaders::default();
        leaders.saw(1, Term(7), Duration::from_millis(1500)).expect("the first is fine");
        assert_eq!(
            leaders.saw(0, Term(7), Duration::from_secs(2)).expect_err("the second is not").message(),
            "expected at most one leader in term 7; saw server 1 lead it at 1.500 s and server 0 at 2.000 s"
        );
    }

    #[test]
    fn is_not_exercised_without_events() {
        assert!(!ElectionSafety::new(&Arc::default()).exercised());
    }
}
