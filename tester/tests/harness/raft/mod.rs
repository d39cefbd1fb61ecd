//! Tests of the tester's Raft tests and of its cluster, against doubles: Rafts whose servers share memory,
//! have no other servers, or answer pings only.

mod cluster;
pub mod double;
pub mod fault;
mod injected;
mod links;
pub mod stub;
mod threads;
mod verdicts;

use tester::{Report, RunOptions, run};

use crate::expect::case;

/// The number of seeds with which a wrong Raft is tried.
const RUNS: u64 = 5;

fn report<const FAULT: u8>(name: &str, seed: u64) -> Report {
    run(case(name), &double::solution::<FAULT>(), &RunOptions::new(seed))
}
