//! Part 3B: the log. What each test does is told in `tester/src/raft/part_3b.rs`.

#[test]
fn basic_agree_3b() {
    tester::cargo_test("basic_agree_3b", &raft::SOLUTION);
}

#[test]
fn rpc_bytes_3b() {
    tester::cargo_test("rpc_bytes_3b", &raft::SOLUTION);
}

#[test]
fn follower_failure_3b() {
    tester::cargo_test("follower_failure_3b", &raft::SOLUTION);
}

#[test]
fn leader_failure_3b() {
    tester::cargo_test("leader_failure_3b", &raft::SOLUTION);
}

#[test]
fn fail_agree_3b() {
    tester::cargo_test("fail_agree_3b", &raft::SOLUTION);
}

#[test]
fn fail_no_agree_3b() {
    tester::cargo_test("fail_no_agree_3b", &raft::SOLUTION);
}

#[test]
fn concurrent_starts_3b() {
    tester::cargo_test("concurrent_starts_3b", &raft::SOLUTION);
}

#[test]
fn rejoin_3b() {
    tester::cargo_test("rejoin_3b", &raft::SOLUTION);
}

#[test]
fn backup_3b() {
    tester::cargo_test("backup_3b", &raft::SOLUTION);
}

#[test]
fn count_3b() {
    tester::cargo_test("count_3b", &raft::SOLUTION);
}
