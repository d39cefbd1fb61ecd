//! The tests of Raft beyond Figure 2: `cargo test 3e` runs a part, `cargo test grow_3e` a test.
//!
//! The tests are documented in `tester/src/raft_extended`. Each runs over several seeds, which `LAB_SEED`,
//! `LAB_RUNS` and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    let own = Solution::new("own").with(&[("raft_extended", &raft_extended::SOLUTION)]);
    tester::cargo_tests("raft_extended", own)
}
