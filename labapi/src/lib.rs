//! The seam between the tester and a solution: everything the one knows of the other.
//!
//! The tester names no solution and no solution names the tester; both name this crate. Whatever
//! implements [`Raft`] can be tested: the reference, a student's, another library behind an
//! adapter, another protocol. The same holds of what stands on a Raft, which is handed one.
//!
//! Read in this order: [`Raft`] (what a peer must offer), [`ApplyMsg`] (what it must deliver),
//! [`MakeRaft`] (how it comes into being); [`Clerk`] and [`KvSrv`] (lab 2); [`Rsm`] and [`KvRaft`] (lab 4);
//! [`Bully`] (another protocol); [`Solution`] (how the tester is handed all of it).

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

/// One Raft peer, as its service and the tester see it (paper §5, Figure 2; the course's `raftapi`).
///
/// Any replicated log with a leader can offer this, and be what lab 4 stands on. In Paxos the term is the
/// ballot of the distinguished proposer and the index the instance; in ZAB the term is the epoch, and the
/// index counts the transactions of all epochs. A term has one leader, and goes up with each change of
/// leader.
///
/// Every method may be called from any thread at any time, also on a peer that was killed.
/// None of them may wait for other servers.
pub trait Raft: Send + Sync {
    /// Asks the peer to get `command` agreed on and appended to the replicated log.
    ///
    /// Returns `None` at once if the peer is not the leader. Otherwise starts the agreement and
    /// returns at once where the command will be *if* it is ever committed: nothing is promised,
    /// for the leader may fail or lose an election first.
    fn start(&self, command: Vec<u8>) -> Option<Started>;

    /// The peer's current term, and whether it believes that it is the leader.
    fn get_state(&self) -> State;

    /// The service says: `snapshot` holds everything up to and including `index`, so the log may
    /// be cut there (paper §7).
    ///
    /// Called on every peer by its own service, not on the leader alone. An `index` that is not
    /// above the last snapshot's is out of date and changes nothing.
    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>);

    /// Size in bytes of the persisted Raft state, without the snapshot.
    fn persist_bytes(&self) -> usize;

    /// The peer is no longer needed: its threads should end soon, and with them what it sends to its service
    /// on, so that the service sees the channel closed and ends as well.
    ///
    /// In a simulated crash the threads are gone whether or not the peer obeys.
    fn kill(&self);

    /// The RPC services that other peers call.
    fn services(self: Arc<Self>) -> Vec<labrpc::Service>;
}

/// What [`Raft::start`] answers on a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Started {
    /// Where the command will appear if it is committed. The first command of all gets 1.
    pub index: LogIndex,
    /// The leader's term.
    pub term: Term,
}

/// What [`Raft::get_state`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// `currentTerm` of Figure 2; at least 1 once there is a leader.
    pub term: Term,
    /// Whether the peer believes that it is the leader of that term.
    pub is_leader: bool,
}

/// What a peer sends to its service.
///
/// A peer delivers every committed entry once, in the order of indices and without a gap. After a
/// restart without a snapshot it begins again at index 1; after a restart with a snapshot that
/// ends at `s`, with `s + 1` (or with that snapshot). The channel has no buffer, and the service
/// may call [`Raft::snapshot`] while it handles a message: a peer that sends under a lock which
/// `snapshot` needs waits for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyMsg {
    /// A committed entry.
    Command {
        /// The entry's position in the log.
        index: LogIndex,
        /// What was given to [`Raft::start`].
        command: Vec<u8>,
    },
    /// A snapshot that replaces the service's state; the next command is at `index + 1`.
    Snapshot {
        /// The last index that the snapshot includes.
        index: LogIndex,
        /// The term of the entry at `index`.
        term: Term,
        /// What was given to [`Raft::snapshot`], on this server or another.
        snapshot: Vec<u8>,
    },
}

/// Makes a Raft peer.
///
/// The arguments are the end points to all peers, in the same order on every server (the one to
/// itself is there and unused); the position of this peer among them; what it saved before it
/// crashed, if it ever ran; and where to send what is committed. Must return at once: long work
/// belongs in threads.
pub type MakeRaft = fn(Vec<ClientEnd>, usize, Persister, Sender<ApplyMsg>) -> Arc<dyn Raft>;
