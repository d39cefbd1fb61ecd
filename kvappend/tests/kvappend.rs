//! The tests of the key/value service with appends, on the Raft and the replicated state machine of this
//! workspace: `cargo test 4p` runs a part, `cargo test speed_4p` a test.
//!
//! The tests are documented in `tester/src/kvappend`. Each runs over several seeds, which `LAB_SEED`,
//! `LAB_RUNS` and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    let labs = &[
        ("raft", &raft::SOLUTION as &(dyn std::any::Any + Sync)),
        ("kvraft", &kvraft::SOLUTION),
        ("kvappend", &kvappend::SOLUTION),
    ];
    tester::cargo_tests("kvappend", Solution::new("own").with(labs))
}
