//! The tests of Zab: `cargo test z1` runs part Z1, `cargo test even_ensemble_z1` one test.
//!
//! The tests are documented in `tester/src/zab`. Each runs over several seeds, which `LAB_SEED`, `LAB_RUNS`
//! and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    tester::cargo_tests("zab", Solution::new("own").with(&[("zab", &zab::SOLUTION)]))
}
