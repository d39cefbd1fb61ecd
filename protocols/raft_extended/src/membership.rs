//! Configurations and their quorums (§6).
//!
//! All counting goes through [`Configuration::agreed`]: votes, commitment, the leader's contact with a
//! quorum. So there is one place that knows of joint consensus.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::server::PeerId;

/// The servers that vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Configuration {
    /// C_old in a joint configuration, otherwise all voters.
    pub(crate) voters: BTreeSet<PeerId>,
    /// C_new in a joint configuration C_old,new.
    pub(crate) incoming: Option<BTreeSet<PeerId>>,
}

impl Configuration {
    /// A configuration of these voters.
    pub(crate) fn of(voters: impl IntoIterator<Item = PeerId>) -> Self {
        Self { voters: voters.into_iter().collect(), incoming: None }
    }

    /// C_old,new on the way to these voters.
    pub(crate) fn joint(&self, incoming: BTreeSet<PeerId>) -> Self {
        Self { voters: self.voters.clone(), incoming: Some(incoming) }
    }

    /// Whether the server votes: in a joint configuration, in either set.
    pub(crate) fn has(&self, peer: PeerId) -> bool {
        self.sets().any(|set| set.contains(&peer))
    }

    /// All voters, of both sets.
    pub(crate) fn servers(&self) -> BTreeSet<PeerId> {
        self.sets().flatten().copied().collect()
    }

    /// The highest value that a quorum reaches, given the value of each server. A quorum is a majority, and
    /// in a joint configuration "separate majorities from both the old and new configurations" (§6).
    pub(crate) fn agreed<T: Ord>(&self, value: impl Fn(PeerId) -> T) -> T {
        let of_sets = self.sets().map(|set| {
            let mut values: Vec<T> = set.iter().map(|&peer| value(peer)).collect();
            values.sort_unstable();
            // Sorted, the value at position p is reached by the server there and by all to the right of it.
            values.swap_remove((set.len() - 1) / 2)
        });
        of_sets.min().expect("there are voters")
    }

    fn sets(&self) -> impl Iterator<Item = &BTreeSet<PeerId>> {
        std::iter::once(&self.voters).chain(&self.incoming)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_reaches_what_the_middle_server_reaches() {
        for (values, agreed) in
            [(&[4][..], 4), (&[4, 2], 2), (&[4, 0, 0], 0), (&[4, 3, 0], 3), (&[5, 4, 3, 2, 1], 3)]
        {
            assert_eq!(Configuration::of(0..values.len()).agreed(|peer| values[peer]), agreed, "{values:?}");
        }
    }

    #[test]
    fn a_joint_configuration_needs_both_majorities() {
        let joint = Configuration::of([0, 1, 2]).joint(BTreeSet::from([2, 3, 4]));
        let is_quorum = |servers: &[PeerId]| joint.agreed(|peer| servers.contains(&peer));
        for quorum in [&[0, 1, 3, 4][..], &[0, 2, 3], &[1, 2, 4], &[0, 1, 2, 3, 4]] {
            assert!(is_quorum(quorum), "{quorum:?}");
        }
        for minority in [&[0, 1, 2][..], &[2, 3, 4], &[0, 1], &[0, 3, 4], &[0, 1, 3]] {
            assert!(!is_quorum(minority), "{minority:?}");
        }
        assert!(joint.has(0) && joint.has(4) && !joint.has(5));
        assert_eq!(joint.servers(), BTreeSet::from([0, 1, 2, 3, 4]));
    }
}
