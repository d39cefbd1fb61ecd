//! Discovery and synchronisation: phases 1 and 2 (parts Z1 and Z2).

use crate::server::QuorumPeer;

impl QuorumPeer {
    /// This server was elected.
    pub(crate) fn begin_to_lead(&self) {
        todo!("zab::begin_to_lead, part Z1")
    }

    /// Another server was elected.
    pub(crate) fn begin_to_follow(&self, leader: usize) {
        todo!("zab::begin_to_follow, part Z1")
    }
}
