//! Fast leader election (part Z1).

use crate::server::Peer;

impl Peer {
    /// Looks for a leader, in a new round.
    pub(crate) fn begin_election(&self) {
        todo!("zab::begin_election, part Z1")
    }
}
