//! [`RaftExtended`]: a Raft peer with what comes after Figure 2: membership, reads, transfer of leadership.

use std::sync::Arc;
use std::time::Duration;

use labrpc::ClientEnd;
use labrt::channel::Sender;
use persister::Persister;
use serde::Serialize;

use crate::{ApplyMsg, LogIndex, Raft};

/// A Raft peer whose cluster can be changed, which answers reads without a log entry, and which hands over
/// its leadership (paper §6 and §8; Ongaro's thesis *Consensus: Bridging Theory and Practice*, §3.10, §4,
/// §6.4).
///
/// The methods of [`Raft`] are as in lab 3, with these differences:
///
/// - The log also has entries that carry no command: configurations, and the entry with which a leader begins
///   its term (§8). A peer delivers each of them as a command of no bytes, so that indices have no gap. A
///   service ignores it. No service submits a command of no bytes.
/// - A snapshot replaces configurations too. The peer keeps the last one that it replaces, and sends it along
///   (§7).
/// - [`start`](Raft::start) returns `None` while leadership is being handed over.
///
/// Every method may be called from any thread at any time, also on a peer that was killed. None of them may
/// wait for other servers, except [`read_index`](Self::read_index).
pub trait RaftExtended: Raft {
    /// Begins to change the cluster to these servers, in any order.
    ///
    /// Servers that are new first catch up with the log while they have no vote. Then the change runs through
    /// joint consensus (§6). Returns at once. The change has been made when [`membership`](Self::membership)
    /// says so on the leader; it may also fail, if the leader does before the joint configuration is
    /// committed, or if a new server cannot be reached. A change to the servers that are there already has no
    /// effect.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]: the change has not begun, and will not.
    fn change_membership(&self, servers: Vec<usize>) -> Result<(), ChangeError>;

    /// The configuration that the peer uses: the last one in its log, whether or not it is committed (§6).
    fn membership(&self) -> Membership;

    /// Confirms that the peer leads, by a round of messages to a quorum; returns the index up to which the
    /// service has to apply entries before it reads (thesis §6.4, *ReadIndex*).
    ///
    /// A read that waits for that index sees every write that was acknowledged before the call. A leader that
    /// has not committed an entry of its own term waits until it has. The method waits for other servers, but
    /// ends when the peer stops leading, and when it is killed.
    ///
    /// # Errors
    ///
    /// [`ReadError::NotLeader`]: the peer does not lead, or has stopped leading meanwhile.
    fn read_index(&self) -> Result<LogIndex, ReadError>;

    /// As [`read_index`](Self::read_index), but by the leader's lease: without messages, and at once
    /// (thesis §6.4.1).
    ///
    /// It relies on clocks whose rates differ from the true one by [`CLOCK_RATE_BOUND`] at most. If they
    /// differ by more, a read may be stale.
    ///
    /// # Errors
    ///
    /// [`ReadError`]: the peer does not lead, or it has no lease at the moment. A leader of a quorum that
    /// answers has one soon after its election, and keeps it as long as no leadership is handed over.
    fn lease_read(&self) -> Result<LogIndex, ReadError>;

    /// Begins to hand the leadership over to another voter (thesis §3.10).
    ///
    /// The leader accepts no commands from now on, brings the other server's log up to date, and has it stand
    /// for election at once. Returns at once. If the other server does not lead within about an election
    /// timeout, the transfer is given up, and the leader accepts commands again.
    ///
    /// # Errors
    ///
    /// [`TransferError`]: the transfer has not begun, and will not.
    fn transfer_leadership(&self, to: usize) -> Result<(), TransferError>;
}

/// The most by which the rate of a clock may differ from the true one where a lease is relied on, in parts
/// per million: a tenth.
pub const CLOCK_RATE_BOUND: u32 = 100_000;

/// The longest election timeout, by a right clock, that the tests of this lab expect. A leader that hears
/// from no quorum for so long steps down, and a server that hears from no leader for so long stands.
pub const LONGEST_ELECTION_TIMEOUT: Duration = Duration::from_millis(1000);

/// A configuration of a cluster: the servers that vote (paper §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Membership {
    /// The index of its entry in the log; 0 for the configuration with which the cluster began.
    pub index: LogIndex,
    /// The voters, in ascending order: C_old, or the only set.
    pub voters: Vec<usize>,
    /// C_new in a joint configuration C_old,new, in ascending order. Elections and commitment then need a
    /// majority of both sets.
    pub incoming: Option<Vec<usize>>,
}

/// The reason why a change of the cluster does not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeError {
    /// The peer does not lead.
    NotLeader,
    /// Another change has not ended, or leadership is being handed over.
    Busy,
    /// There is no server among those that were named, or one is named twice.
    NoCluster,
}

/// The reason why a read is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadError {
    /// The peer does not lead.
    NotLeader,
    /// The peer leads and has no lease at the moment.
    NoLease,
}

/// The reason why a transfer of leadership does not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferError {
    /// The peer does not lead.
    NotLeader,
    /// Another transfer has not ended.
    Busy,
    /// The server that is to lead is no voter, or is the leader itself.
    NoSuchVoter,
}

impl std::fmt::Display for ChangeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotLeader => "the peer does not lead",
            Self::Busy => "another change, or a transfer of leadership, has not ended",
            Self::NoCluster => "no server is named, or one is named twice",
        })
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotLeader => "the peer does not lead",
            Self::NoLease => "the leader has no lease",
        })
    }
}

impl std::fmt::Display for TransferError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotLeader => "the peer does not lead",
            Self::Busy => "another transfer has not ended",
            Self::NoSuchVoter => "that server is no other voter",
        })
    }
}

impl std::error::Error for ChangeError {}
impl std::error::Error for ReadError {}
impl std::error::Error for TransferError {}

/// Returns an end point to the server of this number. Servers join a cluster later, so there is no list of
/// all end points at first.
pub type Dial = Arc<dyn Fn(usize) -> ClientEnd + Send + Sync>;

/// The constructor of a peer of a cluster that can be changed.
///
/// The arguments are a function for end points to other servers; the number of this server; the servers that
/// the cluster begins with, the same on every server, and not always with this one; the storage with the
/// state that earlier incarnations saved; and the channel for messages to the service. It must return at
/// once: start threads for long work.
pub type MakeRaftExtended = fn(Dial, usize, Vec<usize>, Persister, Sender<ApplyMsg>) -> Arc<dyn RaftExtended>;
