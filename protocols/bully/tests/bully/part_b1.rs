//! Part B1: the plain form. What each test does is told in `tester/src/bully/part_b1.rs`.

#[test]
fn first_election_b1() {
    tester::cargo_test("first_election_b1", &bully::SOLUTION);
}

#[test]
fn leader_crash_b1() {
    tester::cargo_test("leader_crash_b1", &bully::SOLUTION);
}

#[test]
fn highest_returns_b1() {
    tester::cargo_test("highest_returns_b1", &bully::SOLUTION);
}

#[test]
fn two_elections_b1() {
    tester::cargo_test("two_elections_b1", &bully::SOLUTION);
}

#[test]
fn late_victory_b1() {
    tester::cargo_test("late_victory_b1", &bully::SOLUTION);
}

#[test]
fn partition_b1() {
    tester::cargo_test("partition_b1", &bully::SOLUTION);
}
