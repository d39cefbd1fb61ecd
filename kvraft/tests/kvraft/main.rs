//! The course's tests of lab 4: `cargo test 4a` runs a part, `cargo test speed_4b` a test.
//!
//! Each runs over several seeds; `LAB_SEED`, `LAB_RUNS` and `CI` say over which, see
//! [`tester::cargo_test`].

mod part_4a;
mod part_4b;
mod part_4c;

/// What is tested: the key/value service, on the Raft of this workspace.
const SOLUTION: labapi::Solution = raft::SOLUTION.with_kvraft(kvraft::SOLUTION);
