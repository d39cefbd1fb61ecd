//! A service that is replicated over Raft: [`Rsm`] carries requests to every replica's [`StateMachine`].

use std::sync::Arc;

use labrpc::{ClientEnd, Service};
use persister::Persister;
use serde::{Deserialize, Serialize};

use crate::{MakeRaft, Raft};

/// The service that is replicated: it does one request after another, the same on every replica.
///
/// What it answers and becomes may depend on its state and the request alone: not on time, chance, or the
/// order of a hash map.
pub trait StateMachine: Send {
    /// Does a request that was committed, and says what the answer to it is.
    ///
    /// Called for every committed request on every replica, in the order of the log.
    fn do_op(&mut self, request: &[u8]) -> Vec<u8>;

    /// The whole state, as bytes.
    fn snapshot(&self) -> Vec<u8>;

    /// Takes the state that [`snapshot`](Self::snapshot) gave, here or on another replica, in place of its
    /// own.
    fn restore(&mut self, snapshot: &[u8]);
}

/// A replica of a state machine (the course's `rsm`, part 4A).
///
/// Methods may be called from any thread at any time, also after its Raft was killed.
pub trait Rsm: Send + Sync {
    /// Has a request done by every replica, and returns what the state machine of this one answered.
    ///
    /// Waits until the request is committed and applied here. A leader that is cut off from the others may
    /// wait until the cut is healed.
    ///
    /// # Errors
    ///
    /// [`WrongLeader`] if this replica is not the leader, or if it lost leadership, or its Raft was killed,
    /// before it could tell what becomes of the request. The request may still be done, by all replicas or by
    /// none.
    fn submit(&self, request: Vec<u8>) -> Result<Vec<u8>, WrongLeader>;

    /// The Raft peer under this replica.
    fn raft(&self) -> Arc<dyn Raft>;
}

/// This replica cannot say what became of a request: it is not the leader, or stopped being it. Ask another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongLeader;

/// What a replica is made from.
pub struct Replica {
    /// Makes the Raft peer of the replica.
    pub make_raft: MakeRaft,
    /// The end points to the Raft peers of all replicas, in the same order on every server (the one to itself
    /// is there and unused).
    pub peers: Vec<ClientEnd>,
    /// The position of this replica among them.
    pub me: usize,
    /// What it saved before it crashed, if it ever ran.
    pub persister: Persister,
    /// About how many bytes of Raft state may be saved before a snapshot has to make them fewer; `None`: no
    /// snapshots.
    pub max_raft_state: Option<usize>,
}

/// Makes a replica of a state machine, from the last snapshot that was saved, if there is one. Must return at
/// once.
pub type MakeRsm = fn(Replica, Box<dyn StateMachine>) -> Arc<dyn Rsm>;

/// A server of a replicated service, as the tester sees it.
pub trait ReplicaServer: Send + Sync {
    /// The Raft peer of this server.
    fn raft(&self) -> Arc<dyn Raft>;

    /// The server is no longer needed: it and its Raft should end soon.
    ///
    /// In a simulated crash the threads are gone whether or not the server obeys.
    fn kill(&self);

    /// The services that others call: the clerks this server, the other servers its Raft.
    fn services(self: Arc<Self>) -> Vec<Service>;
}
