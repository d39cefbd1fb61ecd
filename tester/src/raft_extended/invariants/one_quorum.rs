//! [`OneQuorum`]: "it is not safe for C_old and C_new to make unilateral decisions at the same time" (paper,
//! §6).
//!
//! A configuration can decide when a quorum of its servers use it. Each server uses one configuration at a
//! time, so two that can decide at the same time have quorums without a server in common. Joint consensus
//! excludes this: C_old,new needs a majority of C_old, and another one of C_new; and C_new is not used before a
//! majority of C_old stores C_old,new for good.

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::Membership;

use crate::display::{Seconds, Servers};
use crate::event::{Event, Interests};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft_extended::event::RaftExtendedEvent;

/// The configuration that each server uses. One that is down has in its storage what it used last.
#[derive(Default)]
pub(super) struct OneQuorum {
    used: BTreeMap<usize, Membership>,
}

impl OneQuorum {
    fn uses(&mut self, server: usize, membership: &Membership, at: Duration) -> Verdict {
        self.used.insert(server, membership.clone());
        if !self.can_decide(membership) {
            return Ok(());
        }
        let other = self.used.values().find(|other| *other != membership && self.can_decide(other));
        let Some(other) = other else { return Ok(()) };
        Err(Violation::new(format!(
            "expected one configuration at most to be used by a quorum of its servers at a time (§6); saw {} \
             use {}, and {} use {} at {}",
            Servers(&self.users(other)),
            Configuration(other),
            Servers(&self.users(membership)),
            Configuration(membership),
            Seconds(at),
        )))
    }

    /// The servers that use a configuration.
    fn users(&self, membership: &Membership) -> Vec<usize> {
        let users = self.used.iter().filter(|(_, used)| *used == membership);
        users.map(|(server, _)| *server).collect()
    }

    /// Whether a majority of each of its sets uses it.
    fn can_decide(&self, membership: &Membership) -> bool {
        let users = self.users(membership);
        std::iter::once(&membership.voters).chain(&membership.incoming).all(|set| {
            let count = set.iter().filter(|server| users.contains(server)).count();
            count > set.len() / 2
        })
    }
}

/// `the servers 0, 1, 2 (of index 4)`.
struct Configuration<'a>(&'a Membership);

impl std::fmt::Display for Configuration<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Membership { index, voters, incoming } = self.0;
        match incoming {
            None => write!(f, "the configuration {voters:?} of index {index}"),
            Some(incoming) => write!(f, "the joint configuration {voters:?}, {incoming:?} of index {index}"),
        }
    }
}

impl Invariant for OneQuorum {
    fn name(&self) -> &'static str {
        "one configuration decides"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        match (event.server(), event.protocol()) {
            (Some(who), Some(RaftExtendedEvent::Uses(membership))) => {
                self.uses(who.server, membership, event.at)
            }
            _ => Ok(()),
        }
    }

    fn exercised(&self) -> bool {
        !self.used.is_empty()
    }

    fn subject(&self) -> &'static str {
        "the configuration of a server"
    }
}

#[cfg(test)]
mod tests {
    use labapi::LogIndex;

    use super::*;

    fn membership(index: u64, voters: &[usize], incoming: &[usize]) -> Membership {
        let incoming = (!incoming.is_empty()).then(|| incoming.to_vec());
        Membership { index: LogIndex(index), voters: voters.to_vec(), incoming }
    }

    fn uses(invariant: &mut OneQuorum, servers: &[usize], used: &Membership) -> Verdict {
        servers.iter().try_for_each(|server| invariant.uses(*server, used, Duration::ZERO))
    }

    #[test]
    fn a_change_at_one_stroke_gives_two_quorums() {
        let (old, new) = (membership(0, &[0, 1, 2], &[]), membership(5, &[0, 1, 2, 3, 4], &[]));
        let mut invariant = OneQuorum::default();
        uses(&mut invariant, &[0, 1, 2, 3, 4], &old).expect("one configuration");
        uses(&mut invariant, &[2, 3], &new).expect("two of five are no quorum");
        let violation = uses(&mut invariant, &[4], &new).expect_err("three of five, and two of three");
        assert_eq!(
            violation.message(),
            "expected one configuration at most to be used by a quorum of its servers at a time (§6); saw \
             servers 0, 1 use the configuration [0, 1, 2] of index 0, and servers 2, 3, 4 use the \
             configuration [0, 1, 2, 3, 4] of index 5 at 0.000 s"
        );
    }

    #[test]
    fn joint_consensus_does_not() {
        let (old, new) = (membership(0, &[0, 1, 2], &[]), membership(6, &[2, 3, 4], &[]));
        let joint = membership(5, &[0, 1, 2], &[2, 3, 4]);
        let mut invariant = OneQuorum::default();
        for (servers, used) in [
            (&[0, 1, 2, 3, 4][..], &old),
            (&[2, 3, 4], &joint),
            (&[1], &joint),
            (&[2, 4], &new),
            (&[3, 1], &new),
            (&[0], &new),
        ] {
            assert_eq!(uses(&mut invariant, servers, used), Ok(()));
        }
    }

    #[test]
    fn is_not_exercised_without_events() {
        assert!(!OneQuorum::default().exercised());
    }
}
