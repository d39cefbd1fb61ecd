//! Part 3A: leader election. What each test does is told in `tester/src/raft/part_3a.rs`.

#[test]
fn initial_election_3a() {
    tester::cargo_test("initial_election_3a", &raft::SOLUTION);
}

#[test]
fn re_election_3a() {
    tester::cargo_test("re_election_3a", &raft::SOLUTION);
}

#[test]
fn many_elections_3a() {
    tester::cargo_test("many_elections_3a", &raft::SOLUTION);
}
