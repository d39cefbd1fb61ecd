//! Part 4B: a replicated key/value service. What each test does is told in `tester/src/kvraft/part_4b.rs`.

use crate::SOLUTION;

#[test]
fn basic_4b() {
    tester::cargo_test("basic_4b", &SOLUTION);
}

#[test]
fn speed_4b() {
    tester::cargo_test("speed_4b", &SOLUTION);
}

#[test]
fn concurrent_4b() {
    tester::cargo_test("concurrent_4b", &SOLUTION);
}

#[test]
fn unreliable_4b() {
    tester::cargo_test("unreliable_4b", &SOLUTION);
}

#[test]
fn one_partition_4b() {
    tester::cargo_test("one_partition_4b", &SOLUTION);
}

#[test]
fn many_partitions_one_client_4b() {
    tester::cargo_test("many_partitions_one_client_4b", &SOLUTION);
}

#[test]
fn many_partitions_many_clients_4b() {
    tester::cargo_test("many_partitions_many_clients_4b", &SOLUTION);
}

#[test]
fn persist_one_client_4b() {
    tester::cargo_test("persist_one_client_4b", &SOLUTION);
}

#[test]
fn persist_concurrent_4b() {
    tester::cargo_test("persist_concurrent_4b", &SOLUTION);
}

#[test]
fn persist_concurrent_unreliable_4b() {
    tester::cargo_test("persist_concurrent_unreliable_4b", &SOLUTION);
}

#[test]
fn persist_partition_4b() {
    tester::cargo_test("persist_partition_4b", &SOLUTION);
}

#[test]
fn persist_partition_unreliable_4b() {
    tester::cargo_test("persist_partition_unreliable_4b", &SOLUTION);
}

#[test]
fn persist_partition_unreliable_linearizable_4b() {
    tester::cargo_test("persist_partition_unreliable_linearizable_4b", &SOLUTION);
}
