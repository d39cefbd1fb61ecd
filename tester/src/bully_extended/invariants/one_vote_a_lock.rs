//! [`OneVoteALock`]: who has voted votes for nobody else for 30 s, in one incarnation: the lock is not saved.
//!
//! The vote that a candidate gave itself is free when its ballot has failed.

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::VOTE_LOCK;

use crate::bully_extended::CuredBullyEvent;
use crate::display::Seconds;
use crate::event::{Event, Incarnation, Interests};
use crate::invariant::{Invariant, Verdict, Violation};

/// The last candidate that had each node's vote, and when that was seen first.
#[derive(Default)]
pub(super) struct OneVoteALock {
    votes: BTreeMap<Incarnation, (usize, Duration)>,
}

/// A node votes, and is seen when it is at rest. The first vote may be seen later than it was given.
const SEEN_LATER: Duration = Duration::from_secs(1);

impl Invariant for OneVoteALock {
    fn name(&self) -> &'static str {
        "a vote is locked"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(&CuredBullyEvent::Votes { candidate: Some(candidate) }) = event.protocol() else {
            return Ok(());
        };
        let Some(who) = event.server() else { return Ok(()) };
        let before = self.votes.insert(who, (candidate, event.at));
        let Some((other, since)) = before.filter(|(other, _)| *other != candidate) else { return Ok(()) };
        if other == who.server || event.at >= since + VOTE_LOCK - SEEN_LATER {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected a node that has voted to vote for nobody else for {}; saw {who} vote for server \
             {candidate}, although server {other} had its vote at {}",
            Seconds(VOTE_LOCK),
            Seconds(since)
        )))
    }

    fn exercised(&self) -> bool {
        !self.votes.is_empty()
    }

    fn subject(&self) -> &'static str {
        "a vote"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bully_extended::invariants::tests::tell;
    use crate::event::Kind;

    fn votes(
        invariant: &mut OneVoteALock,
        who: (usize, u32),
        at_ms: u64,
        candidate: Option<usize>,
    ) -> Verdict {
        tell(invariant, who, at_ms, Kind::Protocol(&CuredBullyEvent::Votes { candidate }))
    }

    #[test]
    fn a_second_candidate_within_the_lock_is_a_violation() {
        let mut invariant = OneVoteALock::default();
        votes(&mut invariant, (0, 1), 1000, Some(3)).expect("the first");
        votes(&mut invariant, (0, 1), 5000, None).expect("it says nothing");
        let violation = votes(&mut invariant, (0, 1), 29_999, Some(4)).unwrap_err();
        assert_eq!(
            violation.message(),
            "expected a node that has voted to vote for nobody else for 30.000 s; saw server 0 vote for \
             server 4, although server 3 had its vote at 1.000 s"
        );
        assert!(invariant.exercised());
    }

    #[test]
    fn a_vote_is_free_later_in_another_incarnation_and_after_an_own_ballot() {
        let mut invariant = OneVoteALock::default();
        votes(&mut invariant, (0, 1), 1000, Some(3)).expect("the first");
        votes(&mut invariant, (0, 2), 2000, Some(4)).expect("another incarnation");
        votes(&mut invariant, (0, 1), 30_000, Some(4)).expect("later");
        votes(&mut invariant, (1, 1), 1000, Some(1)).expect("its own");
        votes(&mut invariant, (1, 1), 1500, Some(3)).expect("its own ballot has failed");
    }
}
