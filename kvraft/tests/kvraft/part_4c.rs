//! Part 4C: snapshots. What each test does is told in `tester/src/rsm/part_4c.rs` and `tester/src/kvraft/part_4c.rs`.

use crate::SOLUTION;

#[test]
fn snapshot_4c() {
    tester::cargo_test("snapshot_4c", &SOLUTION);
}

#[test]
fn snapshot_rpc_4c() {
    tester::cargo_test("snapshot_rpc_4c", &SOLUTION);
}

#[test]
fn snapshot_size_4c() {
    tester::cargo_test("snapshot_size_4c", &SOLUTION);
}

#[test]
fn speed_4c() {
    tester::cargo_test("speed_4c", &SOLUTION);
}

#[test]
fn snapshot_recover_4c() {
    tester::cargo_test("snapshot_recover_4c", &SOLUTION);
}

#[test]
fn snapshot_recover_many_clients_4c() {
    tester::cargo_test("snapshot_recover_many_clients_4c", &SOLUTION);
}

#[test]
fn snapshot_unreliable_4c() {
    tester::cargo_test("snapshot_unreliable_4c", &SOLUTION);
}

#[test]
fn snapshot_unreliable_recover_4c() {
    tester::cargo_test("snapshot_unreliable_recover_4c", &SOLUTION);
}

#[test]
fn snapshot_unreliable_recover_concurrent_partition_4c() {
    tester::cargo_test("snapshot_unreliable_recover_concurrent_partition_4c", &SOLUTION);
}

#[test]
fn snapshot_unreliable_recover_concurrent_partition_linearizable_4c() {
    tester::cargo_test("snapshot_unreliable_recover_concurrent_partition_linearizable_4c", &SOLUTION);
}
