//! The proposer (part P1): §2.2 and §2.4 of the paper.

use crate::node::Node;

impl Node {
    /// The thread of a proposal: tries ballot after ballot, until a value is known to be chosen.
    ///
    /// - The ballot: higher than all that this node has heard of, and never used before, also not before a
    ///   crash.
    /// - Phase 1: ask all acceptors at the same time. This node's own is one of them: do not call it over the
    ///   network. Go on when a majority has promised.
    /// - Phase 2: which value? Go on when a majority has accepted.
    /// - Answers may not come at all: wait for a while, then begin anew.
    /// - Two proposers can keep each other from getting through. Let each wait for a random time
    ///   (`labrt::rand`) before it tries again, and longer each time.
    pub(crate) fn run_proposer(&self, instance: u64, own: Vec<u8>) {
        todo!("paxos::run_proposer, part P1")
    }
}
