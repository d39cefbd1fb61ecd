//! The tests of the key/value server: `cargo test 2a` runs a part, `cargo test reliable_put_2a` a test.
//!
//! What each test does is told in `tester/src/kvsrv`. Each runs over several seeds; `LAB_SEED`, `LAB_RUNS` and
//! `CI` say over which, see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    tester::cargo_tests("kvsrv", Solution::new("own").with(&[("kvsrv", &kvsrv::SOLUTION)]))
}
