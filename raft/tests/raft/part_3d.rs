//! Part 3D: log compaction. What each test does is told in `tester/src/raft/part_3d.rs`.

#[test]
fn snapshot_basic_3d() {
    tester::cargo_test("snapshot_basic_3d", &raft::SOLUTION);
}

#[test]
fn snapshot_install_3d() {
    tester::cargo_test("snapshot_install_3d", &raft::SOLUTION);
}

#[test]
fn snapshot_install_unreliable_3d() {
    tester::cargo_test("snapshot_install_unreliable_3d", &raft::SOLUTION);
}

#[test]
fn snapshot_install_crash_3d() {
    tester::cargo_test("snapshot_install_crash_3d", &raft::SOLUTION);
}

#[test]
fn snapshot_install_un_crash_3d() {
    tester::cargo_test("snapshot_install_un_crash_3d", &raft::SOLUTION);
}

#[test]
fn snapshot_all_crash_3d() {
    tester::cargo_test("snapshot_all_crash_3d", &raft::SOLUTION);
}

#[test]
fn snapshot_init_3d() {
    tester::cargo_test("snapshot_init_3d", &raft::SOLUTION);
}
