//! The tests of Paxos: `cargo test p1` runs part P1, `cargo test duelling_proposers_p1` one test.
//!
//! The tests are documented in `tester/src/paxos`. Each runs over several seeds, which `LAB_SEED`, `LAB_RUNS`
//! and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    tester::cargo_tests("paxos", Solution::new("own").with(&[("paxos", &paxos::SOLUTION)]))
}
