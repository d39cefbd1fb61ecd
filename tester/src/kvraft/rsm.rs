//! Part 4A: any service, replicated. The tests replicate a counter.

mod counter;
mod counters;
mod event;
mod part_4a;
mod part_4c;
mod part_4x;
mod replicas;
mod rules;
mod submits;

pub use counters::Counters;
pub(crate) use counters::replica;
pub(crate) use part_4a::cases as cases_4a;
pub(crate) use part_4c::cases as cases_4c;
pub(crate) use part_4x::cases as cases_4x;
pub(super) use rules::all as rules;

use crate::Cluster;
use crate::raft::ReplicatedLog;
use crate::stage::Stage;

/// Plays a test of replicas of a counter.
fn play(stage: &Stage<'_>, body: impl FnOnce(&Cluster<Counters>)) {
    play_on(stage, ReplicatedLog::raft(stage.expect(stage.solution().raft(), "Raft")), body);
}

/// Plays a test of replicas of a counter over this log.
fn play_on(stage: &Stage<'_>, log: ReplicatedLog, body: impl FnOnce(&Cluster<Counters>)) {
    let make_rsm = stage.expect(stage.solution().key_value_on_raft(), "rsm").make_rsm;
    stage.play(Counters::new(log, make_rsm, stage.max_raft_state(), stage.servers()), body);
}
