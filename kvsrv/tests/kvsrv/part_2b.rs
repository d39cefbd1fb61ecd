//! Part 2B: a lock. What each test does is told in `tester/src/kvsrv/part_2b.rs`.

use crate::SOLUTION;

#[test]
fn one_client_reliable_2b() {
    tester::cargo_test("one_client_reliable_2b", &SOLUTION);
}

#[test]
fn many_clients_reliable_2b() {
    tester::cargo_test("many_clients_reliable_2b", &SOLUTION);
}

#[test]
fn one_client_unreliable_2b() {
    tester::cargo_test("one_client_unreliable_2b", &SOLUTION);
}

#[test]
fn many_clients_unreliable_2b() {
    tester::cargo_test("many_clients_unreliable_2b", &SOLUTION);
}
