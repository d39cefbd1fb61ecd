//! The tests of the key/value server: `cargo test 2a` runs a part, `cargo test reliable_put_2a` a test.
//!
//! The tests are documented in `tester/src/kvsrv`. Each runs over several seeds, which `LAB_SEED`, `LAB_RUNS`
//! and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    tester::cargo_tests("kvsrv", Solution::new("own").with(&[("kvsrv", &kvsrv::SOLUTION)]))
}
