//! [`Zab`]: primary-backup replication by atomic broadcast, as in ZooKeeper.

use std::fmt;
use std::sync::Arc;

use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use persister::Storage;
use serde::{Deserialize, Serialize};

/// The id of a transaction (Junqueira, Reed, Serafini, *Zab: High-performance broadcast for primary-backup
/// systems*, 2011, §III). Ids are ordered by epoch, then by counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Zxid {
    /// The epoch whose leader has proposed the transaction, from 1.
    pub epoch: u32,
    /// The number of the transaction among those of its epoch: 1, 2, 3 … without a gap.
    pub counter: u32,
}

impl Zxid {
    /// Before all transactions.
    pub const ZERO: Self = Self { epoch: 0, counter: 0 };
}

impl fmt::Display for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.epoch, self.counter)
    }
}

/// One server of Zab (§IV; the election and the messages are ZooKeeper's). Its interface for the tester.
///
/// An elected leader takes up a new epoch, brings a quorum up to its own history, and then proposes
/// transactions, which are delivered on all servers in the same order. Some servers may be observers: they
/// are told what is committed and are never counted.
///
/// Every method may be called from any thread at any time, also on a server that was killed. None of them may
/// wait for other servers, except [`sync`](Self::sync).
pub trait Zab: Send + Sync {
    /// Proposes a transaction and returns its id at once; `None` if the server is not an established leader.
    ///
    /// The transaction is committed if the server delivers it under this id. It may also be lost: if a later
    /// leader has not heard of it. A leader whose counter is at its limit
    /// ([`ZabConfig::counter_limit`]) refuses, and gives up its leadership, so that a new epoch begins.
    fn propose(&self, transaction: Vec<u8>) -> Option<Zxid>;

    /// What the server does at the moment.
    fn state(&self) -> ZabState;

    /// Asks the leader what is committed. Returns an id: when the server has delivered everything up to it, a
    /// read of its state sees all transactions that were delivered anywhere before the call.
    ///
    /// The leader must make sure by messages to a quorum that it still leads. (ZooKeeper's does not, and its
    /// answer may be stale.) The method may wait for other servers, for about a second at most. `None`: the
    /// server has no leader, or the answer has not come.
    fn sync(&self) -> Option<Zxid>;

    /// Replaces the transactions up to `zxid`, which the server has delivered, by the state of the service
    /// after them. Of no effect if they were replaced before.
    fn snapshot(&self, zxid: Zxid, snapshot: Vec<u8>);

    /// Stops the server, which is no longer needed. Its threads should end soon, and with them the channel of
    /// deliveries.
    ///
    /// In a simulated crash the threads are killed, whether or not this has been called.
    fn kill(&self);

    /// The RPC services that other servers call.
    fn services(self: Arc<Self>) -> Vec<Service>;
}

/// The role of a server, and the epoch that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ZabState {
    /// The role.
    pub role: ZabRole,
    /// The current epoch: that of the last leader with which the server has synchronised; 0 before the first.
    /// It survives crashes and never goes down.
    pub epoch: u32,
}

/// The role of a server in the broadcast of its current epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ZabRole {
    /// None: it looks for a leader, or has not finished discovery or synchronisation (phases 1 and 2).
    Looking,
    /// It is up to date with the leader of its epoch, and acknowledges what that proposes.
    Following,
    /// It is the established leader of its epoch: a quorum has synchronised with it.
    Leading,
    /// It is up to date with the leader of its epoch, and is not counted.
    Observing,
}

/// A message from a server to its service. Transactions come in the order of their ids, each once in an
/// incarnation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A committed transaction.
    Transaction {
        /// Its id.
        zxid: Zxid,
        /// What was proposed.
        transaction: Vec<u8>,
    },
    /// A state of the service that replaces the present one: what this server or another one has handed to
    /// [`Zab::snapshot`]. A server that starts with a snapshot delivers it first.
    Snapshot {
        /// The last transaction that is in it.
        zxid: Zxid,
        /// The state.
        snapshot: Vec<u8>,
    },
}

/// What a server is told when it is made.
#[derive(Clone)]
pub struct ZabConfig {
    /// The end points to all servers, in the same order on every server. The one to the server itself is
    /// unused.
    pub peers: Vec<ClientEnd>,
    /// The position of this server among them.
    pub me: usize,
    /// The servers that vote, in ascending order. All others are observers.
    pub voters: Vec<usize>,
    /// The highest counter of an id: `u32::MAX`, unless a test is about what happens there. At least 1.
    pub counter_limit: u32,
}

/// The constructor of a server, at first and after a crash.
///
/// The arguments are the configuration; the storage with what earlier incarnations saved; and the channel to
/// the service, which may be full for some time. It must return at once: start threads for long work.
pub type MakeZab = fn(ZabConfig, Storage, Sender<Delivery>) -> Arc<dyn Zab>;
