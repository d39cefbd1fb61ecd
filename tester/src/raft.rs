//! The course's tests of Raft, of spring 2025, a file a part.

mod part_3a;
mod part_3b;
mod part_3c;
mod part_3d;
mod peers;

pub use peers::RaftPeers;

use crate::Case;

/// All of them, in the course's order.
pub(crate) fn cases() -> Vec<Case> {
    [&part_3a::CASES[..], &part_3b::CASES, &part_3c::CASES, &part_3d::CASES].concat()
}
