//! Part B3: a node that misses its leader asks the others, again and again while it knows none.
//!
//! - More than half of all nodes miss the leader, this one included: there is an election.
//! - Somebody hears the leader: there is none, and this node joins that leader, even if it is a lower one.
//! - A leader may be lower than those who follow it from now on. So victory and heartbeats go to all.

use crate::node::CuredNode;

impl CuredNode {
    /// Another node asks whether this one misses the leader; returns the leader from which it hears.
    ///
    /// From which it hears itself: a node that was told of a leader must not pass that on. Why?
    pub(crate) fn leader_that_is_heard(&self) -> Option<usize> {
        todo!("bully_extended::leader_that_is_heard, part B3")
    }
}
