//! The interface between the tester and a solution.
//!
//! The tester depends on no solution, and no solution depends on the tester; both depend on this crate. The
//! tester can test any implementation of [`Raft`]: the reference, a student's, a library behind an adapter,
//! or another protocol. The same holds for services on top of a Raft, which get it as an argument.
//!
//! Read in this order: [`Raft`] (the functions of a peer), [`ApplyMsg`] (the messages that it delivers),
//! [`MakeRaft`] (its constructor); [`Clerk`] and [`KvSrv`] (lab 2); [`Rsm`] and [`KvRaft`] (lab 4);
//! [`Bully`], [`Paxos`] and [`Zab`] (other protocols); [`Solution`] (the constructors that the tester gets).
//!
//! # Example
//!
//! A solution of lab 3 is a crate that exports a constant `SOLUTION` with the constructor of its peers. This
//! one is a Raft for a cluster of one server, which commits every command at once and saves nothing:
//!
//! ```
//! use labapi::{ApplyMsg, LogIndex, Raft, Solution, Started, State, Term};
//! use labrpc::{ClientEnd, Service};
//! use labrt::channel::{self, Sender};
//! use labrt::sync::{Arc, Mutex};
//! use labrt::thread;
//! use labrt::world::{Options, simulate};
//! use persister::Persister;
//!
//! pub const SOLUTION: Solution = Solution::new("single").with_raft(make);
//!
//! struct Single {
//!     log: Mutex<Log>,
//! }
//!
//! struct Log {
//!     len: u64,
//!     /// The channel to the thread that delivers commands; `None` after `kill`.
//!     committed: Option<Sender<ApplyMsg>>,
//! }
//!
//! fn make(_: Vec<ClientEnd>, _: usize, _: Persister, service: Sender<ApplyMsg>) -> Arc<dyn Raft> {
//!     let (committed, messages) = channel::unbounded();
//!     // The service may call `snapshot` while it takes a message, so no lock is held during `send`.
//!     thread::spawn(move || messages.into_iter().try_for_each(|message| service.send(message)));
//!     Arc::new(Single { log: Mutex::new(Log { len: 0, committed: Some(committed) }) })
//! }
//!
//! impl Raft for Single {
//!     fn start(&self, command: Vec<u8>) -> Option<Started> {
//!         let mut log = self.log.lock();
//!         let index = LogIndex(log.len + 1);
//!         log.committed.as_ref()?.send(ApplyMsg::Command { index, command }).ok()?;
//!         log.len += 1;
//!         Some(Started { index, term: Term(1) })
//!     }
//!
//!     fn get_state(&self) -> State {
//!         State { term: Term(1), is_leader: true }
//!     }
//!
//!     fn snapshot(&self, _: LogIndex, _: Vec<u8>) {}
//!
//!     fn persist_bytes(&self) -> usize {
//!         0
//!     }
//!
//!     fn kill(&self) {
//!         self.log.lock().committed = None;
//!     }
//!
//!     fn services(self: Arc<Self>) -> Vec<Service> {
//!         Vec::new()
//!     }
//! }
//!
//! // The tester makes the peers of a cluster in a simulation, starts commands, and checks the deliveries.
//! let run = simulate(Options::new(1), |_| {
//!     let (service, delivered) = channel::bounded(0);
//!     let make_raft = SOLUTION.make_raft.expect("it has lab 3");
//!     let raft = make_raft(Vec::new(), 0, Persister::new(), service);
//!
//!     let started = raft.start(b"x = 1".to_vec());
//!     assert_eq!(started, Some(Started { index: LogIndex(1), term: Term(1) }));
//!     let expected = ApplyMsg::Command { index: LogIndex(1), command: b"x = 1".to_vec() };
//!     assert_eq!(delivered.recv(), Ok(expected));
//!
//!     raft.kill();
//!     assert!(delivered.recv().is_err(), "the channel is closed");
//! });
//! run.result.unwrap();
//! ```
//!
//! `cargo test` in the crate of a lab runs the tester's cases on its `SOLUTION`; `cargo test 3a` runs one
//! part.

#![warn(missing_docs)]

mod bully;
mod bully_extended;
mod index;
mod inspection;
mod key_value;
mod kvappend;
mod kvraft;
mod kvsrv;
mod paxos;
mod raft;
mod raft_extended;
mod shardkv;
mod solution;
mod zab;

pub use bully::{Bully, MakeBully};
pub use bully_extended::{
    BullyExtended, BullyView, CuredBully, LONGEST_BALLOT, MakeCuredBully, MakePrioritizedBully,
    MakePublishingBully, Publication, QUORUM_TIMEOUT, VOTE_LOCK,
};
pub use index::{LogIndex, Term};
pub use inspection::{Inspection, Role, Run};
pub use key_value::{Clerk, PutError, Version, Versioned};
pub use kvappend::{AppendClerk, KvAppend};
pub use kvraft::{KvRaft, MakeRsm, Replica, ReplicaServer, Rsm, StateMachine, WrongLeader};
pub use kvsrv::{KvSrv, Lock};
pub use paxos::{MakePaxosNode, Paxos, PaxosNode};
pub use raft::{ApplyMsg, MakeRaft, Raft, Started, State};
pub use raft_extended::{
    CLOCK_RATE_BOUND, ChangeError, Dial, LONGEST_ELECTION_TIMEOUT, MakeRaftExtended, Membership,
    RaftExtended, ReadError, TransferError,
};
pub use shardkv::{
    Config, ConfigNum, DialServer, GroupId, Holding, ParseConfigError, SHARDS, ShardController, ShardId,
    ShardKv, ShardReplica, ShardServer,
};
pub use solution::{Export, Solution};
pub use zab::{Delivery, MakeZab, Zab, ZabConfig, ZabRole, ZabState, Zxid};
