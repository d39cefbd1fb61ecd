//! The course's tests of Raft: `cargo test 3a` runs a part, `cargo test backup_3b` a test.
//!
//! Each runs over several seeds; `LAB_SEED`, `LAB_RUNS` and `CI` say over which, see
//! [`tester::cargo_test`].

mod part_3a;
mod part_3b;
mod part_3c;
mod part_3d;
