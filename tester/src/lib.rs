//! The course's tests, the cluster they run on, and the oracles that watch it.
//!
//! The tester names no solution: it is handed one, and knows of it what [`labapi`] says.
//!
//! To see what a test asks, open its part in `raft/`: [`Case`] is a test under its name, and
//! [`cases`] lists them. What a test may do to the servers is [`Cluster`]; what the service on each
//! server checks of every delivered message is in `recorder`; what must hold at any moment, whatever
//! the test, is in `oracle`. [`run()`] runs one test in one simulation and gives a [`Report`];
//! [`cargo_test()`] is what a `#[test]` calls.
//!
//! Left out: everything about real time. A test knows virtual time alone, so its limits mean the
//! same on every machine.

#![warn(missing_docs)]

mod backtrace;
mod calls;
mod cargo_test;
mod case;
mod cluster;
mod command;
mod key_value;
mod kvraft;
mod kvsrv;
mod log_end;
mod meter;
mod oracle;
mod program;
mod raft;
mod recorder;
mod released;
mod report;
mod rsm;
mod run;
mod snapshot;
mod titles;
mod warned;
mod words;

pub mod filter;
pub mod interval;
pub mod linearizability;
pub mod lines;
pub mod replay;
pub mod seed;
pub mod workspace;

pub use cargo_test::cargo_test;
pub use case::{Body, Case, Snapshots, cases};
pub use cluster::{Cluster, Committed, ELECTION_TIMEOUT, Retry, TIME_LIMIT, Waited};
pub use command::Command;
pub use key_value::{Client, Load, Results};
pub use kvraft::KvServers;
pub use kvsrv::KvServer;
pub use log_end::log_end;
pub use raft::RaftPeers;
pub use report::{Report, ReportedFailure};
pub use rsm::Counters;
pub use run::{CPU_LIMIT, RunOptions, run};
