//! [`KvRaft`]: lab 4, a service that is replicated over Raft. An [`Rsm`] executes requests on every replica's
//! [`StateMachine`].

use std::sync::Arc;

use labrpc::{ClientEnd, Service};
use persister::Persister;
use serde::{Deserialize, Serialize};

use crate::{Clerk, MakeRaft, Raft};

/// The replicated service: it executes one request after another, with the same result on every replica.
///
/// Results and new states may depend only on the state and the request: not on time, randomness, or the order
/// of a hash map.
pub trait StateMachine: Send {
    /// Executes a committed request, and returns the answer.
    ///
    /// Called for every committed request on every replica, in the order of the log.
    fn do_op(&mut self, request: &[u8]) -> Vec<u8>;

    /// The whole state, as bytes.
    fn snapshot(&self) -> Vec<u8>;

    /// Replaces the state by a [`snapshot`](Self::snapshot), of this replica or another.
    fn restore(&mut self, snapshot: &[u8]);
}

/// A replica of a state machine (the course's `rsm`, part 4A).
///
/// Methods may be called from any thread at any time, also after its Raft was killed.
pub trait Rsm: Send + Sync {
    /// Has a request executed by every replica, and returns the answer of this replica's state machine.
    ///
    /// Waits until the request is committed and applied here. A leader that is cut off from the others may
    /// wait until the partition heals.
    ///
    /// # Errors
    ///
    /// [`WrongLeader`] if this replica is not the leader, or if it lost leadership, or its Raft was killed,
    /// before the outcome of the request was known. The request may still be executed, by all replicas or by
    /// none.
    fn submit(&self, request: Vec<u8>) -> Result<Vec<u8>, WrongLeader>;

    /// The Raft peer under this replica.
    fn raft(&self) -> Arc<dyn Raft>;
}

/// This replica does not know the outcome of a request, because it is not the leader or no longer is. Ask
/// another replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongLeader;

/// The arguments for making a replica.
pub struct Replica {
    /// Makes the Raft peer of the replica.
    pub make_raft: MakeRaft,
    /// The end points to the Raft peers of all replicas, in the same order on every server (the one to the
    /// replica itself is unused).
    pub peers: Vec<ClientEnd>,
    /// The position of this replica among them.
    pub me: usize,
    /// The storage, with the state that earlier incarnations saved.
    pub persister: Persister,
    /// The approximate size in bytes of the persisted Raft state from which on a snapshot must be taken;
    /// `None`: no snapshots.
    pub max_raft_state: Option<usize>,
}

/// The constructor of a replica of a state machine, from the last snapshot that was saved, if there is one.
/// It must return at once.
pub type MakeRsm = fn(Replica, Box<dyn StateMachine>) -> Arc<dyn Rsm>;

/// A server of a replicated service: its interface for the tester.
pub trait ReplicaServer: Send + Sync {
    /// The Raft peer of this server.
    fn raft(&self) -> Arc<dyn Raft>;

    /// Stops the server, which is no longer needed. Its threads and those of its Raft should end soon.
    ///
    /// In a simulated crash the threads are killed, whether or not this has been called.
    fn kill(&self);

    /// The RPC services: of this server for clerks, and of its Raft for the other servers.
    fn services(self: Arc<Self>) -> Vec<Service>;
}

/// Constructors that a lab 4 solution provides: of any replicated state machine, and of the replicated
/// key/value service.
#[derive(Clone, Copy)]
pub struct KvRaft {
    /// Makes a replica of a state machine (part 4A).
    pub make_rsm: MakeRsm,
    /// Makes a replica of the key/value service, with the state that earlier incarnations saved. Must return
    /// at once.
    pub make_server: fn(Replica) -> Arc<dyn ReplicaServer>,
    /// Makes a clerk that calls the servers at these end points, which are in the order of the servers.
    pub make_clerk: fn(Vec<ClientEnd>) -> Arc<dyn Clerk>,
}
