//! Raft: the course's tests of spring 2025, a file a part, what runs on the servers, and what must hold.

mod agreement;
mod analysis;
pub(crate) mod applier;
mod checkers;
mod command;
mod event;
mod inspected;
mod invariants;
mod observations;
mod on_raft;
mod part_3a;
mod part_3b;
mod part_3c;
mod part_3d;
mod part_3x;
mod peers;
mod replicated_log;
mod rules;
mod situations;
mod sizes;
mod snapshot;
pub(crate) mod snapshot_times;
pub(crate) mod steering;
mod workload;

pub use agreement::{Committed, Retry, Waited};
pub use command::Command;
pub use event::{ProbeTimes, RaftEvent};
pub use observations::Observations;
pub use on_raft::{AppliesCommands, OnRaft};
pub use peers::RaftPeers;
pub use replicated_log::ReplicatedLog;
pub(crate) use sizes::SIZE_MARGIN;
pub use snapshot::Snapshot;

use crate::stage::{Snapshots, Stage};
use crate::{Case, Cluster, Lab, Part};

/// Servers with a Raft peer each.
pub type RaftCluster = Cluster<RaftPeers>;

/// Lab 3.
pub(crate) const LAB: Lab = Lab {
    krate: "raft",
    number: "3",
    title: "Raft",
    task: "Raft",
    folder: "raft",
    export: "Solution",
    parts: &[
        Part::new("3A", "leader election"),
        Part::new("3B", "log"),
        Part::new("3C", "persistence"),
        Part::new("3D", "log compaction"),
        Part::new("3X", "adversity"),
    ],
    needs: &[],
    cases,
    rules: rules::all,
    situations: situations::all,
};

/// All of them, in the course's order.
fn cases() -> Vec<Case> {
    [&part_3a::cases()[..], &part_3b::cases(), &part_3c::cases(), &part_3d::cases(), &part_3x::cases()]
        .concat()
}

/// Plays a test of Raft peers.
fn play(stage: &Stage<'_>, body: fn(&RaftCluster)) {
    stage.play(peers_of(stage), body);
}

/// The peers of a test.
fn peers_of(stage: &Stage<'_>) -> RaftPeers {
    let make_raft = stage.expect(stage.solution().raft(), "Raft");
    RaftPeers::new(make_raft, stage.snapshots() == Snapshots::EveryTenCommands)
}

impl Case {
    /// A test of Raft peers; see [`new`](Self::new).
    #[must_use]
    pub fn raft(name: &'static str, part: &'static str, title: &'static str, body: fn(&RaftCluster)) -> Self {
        Self::new(name, part, title, &["raft"], move |stage| play(stage, body))
    }
}
