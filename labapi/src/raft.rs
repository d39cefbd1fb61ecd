//! [`Raft`]: a peer of lab 3, or of any other replicated log with a leader.

use std::sync::Arc;

use labrpc::ClientEnd;
use labrt::channel::Sender;
use persister::Persister;
use serde::Serialize;

use crate::{Inspection, LogIndex, Term};

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

    /// What the peer tells of itself, for explanations of failed runs. Optional.
    ///
    /// It is asked when its threads are at rest, and only in runs that are repeated for an explanation or
    /// shown by `lab replay`. It must change nothing. It may take locks of labrt; an answer that waits, uses
    /// a channel or a condition variable, starts a thread, draws a random number or panics is dropped, and
    /// the run goes on as if it had not been asked.
    fn inspect(&self) -> Option<Inspection> {
        None
    }

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
