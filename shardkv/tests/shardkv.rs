//! The tests of the sharded key/value service, on the Raft and the replicated state machine of this
//! workspace: `cargo test 5a` runs a part, `cargo test join_basic_5a` a test.
//!
//! The tests are documented in `tester/src/shardkv`. Each runs over several seeds, which `LAB_SEED`,
//! `LAB_RUNS` and `CI` choose; see [`tester::cargo_tests`].

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    let labs = &[
        ("kvsrv", &kvsrv::SOLUTION as &(dyn std::any::Any + Sync)),
        ("raft", &raft::SOLUTION),
        ("kvraft", &kvraft::SOLUTION),
        ("shardkv", &shardkv::SOLUTION),
    ];
    tester::cargo_tests("shardkv", Solution::new("own").with(labs))
}
