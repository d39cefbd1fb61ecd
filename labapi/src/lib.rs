//! The interface between the tester and a solution.
//!
//! The tester depends on no solution, and no solution depends on the tester; both depend on this crate. The
//! tester can test any implementation of [`Raft`]: the reference, a student's, a library behind an adapter,
//! or another protocol. The same holds for services on top of a Raft, which get it as an argument.
//!
//! Read in this order: [`Raft`] (the functions of a peer), [`ApplyMsg`] (the messages that it delivers),
//! [`MakeRaft`] (its constructor); [`Clerk`] and [`KvSrv`] (lab 2); [`Rsm`] and [`KvRaft`] (lab 4); [`Bully`]
//! (another protocol); [`Solution`] (the constructors that the tester gets).
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
mod index;
mod key_value;
mod rsm;
mod solution;

use std::sync::Arc;

use labrpc::ClientEnd;
use labrt::channel::Sender;
use persister::Persister;
use serde::Serialize;

pub use bully::{Bully, MakeBully};
pub use index::{LogIndex, Term};
pub use key_value::{Clerk, KvRaft, KvSrv, Lock, PutError, Version, Versioned};
pub use rsm::{MakeRsm, Replica, ReplicaServer, Rsm, StateMachine, WrongLeader};
pub use solution::{Export, Solution};

/// One Raft peer: its interface for the service and the tester (paper §5, Figure 2; the course's `raftapi`).
///
/// Any replicated log with a leader can implement this, and lab 4 can run on it. In Paxos the term is the
/// ballot of the distinguished proposer and the index the instance; in ZAB the term is the epoch, and the
/// index counts the transactions of all epochs. A term has one leader, and increases with each change of
/// leader.
///
/// Every method may be called from any thread at any time, also on a peer that was killed.
/// None of them may wait for other servers.
pub trait Raft: Send + Sync {
    /// Starts agreement on `command`, to append it to the replicated log.
    ///
    /// Returns `None` at once if the peer is not the leader. Otherwise starts the agreement and returns at
    /// once the position that the command will have *if* it is ever committed. That is not guaranteed, since
    /// the leader may fail or lose an election first.
    fn start(&self, command: Vec<u8>) -> Option<Started>;

    /// The peer's current term, and whether it believes that it is the leader.
    fn get_state(&self) -> State;

    /// Replaces the log up to and including `index` by the service's `snapshot`, which holds all of it (paper
    /// §7).
    ///
    /// Each service calls this on its own peer, not on the leader alone. An `index` that is not above that of
    /// the last snapshot is out of date and has no effect.
    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>);

    /// The size in bytes of the persisted Raft state, without the snapshot.
    fn persist_bytes(&self) -> usize;

    /// Stops the peer, which is no longer needed. Its threads should end soon and drop the channel to the
    /// service, so that the service ends as well.
    ///
    /// In a simulated crash the threads are killed, whether or not this has been called.
    fn kill(&self);

    /// The RPC services that other peers call.
    fn services(self: Arc<Self>) -> Vec<labrpc::Service>;
}

/// The position of a command that [`Raft::start`] has appended on a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Started {
    /// The index of the command if it is committed. The first command of all gets 1.
    pub index: LogIndex,
    /// The leader's term.
    pub term: Term,
}

/// A peer's term and role, from [`Raft::get_state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// `currentTerm` of Figure 2; at least 1 once there is a leader.
    pub term: Term,
    /// Whether the peer believes that it is the leader of that term.
    pub is_leader: bool,
}

/// A message from a peer to its service.
///
/// A peer delivers every committed entry once, in the order of indices and without a gap. After a restart
/// without a snapshot it begins again at index 1; after a restart with a snapshot that ends at `s`, with `s +
/// 1` (or with that snapshot). The channel has no buffer, and the service may call [`Raft::snapshot`] while
/// it handles a message: a peer that sends while it holds a lock that `snapshot` needs waits for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyMsg {
    /// A committed entry.
    Command {
        /// The index of the entry.
        index: LogIndex,
        /// The command that was given to [`Raft::start`].
        command: Vec<u8>,
    },
    /// A snapshot that replaces the service's state; the next command is at `index + 1`.
    Snapshot {
        /// The last index that the snapshot includes.
        index: LogIndex,
        /// The term of the entry at `index`.
        term: Term,
        /// The snapshot that was given to [`Raft::snapshot`], on this server or another.
        snapshot: Vec<u8>,
    },
}

/// The constructor of a Raft peer.
///
/// The arguments are the end points to all peers, in the same order on every server (the one to the peer
/// itself is unused); the position of this peer among them; the storage with the state that earlier
/// incarnations saved; and the channel for messages to the service. It must return at once: start threads for
/// long work.
pub type MakeRaft = fn(Vec<ClientEnd>, usize, Persister, Sender<ApplyMsg>) -> Arc<dyn Raft>;
