//! Part 2A: a key/value server. What each test does is told in `tester/src/kvsrv/part_2a.rs`.

use crate::SOLUTION;

#[test]
fn reliable_put_2a() {
    tester::cargo_test("reliable_put_2a", &SOLUTION);
}

#[test]
fn put_concurrent_reliable_2a() {
    tester::cargo_test("put_concurrent_reliable_2a", &SOLUTION);
}

#[test]
fn mem_put_many_clients_reliable_2a() {
    tester::cargo_test("mem_put_many_clients_reliable_2a", &SOLUTION);
}

#[test]
fn unreliable_net_2a() {
    tester::cargo_test("unreliable_net_2a", &SOLUTION);
}
