//! Part 3C: persistence. What each test does is told in `tester/src/raft/part_3c.rs`.

#[test]
fn persist1_3c() {
    tester::cargo_test("persist1_3c", &raft::SOLUTION);
}

#[test]
fn persist2_3c() {
    tester::cargo_test("persist2_3c", &raft::SOLUTION);
}

#[test]
fn persist3_3c() {
    tester::cargo_test("persist3_3c", &raft::SOLUTION);
}

#[test]
fn figure8_3c() {
    tester::cargo_test("figure8_3c", &raft::SOLUTION);
}

#[test]
fn unreliable_agree_3c() {
    tester::cargo_test("unreliable_agree_3c", &raft::SOLUTION);
}

#[test]
fn figure8_unreliable_3c() {
    tester::cargo_test("figure8_unreliable_3c", &raft::SOLUTION);
}

#[test]
fn reliable_churn_3c() {
    tester::cargo_test("reliable_churn_3c", &raft::SOLUTION);
}

#[test]
fn unreliable_churn_3c() {
    tester::cargo_test("unreliable_churn_3c", &raft::SOLUTION);
}
