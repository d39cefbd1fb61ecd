//! The tests of the Bully algorithm: `cargo test b1` runs all, `cargo test partition_b1` one.
//!
//! The tests are documented in `tester/src/bully`. Each runs over several seeds, which `LAB_SEED`, `LAB_RUNS`
//! and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    tester::cargo_tests("bully", Solution::new("own").with(&[("bully", &bully::SOLUTION)]))
}
