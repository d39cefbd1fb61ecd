//! Failure detection: heartbeats show that the leader is still there.

use crate::messages::{Ack, Heartbeat};
use crate::node::Bully;

/// A leader sends heartbeats to all lower nodes. Your function for that here.
impl Bully {
    /// A leader says that it is there.
    ///
    /// - From this node's own leader: it need not be missed for a while.
    /// - From a higher node than that: this node has missed a victory, or the network was cut in two. It
    ///   follows the higher one from now on, also if it leads itself.
    /// - From a lower node: that one has not heard yet that it leads no longer.
    pub(crate) fn answer_heartbeat(&self, args: Heartbeat) -> Ack {
        todo!("bully::answer_heartbeat, part B1")
    }
}
