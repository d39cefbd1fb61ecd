//! [`LeaderCompleteness`] (paper, Figure 3): an entry committed in a term is in the logs of the
//! leaders of all later terms.
//!
//! Neither the term that an entry was committed in nor a leader's log can be seen from outside.
//! But a server that has applied an entry cannot be in a term below the one that the entry was
//! committed in; and a leader that says where it puts a new command says how long its log is. So a
//! leader of a term above that of a server which applied index `i` must not put a new command at
//! `i` or below.

use std::time::Duration;

use labapi::{LogIndex, Started, Term};

use crate::display::Seconds;
use crate::event::{Event, Incarnation, Interests};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft::event::RaftEvent;

/// Evidence of the terms in which entries were committed.
#[derive(Default)]
pub(super) struct LeaderCompleteness {
    /// Sorted by both term and index: a later term is only kept if it has a higher index.
    known: Vec<Evidence>,
    /// Whether a leader has accepted a command.
    accepted: bool,
}

/// Every entry up to `index` was committed in `term` or before.
struct Evidence {
    term: Term,
    index: LogIndex,
    seen: Incarnation,
    at: Duration,
}

impl LeaderCompleteness {
    /// Records that `who` had applied everything up to `index` and was found in `term` thereafter.
    fn learn(&mut self, who: Incarnation, index: LogIndex, term: Term, at: Duration) {
        let from = self.known.partition_point(|evidence| evidence.term < term);
        let before =
            if self.known.get(from).is_some_and(|evidence| evidence.term == term) { from + 1 } else { from };
        if before.checked_sub(1).map_or(LogIndex(0), |last| self.known[last].index) >= index {
            return;
        }
        let until = from + self.known[from..].partition_point(|evidence| evidence.index <= index);
        self.known.splice(from..until.max(before), [Evidence { term, index, seen: who, at }]);
    }

    /// Checks the position that the leader of `position.term` assigned to a new command.
    fn check(&mut self, server: usize, position: Started) -> Verdict {
        let known = self.known.partition_point(|evidence| evidence.term < position.term);
        let Some(evidence) = known.checked_sub(1).map(|last| &self.known[last]) else {
            return Ok(());
        };
        if position.index > evidence.index {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected the leader of term {} to have every entry that was committed before; saw server \
             {server} put \
             a new command at index {}, although {}, in term {} at {}, had applied everything up to index {}",
            position.term,
            position.index,
            evidence.seen,
            evidence.term,
            Seconds(evidence.at),
            evidence.index,
        )))
    }
}

impl Invariant for LeaderCompleteness {
    fn name(&self) -> &'static str {
        "leader completeness"
    }

    fn interests(&self) -> Interests {
        Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        match event.protocol() {
            Some(&RaftEvent::AppliedInTerm { applied, term }) => {
                self.learn(who, applied, term, event.at);
                Ok(())
            }
            Some(&RaftEvent::Accepted { position, .. }) => {
                self.accepted = true;
                self.check(who.server, position)
            }
            _ => Ok(()),
        }
    }

    /// A test without agreement has no evidence.
    fn exercised(&self) -> bool {
        !self.accepted || !self.known.is_empty()
    }

    fn subject(&self) -> &'static str {
        "a term with applied entries"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Group;

    fn learned(evidence: &[(u64, u64)]) -> LeaderCompleteness {
        let mut completeness = LeaderCompleteness::default();
        for &(term, index) in evidence {
            completeness.learn(
                Incarnation { group: Group { number: 0, name: "" }, server: 0, number: 1 },
                LogIndex(index),
                Term(term),
                Duration::ZERO,
            );
        }
        completeness
    }

    fn kept(completeness: &LeaderCompleteness) -> Vec<(u64, u64)> {
        completeness.known.iter().map(|evidence| (evidence.term.0, evidence.index.0)).collect()
    }

    #[test]
    fn only_stronger_evidence_is_kept() {
        assert_eq!(kept(&learned(&[(1, 0)])), []);
        assert_eq!(kept(&learned(&[(1, 3), (1, 2), (1, 5)])), [(1, 5)]);
        assert_eq!(kept(&learned(&[(1, 3), (4, 3), (4, 4)])), [(1, 3), (4, 4)]);
        assert_eq!(kept(&learned(&[(5, 3), (7, 9), (2, 4)])), [(2, 4), (7, 9)]);
        assert_eq!(kept(&learned(&[(5, 3), (7, 9), (2, 9)])), [(2, 9)]);
        assert_eq!(kept(&learned(&[(5, 3), (7, 9), (5, 10)])), [(5, 10)]);
    }

    #[test]
    fn a_leader_appends_after_what_was_committed_in_earlier_terms() {
        let mut completeness = learned(&[(2, 4), (5, 7)]);
        let mut start =
            |term, index| completeness.check(1, Started { term: Term(term), index: LogIndex(index) });
        // A deposed leader does not know of later entries.
        assert_eq!(start(2, 1), Ok(()));
        assert_eq!(start(3, 5), Ok(()));
        assert_eq!(start(5, 5), Ok(()));
        assert_eq!(start(6, 8), Ok(()));
        assert!(start(3, 4).is_err());
        let missing = start(6, 7).expect_err("index 7 was committed in term 5 at the latest");
        assert!(missing.message().contains("server 1 put a new command at index 7"), "{missing}");
    }

    #[test]
    fn is_not_exercised_without_events() {
        let mut invariant = LeaderCompleteness::default();
        assert!(invariant.exercised(), "nothing was agreed on");
        invariant.accepted = true;
        assert!(!invariant.exercised());
    }
}
