//! [`OneQuorum`]: "it is not safe for C_old and C_new to make unilateral decisions at the same time" (paper,
//! §6).
//!
//! A configuration can decide when a quorum of its servers use it. Each server uses one configuration at a
//! time, so two that can decide at the same time have quorums without a server in common. Joint consensus
//! excludes this: C_old,new needs a majority of C_old, and another one of C_new; and C_new is not used before
//! a majority of C_old stores C_old,new for good.

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::Membership;

use crate::display::{Seconds, Servers};
use crate::event::{Event, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft_extended::event::RaftExtendedEvent;

/// The configurations that servers use.
///
/// A server is probed when it has come to rest, so it may use a later configuration than the last one that it
/// was seen to use; and one that has crashed may have saved a later one. So servers that are down do not
/// count, and two configurations that can decide at the same time must have been seen so for a while.
#[derive(Default)]
pub(super) struct OneQuorum {
    used: BTreeMap<usize, Membership>,
    /// Two configurations that can decide, and since when.
    conflict: Option<(Membership, Membership, Duration)>,
    checked: u64,
}

/// Longer than it takes a server to come to rest.
const A_WHILE: Duration = Duration::from_millis(500);

impl OneQuorum {
    /// The server uses another configuration, or it is not known any more which one it uses.
    fn uses(&mut self, server: usize, membership: Option<&Membership>, at: Duration) {
        self.checked += 1;
        match membership {
            Some(membership) => self.used.insert(server, membership.clone()),
            None => self.used.remove(&server),
        };
        let mut deciding = self.used.values().filter(|membership| self.can_decide(membership));
        let one = deciding.next();
        let other = one.and_then(|one| deciding.find(|other| *other != one));
        self.conflict = one.zip(other).map(|(one, other)| {
            let same = |(a, b, _): &&(Membership, Membership, Duration)| (a, b) == (one, other);
            let since = self.conflict.as_ref().filter(same).map_or(at, |(_, _, since)| *since);
            (one.clone(), other.clone(), since)
        });
    }

    fn judge(&self, at: Duration) -> Verdict {
        let Some((one, other, since)) = &self.conflict else { return Ok(()) };
        if at < *since + A_WHILE {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected one configuration at most to be used by a quorum of its servers at a time (§6); saw {} \
             use {}, and {} use {} since {}",
            Servers(&self.users(one)),
            Configuration(one),
            Servers(&self.users(other)),
            Configuration(other),
            Seconds(*since),
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
        Interests::SERVERS | Interests::STATES | Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        if let Some(who) = event.server() {
            match (event.kind, event.protocol()) {
                (_, Some(RaftExtendedEvent::Uses(membership))) => {
                    self.uses(who.server, Some(membership), event.at);
                }
                (Kind::CutOff | Kind::Crashed { .. } | Kind::Left | Kind::Started, _) => {
                    self.uses(who.server, None, event.at);
                }
                _ => {}
            }
        }
        self.judge(event.at)
    }

    fn exercised(&self) -> bool {
        self.checked > 0
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

    fn uses(invariant: &mut OneQuorum, servers: &[usize], used: &Membership) {
        servers.iter().for_each(|server| invariant.uses(*server, Some(used), Duration::ZERO));
    }

    #[test]
    fn a_change_at_one_stroke_gives_two_quorums() {
        let (old, new) = (membership(0, &[0, 1, 2], &[]), membership(5, &[0, 1, 2, 3, 4], &[]));
        let mut invariant = OneQuorum::default();
        uses(&mut invariant, &[0, 1, 2, 3, 4], &old);
        uses(&mut invariant, &[2, 3], &new);
        assert_eq!(invariant.judge(2 * A_WHILE), Ok(()), "two of five are no quorum");
        uses(&mut invariant, &[4], &new);
        assert_eq!(invariant.judge(A_WHILE / 2), Ok(()), "it may not have been seen that this is over");
        let violation = invariant.judge(A_WHILE).expect_err("three of five, and two of three");
        assert_eq!(
            violation.message(),
            "expected one configuration at most to be used by a quorum of its servers at a time (§6); saw \
             servers 0, 1 use the configuration [0, 1, 2] of index 0, and servers 2, 3, 4 use the \
             configuration [0, 1, 2, 3, 4] of index 5 since 0.000 s"
        );

        // One that is down may have saved another one.
        invariant.uses(1, None, A_WHILE);
        assert_eq!(invariant.judge(2 * A_WHILE), Ok(()));
        invariant.uses(1, Some(&old), 2 * A_WHILE);
        assert_eq!(invariant.judge(2 * A_WHILE), Ok(()), "it has just begun");
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
            uses(&mut invariant, servers, used);
            assert_eq!(invariant.judge(9 * A_WHILE), Ok(()));
        }
    }

    #[test]
    fn is_not_exercised_without_events() {
        assert!(!OneQuorum::default().exercised());
    }
}
