//! Part B5: a state is sent, saved by a quorum, and then committed.
//!
//! - A state that was received is saved before it is acknowledged, and so is the generation, for a node that
//!   comes back may be needed for the quorum. A state of an older generation is dropped.
//! - A new leader first asks a quorum what they have saved: with its victory, so that whoever answers takes
//!   nothing from older leaders any more. The newest of it is that of the newest generation, and then of the
//!   highest version. The leader publishes it again, in its own generation and with the same version.
//! - Everything that gets lost is sent again: states, and the news that they are committed.

use labapi::Publication;

use crate::node::CuredNode;

impl CuredNode {
    /// The leader is given a state, if it is ready for one; returns its version.
    pub(crate) fn begin_publication(&self, state: Vec<u8>) -> Option<u64> {
        todo!("bully_extended::begin_publication, part B5")
    }

    /// What this node knows to be committed.
    pub(crate) fn newest_committed(&self) -> Option<Publication> {
        todo!("bully_extended::newest_committed, part B5")
    }
}
