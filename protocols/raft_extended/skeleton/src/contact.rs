//! When a quorum was heard of last (parts 3F and 3G): §6.2 of the thesis.

use labrt::time::Instant;

use crate::server::Peer;

impl Peer {
    /// The latest time such that a quorum has answered requests of this term which this leader *sent* then or
    /// later. Check-quorum, ReadIndex and the lease all ask for it.
    pub(crate) fn quorum_contact(&self) -> Option<Instant> {
        todo!("raft_extended::quorum_contact, part 3F")
    }
}
