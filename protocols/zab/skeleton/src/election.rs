//! Fast leader election (part Z1).

use crate::server::QuorumPeer;

impl QuorumPeer {
    /// Looks for a leader, in a new round.
    pub(crate) fn begin_election(&self) {
        todo!("zab::begin_election, part Z1")
    }
}
