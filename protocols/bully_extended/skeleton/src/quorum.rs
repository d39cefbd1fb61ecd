//! Part B4: a candidate and a leader need a quorum, which is *n/2 + 1* of all *n* nodes, with themselves.
//!
//! - Keep, for each other node, when a message was sent to it that it has answered. When it was sent, not
//!   when the answer came: what the node did in between is not known.
//! - A candidate has to hear from lower nodes, too.
//! - A leader steps down within `labapi::QUORUM_TIMEOUT` of the last quorum, and asks who leads.

use crate::node::CuredNode;

impl CuredNode {
    /// Whether enough nodes were reached lately.
    pub(crate) fn reaches_quorum(&self) -> bool {
        todo!("bully_extended::reaches_quorum, part B4")
    }
}
