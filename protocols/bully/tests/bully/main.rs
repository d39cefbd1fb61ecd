//! The tests of the Bully algorithm: `cargo test b1` runs all, `cargo test partition_b1` one.
//!
//! Each runs over several seeds; `LAB_SEED`, `LAB_RUNS` and `CI` say over which, see
//! [`tester::cargo_test`].

mod part_b1;
