//! [`OneWinnerALock`]: two elections within 30 s have the same winner. A majority has voted for each, so a
//! node has voted in both; and the vote that a winner gave itself is locked as others are.
//!
//! A node that crashes forgets its vote. So two winners are judged only if no node has started meanwhile, or
//! just before.

use std::time::Duration;

use labapi::{BullyView, LONGEST_BALLOT, VOTE_LOCK};

use crate::bully_extended::CuredBullyEvent;
use crate::display::Seconds;
use crate::event::{Event, Incarnation, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};

/// The last winner.
#[derive(Default)]
pub(super) struct OneWinnerALock {
    last: Option<(Incarnation, Duration)>,
    /// When a server started last.
    started: Duration,
    checked: bool,
}

/// The least time between two winners: the first votes for one may be older than its victory, and a node is
/// seen when it is at rest.
const LEAST: Duration =
    Duration::from_millis((VOTE_LOCK.as_millis() - LONGEST_BALLOT.as_millis()) as u64 - 1000);

impl Invariant for OneWinnerALock {
    fn name(&self) -> &'static str {
        "two elections within a vote lock have the same winner"
    }

    fn interests(&self) -> Interests {
        Interests::STATES | Interests::SERVERS
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        if matches!(event.kind, Kind::Started) {
            self.started = event.at;
        }
        let Some(&CuredBullyEvent::Views(BullyView { leader, .. })) = event.protocol() else { return Ok(()) };
        if leader != Some(who.server) {
            return Ok(());
        }
        self.checked = true;
        let before = self.last.replace((who, event.at));
        let Some((other, won)) = before.filter(|(other, _)| other.server != who.server) else {
            return Ok(());
        };
        if event.at >= won + LEAST || self.started + LONGEST_BALLOT >= won {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected two elections within {} to have the same winner; saw {who} lead, although {other} had \
             won at {}",
            Seconds(VOTE_LOCK),
            Seconds(won)
        )))
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "a leader"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bully_extended::invariants::tests::{tell, views};

    #[test]
    fn another_winner_within_the_lock_is_a_violation() {
        let mut invariant = OneWinnerALock::default();
        views(&mut invariant, 3, 10_000, 0, Some(3)).expect("the first");
        views(&mut invariant, 3, 12_000, 0, None).expect("it steps down");
        views(&mut invariant, 3, 13_000, 0, Some(3)).expect("the same again");
        let violation = views(&mut invariant, 4, 40_999, 0, Some(4)).unwrap_err();
        assert!(violation.message().ends_with("saw server 4 lead, although server 3 had won at 13.000 s"));
        views(&mut invariant, 2, 68_999, 0, Some(2)).expect("the lock is over");
    }

    #[test]
    fn a_node_that_started_may_have_forgotten() {
        let mut invariant = OneWinnerALock::default();
        views(&mut invariant, 3, 10_000, 0, Some(3)).expect("the first");
        tell(&mut invariant, (0, 2), 11_000, Kind::Started).expect("a start");
        views(&mut invariant, 4, 12_000, 0, Some(4)).expect("node 0 may have voted twice");
    }
}
