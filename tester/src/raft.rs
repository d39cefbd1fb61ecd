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
mod sizes;
mod snapshot;

pub use agreement::{Committed, Retry, Waited};
pub use command::Command;
pub use event::{Question, RaftEvent};
pub use observations::Observations;
pub use on_raft::OnRaft;
pub use peers::RaftPeers;
pub use replicated_log::ReplicatedLog;
pub use snapshot::Snapshot;

use crate::case::Snapshots;
use crate::stage::Stage;
use crate::{Case, Cluster};

/// All of them, in the course's order.
pub(crate) fn cases() -> Vec<Case> {
    [&part_3a::cases()[..], &part_3b::cases(), &part_3c::cases(), &part_3d::cases()].concat()
}

/// Plays a test of Raft peers.
pub(crate) fn play(stage: &Stage<'_>, body: fn(&Cluster)) {
    let make_raft = stage.expect(stage.solution().make_raft, "Raft");
    let snapshots = stage.case().snapshots == Snapshots::EveryTenCommands;
    stage.play(RaftPeers::new(make_raft, snapshots), body);
}
