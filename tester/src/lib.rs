//! The tests of the labs, the cluster they run on, and the invariants that watch it.
//!
//! The tester names no solution: it is handed one, and knows of it what [`labapi`] says.
//!
//! To see what a test asks, open its part in `raft/`: [`Case`] is a test under its name, and [`cases`] lists
//! them. What a test may do to the servers is [`Cluster`], which runs any [`Protocol`]. All that happens is a
//! stream of [`Event`]s, and what must hold at any moment, whatever the test, is an [`Invariant`] that
//! listens to it. A folder a protocol has the rest: what runs on the servers, what its tests ask and do, its
//! invariants, and the tests themselves. [`run()`] runs one test in one simulation and gives a [`Report`];
//! [`cargo_test()`] is what a `#[test]` calls.
//!
//! Left out: everything about real time. A test knows virtual time alone, so its limits mean the
//! same on every machine.

#![warn(missing_docs)]

mod backtrace;
mod bully;
mod calls;
mod cargo_test;
mod case;
mod cluster;
mod display;
mod invariant;
mod key_value;
mod kvraft;
mod kvsrv;
mod lab;
mod log_end;
mod meter;
mod protocol;
mod raft;
mod registry;
mod released;
mod report;
mod run;
mod stage;
mod testbed;
mod titles;
mod warned;

pub mod causality;
pub mod event;
pub mod filter;
pub mod interval;
pub mod lines;
pub mod replay;
pub mod seed;
pub mod workspace;

pub use linearizability;

pub use bully::{BullyEvent, BullyNodes};
pub use cargo_test::{cargo_test, cargo_tests};
pub use case::Case;
pub use cluster::{Cluster, ELECTION_TIMEOUT};
pub use event::{
    Detail, Event, EventSource, Incarnation, Interests, Kind, Party, ProtocolEvent, Recorded, RecordedKind,
    Recording, StreamPosition,
};
pub use invariant::{Invariant, Verdict, Violation};
pub use key_value::{Client, Load, Results};
pub use kvraft::{Counters, KvServers};
pub use kvsrv::KvServer;
pub use lab::{Lab, Part};
pub use log_end::log_end;
pub use protocol::{Dialer, NodeEnv, Protocol, StartedNode};
pub use raft::{
    Command, Committed, Observations, OnRaft, ProbeTimes, RaftCluster, RaftEvent, RaftPeers, ReplicatedLog,
    Retry, Snapshot, Waited,
};
pub use registry::{cases, labs};
pub use report::{Report, ReportedFailure};
pub use run::{CPU_LIMIT, RunOptions, run};
pub use stage::{Snapshots, Stage};
pub use testbed::TIME_LIMIT;
