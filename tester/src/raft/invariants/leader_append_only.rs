//! [`LeaderAppendOnly`] (paper, Figure 3): a leader never overwrites its own log, so it assigns each index
//! once in a term.

use labapi::{LogIndex, Started, Term};
use rustc_hash::FxHashSet;

use crate::event::{Event, Interests};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft::event::RaftEvent;

/// Every index and term that a leader has assigned.
#[derive(Default)]
pub(super) struct LeaderAppendOnly {
    positions: FxHashSet<(Term, LogIndex)>,
}

impl LeaderAppendOnly {
    /// Records that `server` accepted a command and assigned it a position.
    fn accept(&mut self, server: usize, position: Started) -> Verdict {
        let Started { index, term } = position;
        if index.0 == 0 {
            return Err(Violation::new(format!(
                "expected indices that count from 1; saw start on server {server} answer index 0 in term \
                 {term}"
            )));
        }
        if !self.positions.insert((term, index)) {
            return Err(Violation::new(format!(
                "expected the leader of term {term} to give out each index once; \
                 saw start on server {server} answer index {index} for a second time in that term"
            )));
        }
        Ok(())
    }
}

impl Invariant for LeaderAppendOnly {
    fn name(&self) -> &'static str {
        "leader append-only"
    }

    fn interests(&self) -> Interests {
        Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        match (event.server(), event.protocol()) {
            (Some(who), Some(&RaftEvent::Accepted { position, .. })) => self.accept(who.server, position),
            _ => Ok(()),
        }
    }

    /// Always, because a test may submit nothing.
    fn exercised(&self) -> bool {
        true
    }

    fn subject(&self) -> &'static str {
        "a command that a leader took"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(index: u64, term: u64) -> Started {
        Started { index: LogIndex(index), term: Term(term) }
    }

    #[test]
    fn a_later_leader_may_assign_an_index_again_but_not_the_same_leader() {
        let mut invariant = LeaderAppendOnly::default();
        for (server, index, term) in [(0, 1, 1), (0, 2, 1), (2, 2, 2), (0, 3, 1)] {
            assert_eq!(invariant.accept(server, position(index, term)), Ok(()));
        }
        let twice = invariant.accept(0, position(2, 1)).expect_err("given out before");
        assert!(
            twice.message().contains("saw start on server 0 answer index 2 for a second time"),
            "{twice}"
        );
    }

    #[test]
    fn there_is_no_index_zero() {
        let zero = LeaderAppendOnly::default().accept(1, position(0, 1)).expect_err("no such position");
        assert!(zero.message().contains("count from 1"), "{zero}");
    }
}
