//! Part 4C, as far as it is about the replicated counter: snapshots keep what Raft saves small.

use super::Counters;
use crate::{Case, Cluster};

/// When a replica takes a snapshot.
const MAX_RAFT_STATE: usize = 1000;

pub(crate) fn cases() -> [Case; 1] {
    [Case::new("snapshot_4c", "4C", "Test creating and restoring snapshot", &["raft", "kvraft"], |stage| {
        super::play(stage, snapshot_4c);
    })
    .max_raft_state(MAX_RAFT_STATE)
    .points(3)]
}

fn snapshot_4c(cluster: &Cluster<Counters>) {
    for _ in 0..100 {
        cluster.inc();
    }
    cluster.check_counter(100, 3);
    cluster.check_log_size(2 * MAX_RAFT_STATE);

    // Does each server go on where its snapshot ends?
    cluster.shutdown_all();
    cluster.start_all();
    cluster.inc();
    cluster.check_counter(101, 3);
}
