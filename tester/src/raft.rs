//! Raft: the course's tests of spring 2025, a file a part, what runs on the servers, and what must hold.

mod agreement;
mod applier;
mod checkers;
mod command;
mod event;
mod invariants;
mod observations;
mod on_raft;
mod part_3a;
mod part_3b;
mod part_3c;
mod part_3d;
mod peers;
mod replicated_log;
mod snapshot;

pub use agreement::{Committed, Retry, Waited};
pub use command::Command;
pub use event::{Question, RaftEvent};
pub use observations::Observations;
pub use on_raft::OnRaft;
pub use peers::RaftPeers;
pub use replicated_log::ReplicatedLog;
pub use snapshot::Snapshot;

use crate::Case;

/// All of them, in the course's order.
pub(crate) fn cases() -> Vec<Case> {
    [&part_3a::CASES[..], &part_3b::CASES, &part_3c::CASES, &part_3d::CASES].concat()
}
