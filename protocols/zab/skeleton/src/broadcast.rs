//! Broadcast: phase 3 (part Z3).

use crate::server::QuorumPeer;

impl QuorumPeer {
    /// Sends what is new to the followers and observers.
    pub(crate) fn send_proposals(&self) {
        todo!("zab::send_proposals, part Z3")
    }
}
