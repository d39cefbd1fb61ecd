//! The tests of the key/value service, on the Raft of this workspace: `cargo test 4a` runs a part,
//! `cargo test speed_4b` a test.
//!
//! The tests are documented in `tester/src/kvraft`. Each runs over several seeds, which `LAB_SEED`,
//! `LAB_RUNS` and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    tester::cargo_tests(
        "kvraft",
        Solution::new("own").with(&[("raft", &raft::SOLUTION), ("kvraft", &kvraft::SOLUTION)]),
    )
}
