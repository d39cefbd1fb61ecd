//! Lab 4: the key/value service over Raft. (Part 4A, and the first test of 4C, are in `rsm`.)

mod faults;
mod generic;
mod part_4b;
mod part_4c;
mod servers;

pub use servers::KvServers;

use crate::raft::ReplicatedLog;
use crate::stage::Stage;
use crate::{Case, Cluster, rsm};

/// All tests of lab 4, in the course's order.
pub(crate) fn cases() -> Vec<Case> {
    [&rsm::cases_4a()[..], &part_4b::cases(), &rsm::cases_4c(), &part_4c::cases()].concat()
}

/// Plays a test of key/value servers over Raft.
fn play(stage: &Stage<'_>, body: fn(&Cluster<KvServers>)) {
    let log = ReplicatedLog::raft(stage.expect(stage.solution().make_raft, "Raft"));
    let kvraft = stage.expect(stage.solution().kvraft, "kvraft");
    stage.play(KvServers::new(log, kvraft, stage.max_raft_state(), stage.budget()), body);
}
