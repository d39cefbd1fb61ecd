//! The course's tests of lab 2: `cargo test 2a` runs a part, `cargo test reliable_put_2a` a test.
//!
//! Each runs over several seeds; `LAB_SEED`, `LAB_RUNS` and `CI` say over which, see
//! [`tester::cargo_test`].

mod part_2a;
mod part_2b;

/// What is tested.
const SOLUTION: labapi::Solution = labapi::Solution::new("raft").with_kvsrv(kvsrv::SOLUTION);
