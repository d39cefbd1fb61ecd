//! Part 4A: a replicated state machine. What each test does is told in `tester/src/rsm/part_4a.rs`.

use crate::SOLUTION;

#[test]
fn basic_4a() {
    tester::cargo_test("basic_4a", &SOLUTION);
}

#[test]
fn concurrent_4a() {
    tester::cargo_test("concurrent_4a", &SOLUTION);
}

#[test]
fn leader_failure_4a() {
    tester::cargo_test("leader_failure_4a", &SOLUTION);
}

#[test]
fn leader_partition_4a() {
    tester::cargo_test("leader_partition_4a", &SOLUTION);
}

#[test]
fn restart_replay_4a() {
    tester::cargo_test("restart_replay_4a", &SOLUTION);
}

#[test]
fn shutdown_4a() {
    tester::cargo_test("shutdown_4a", &SOLUTION);
}

#[test]
fn restart_submit_4a() {
    tester::cargo_test("restart_submit_4a", &SOLUTION);
}
