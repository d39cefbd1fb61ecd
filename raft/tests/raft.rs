//! The tests of Raft: `cargo test 3a` runs a part, `cargo test backup_3b` a test.
//!
//! The tests are documented in `tester/src/raft`. Each runs over several seeds, which `LAB_SEED`, `LAB_RUNS`
//! and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    tester::cargo_tests("raft", Solution::new("own").with(&[("raft", &raft::SOLUTION)]))
}
