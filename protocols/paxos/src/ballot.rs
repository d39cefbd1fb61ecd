//! The numbers of proposals.

use serde::{Deserialize, Serialize};

/// A node's position among its peers, the same on every node.
pub(crate) type NodeId = usize;

/// The number of a proposal. "Different proposals have different numbers" (*Paxos Made Simple*, §2.2): the
/// round makes a number higher than another, and the node makes it unique.
///
/// The first round is 1. The default, with round 0, is below all ballots, and nobody's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Ballot {
    /// Compared first.
    pub(crate) round: u64,
    /// The proposer whose number it is.
    pub(crate) node: NodeId,
}

impl Ballot {
    /// A ballot of this node that is higher than this one.
    pub(crate) fn next(self, node: NodeId) -> Self {
        Self { round: self.round + 1, node }
    }

    /// The ballot as one number, in the same order, among so many servers.
    pub(crate) fn number(self, servers: usize) -> u64 {
        self.round * servers as u64 + self.node as u64
    }
}
