//! [`FreshReads`]: "a read must return the results of the latest committed write" as of its beginning
//! (Ongaro's thesis, §6.4).
//!
//! A client is told that its command is done when a server has applied it. So a read that begins afterwards
//! has to wait for that index at least.

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::{CLOCK_RATE_BOUND, LogIndex};

use crate::RaftEvent;
use crate::display::Seconds;
use crate::event::{Event, Incarnation, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft_extended::event::RaftExtendedEvent;

/// Compares each read with what had been applied when it began.
#[derive(Default)]
pub(super) struct FreshReads {
    /// The highest index that any server has applied.
    applied: LogIndex,
    /// What had been applied when each of the reads under way began.
    began: BTreeMap<u64, LogIndex>,
    /// Whether a clock has ever differed by more than leases allow for. From then on they promise nothing.
    is_skewed: bool,
}

impl FreshReads {
    fn answers(
        &mut self,
        who: Incarnation,
        read: u64,
        by_lease: bool,
        index: LogIndex,
        at: Duration,
    ) -> Verdict {
        let Some(applied) = self.began.remove(&read) else { return Ok(()) };
        if index >= applied || (by_lease && self.is_skewed) {
            return Ok(());
        }
        let how = if by_lease { "by its lease" } else { "as leader" };
        Err(Violation::new(format!(
            "expected a read to see all that was applied before it began, up to index {applied}; saw {who} \
             answer it {how} at {} with index {index}",
            Seconds(at)
        )))
    }
}

impl Invariant for FreshReads {
    fn name(&self) -> &'static str {
        "reads are fresh"
    }

    fn interests(&self) -> Interests {
        Interests::SERVERS | Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        if let Kind::ClockRate(rate) = event.kind {
            self.is_skewed |= rate.abs_diff(1_000_000) > CLOCK_RATE_BOUND;
        }
        if let Some(RaftEvent::Applied { index, .. }) = event.protocol() {
            self.applied = self.applied.max(*index);
        }
        match (event.server(), event.protocol()) {
            (_, Some(RaftExtendedEvent::ReadBegan { read })) => {
                self.began.insert(*read, self.applied);
                Ok(())
            }
            (Some(who), Some(&RaftExtendedEvent::ReadAnswered { read, by_lease, index })) => {
                self.answers(who, read, by_lease, index, event.at)
            }
            _ => Ok(()),
        }
    }

    /// Always, because a test may read nothing.
    fn exercised(&self) -> bool {
        true
    }

    fn subject(&self) -> &'static str {
        "a read"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Group;

    const WHO: Incarnation = Incarnation { group: Group { number: 0, name: "" }, server: 2, number: 1 };

    /// A read that began when index 7 was applied, and is answered so.
    fn read(by_lease: bool, is_skewed: bool, index: u64) -> Verdict {
        let began = BTreeMap::from([(1, LogIndex(7))]);
        let mut invariant = FreshReads { applied: LogIndex(9), began, is_skewed };
        invariant.answers(WHO, 1, by_lease, LogIndex(index), Duration::from_secs(2))
    }

    #[test]
    fn a_read_sees_what_was_applied_before_it_began() {
        for by_lease in [false, true] {
            assert_eq!(read(by_lease, false, 7), Ok(()), "what came meanwhile need not be seen");
            assert_eq!(read(by_lease, false, 9), Ok(()));
        }
        assert_eq!(
            read(true, false, 6).expect_err("stale").message(),
            "expected a read to see all that was applied before it began, up to index 7; saw server 2 answer \
             it by its lease at 2.000 s with index 6"
        );
    }

    #[test]
    fn wrong_clocks_excuse_leases_alone() {
        assert_eq!(read(true, true, 6), Ok(()));
        assert!(read(false, true, 6).is_err());
    }
}
