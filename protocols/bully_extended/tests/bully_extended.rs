//! The tests of Bully's cures: `cargo test b2` runs a part, `cargo test late_victory_b2` a test.
//!
//! The tests are documented in `tester/src/bully_extended`. Each runs over several seeds, which `LAB_SEED`,
//! `LAB_RUNS` and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    let own = Solution::new("own").with(&[("bully_extended", &bully_extended::SOLUTION)]);
    tester::cargo_tests("bully_extended", own)
}
