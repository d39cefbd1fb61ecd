//! The tests of the labs, the cluster they run on, and the invariants of its protocols.
//!
//! The tester depends on no solution: it is given one, through the interfaces in [`labapi`].
//!
//! The tests are in the `part_*.rs` files, such as `raft/part_3a.rs`: a [`Case`] is a test with its name, and
//! [`cases`] lists them. A test operates on a [`Cluster`], which runs any [`Protocol`]. A run is a stream of
//! [`Event`]s, and an [`Invariant`] is a property that is checked at each event, in every test. Each protocol
//! has a folder with the program of its servers, its checks and operations, its invariants, and its tests.
//! [`run()`] runs one test in one simulation and returns a [`Report`]; [`cargo_tests()`] is the `main` of a
//! lab's test target.
//!
//! Not here: real time. A test measures virtual time only, so its limits mean the same on every machine.

#![warn(missing_docs)]

mod backtrace;
mod bully;
mod bully_extended;
mod calls;
mod cargo_test;
mod case;
mod cluster;
mod display;
mod experiment;
mod explanation;
mod failure_cause;
mod hash_maps;
mod invariant;
mod key_value;
mod kvappend;
mod kvraft;
mod kvsrv;
mod lab;
mod log_end;
mod log_excerpt;
mod meter;
mod paxos;
mod protocol;
mod raft;
mod raft_extended;
mod registry;
mod released;
mod report;
mod rule;
mod run;
mod shardkv;
mod situation;
mod stage;
mod testbed;
mod titles;
mod warned;

pub mod causality;
pub mod event;
pub mod filter;
pub mod interval;
pub mod lines;
pub mod nemesis;
pub mod replay;
pub mod seed;
pub mod workspace;
mod zab;

pub use linearizability;

pub use bully::{BullyEvent, BullyNodes, FollowsLeader};
pub use bully_extended::{BullyForm, CuredBullyEvent, CuredBullyNodes};
pub use cargo_test::{cargo_test, cargo_tests};
pub use case::Case;
pub use cluster::{Cluster, Drawn, ELECTION_TIMEOUT};
pub use event::{
    Detail, Event, EventSource, Incarnation, Interests, Kind, Party, ProtocolEvent, Recorded, RecordedInput,
    RecordedKind, RecordedOutput, Recording, StreamPosition,
};
pub use experiment::play;
pub use explanation::Explanation;
pub use failure_cause::FailureCause;
pub use hash_maps::unseeded_hash_maps;
pub use invariant::{Invariant, Verdict, Violation};
pub use key_value::{Client, ClientLinks, Load, Results};
pub use kvappend::AppendServers;
pub use kvraft::{Counters, KvServers};
pub use kvsrv::KvServer;
pub use lab::{Lab, Part};
pub use log_excerpt::{LogExcerpt, log_excerpt};
pub use paxos::{Decree, PaxosEvent, PaxosNodes};
pub use protocol::{Dialer, NodeEnv, Protocol, StartedNode};
pub use raft::{
    AppliesCommands, Command, Committed, Observations, OnRaft, ProbeTimes, RaftCluster, RaftEvent, RaftPeers,
    ReplicatedLog, Retry, Snapshot, Waited,
};
pub use raft_extended::{RaftExtendedEvent, RaftExtendedServers};
pub use registry::{cases, labs, rules};
pub use report::{Report, ReportedFailure};
pub use rule::{Analysis, BrokenRule, Rule, RuleEvent};
pub use run::{CPU_LIMIT, RunOptions, run, run_explained};
pub use shardkv::{ConfigStore, GroupServers, ShardEvent};
pub use situation::Situation;
pub use stage::{Snapshots, Stage};
pub use testbed::TIME_LIMIT;
pub use zab::{Extent, ZabEvent, ZabServers, ZabSettings};
