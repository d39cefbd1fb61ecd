//! The learner (part P1): §2.3 of the paper.

use crate::node::Node;

impl Node {
    /// The learner's thread: finds out about the instances that this node has heard of and does not know the
    /// value of.
    ///
    /// - Whoever has a value chosen tells all nodes. That message may be lost, and its sender may crash.
    /// - A node may ask: what do you know to be chosen? what have you accepted? A value is chosen when a
    ///   majority has accepted it *in the same ballot*.
    /// - If asking does not help, it can have a value proposed: see the end of §2.3.
    pub(crate) fn run_learner(&self) {
        todo!("paxos::run_learner, part P1")
    }
}
