//! Key/value services over Raft with wrong snapshots fail with the right message.

use super::expect_right_passes;
use crate::expect::fails;

#[test]
fn a_right_solution_passes() {
    expect_right_passes(&[
        "snapshot_rpc_4c",
        "snapshot_size_4c",
        "snapshot_recover_4c",
        "snapshot_unreliable_recover_4c",
    ]);
}

fails!(a_state_that_a_snapshot_loses: IgnoresSnapshot in "snapshot_recover_4c", "assertion",
    "expected ", "saw");
fails!(a_state_that_a_snapshot_doubles: CountsTwice in "snapshot_recover_4c", "assertion", "expected ");
fails!(a_log_that_no_snapshot_shortens: NeverSnapshots in "snapshot_size_4c", "assertion",
    "expected snapshots to keep every server's saved Raft state at 8000 bytes or below; saw ");
fails!(a_log_that_no_snapshot_shortens_without_a_follower: NeverSnapshots in "snapshot_rpc_4c", "assertion",
    "expected snapshots to keep every server's saved Raft state at 8000 bytes or below; saw ");
fails!(a_log_that_no_snapshot_shortens_under_load: NeverSnapshots in "snapshot_recover_many_clients_4c",
    "assertion",
    "expected snapshots to keep every server's saved Raft state at 8000 bytes or below; saw ");
fails!(a_snapshot_that_is_too_large: LongSnapshots in "snapshot_size_4c", "assertion",
    "expected no server to save a snapshot of more than 500 bytes; saw 6");
