//! Servers with a peer of a replicated log by Paxos each, and the checks of part P2 alone.
//!
//! The log is a [`labapi::Raft`], so servers, agreement and invariants are those of the Raft tests: what they
//! demand is what any log with a leader promises. The rules are those of Paxos.

use super::analysis::PaxosAnalysis;
use crate::raft::{RaftCluster, RaftPeers, ReplicatedLog};
use crate::stage::{Snapshots, Stage};

/// A log by Paxos.
pub(super) fn paxos_log(make: labapi::MakeRaft) -> ReplicatedLog {
    ReplicatedLog {
        make,
        analyses: |servers, _| vec![Box::new(PaxosAnalysis::new(servers))],
        ..ReplicatedLog::raft(make)
    }
}

/// Plays a test of a log by Paxos.
pub(super) fn play(stage: &Stage<'_>, body: impl FnOnce(&RaftCluster)) {
    let paxos = stage.expect(stage.solution().paxos(), "Paxos");
    let snapshots = stage.snapshots() == Snapshots::EveryTenCommands;
    stage.play(RaftPeers::on(paxos_log(paxos.make_log), snapshots), body);
}
