//! [`Paxos`]: nodes that agree on values one by one, and a replicated log made of such agreements.

use std::sync::Arc;

use labrpc::{ClientEnd, Service};
use persister::Storage;

use crate::MakeRaft;

/// One node of single-decree Paxos (Lamport, *Paxos Made Simple*, 2001): proposer, acceptor and learner in
/// one. Its interface for the tester.
///
/// The nodes agree on one value for each *instance*. Instances are independent of one another: each is a run
/// of the protocol of the paper's section 2. They have numbers from 0, in no particular order.
///
/// Every method may be called from any thread at any time, also on a node that was killed. None of them may
/// wait for other nodes.
pub trait PaxosNode: Send + Sync {
    /// Proposes `value` for `instance`. Returns at once.
    ///
    /// From then on the node tries to have a value chosen, until it knows one that is: this one, or another
    /// that was proposed by anybody. If it is given several values for an instance, it has to propose one of
    /// them. A crash ends the attempts of its incarnation.
    fn propose(&self, instance: u64, value: Vec<u8>);

    /// The value that was chosen for `instance`, if the node knows it. The answer never changes from one
    /// value to another. After a restart it may be `None` at first.
    ///
    /// From the first call on the node tries to find out, if it did not before: by asking the acceptors
    /// (section 2.3). Returns at once.
    fn decided(&self, instance: u64) -> Option<Vec<u8>>;

    /// Stops the node, which is no longer needed. Its threads should end soon.
    ///
    /// In a simulated crash the threads are killed, whether or not this has been called.
    fn kill(&self);

    /// The RPC services that other nodes call.
    fn services(self: Arc<Self>) -> Vec<Service>;
}

/// The constructor of a node of single-decree Paxos, at first and after a crash.
///
/// The arguments are the end points to all nodes, in the same order on every node (the one to the node itself
/// is unused); the position of this node among them; and the storage with what earlier incarnations saved. It
/// must return at once: start threads for long work.
pub type MakePaxosNode = fn(Vec<ClientEnd>, usize, Storage) -> Arc<dyn PaxosNode>;

/// What a solution of the Paxos lab provides.
#[derive(Clone, Copy)]
pub struct Paxos {
    /// Makes a node of single-decree Paxos (part P1).
    pub make_node: MakePaxosNode,
    /// Makes a peer of a replicated log, whose entries are instances of Paxos (part P2). It is a
    /// [`Raft`](crate::Raft) of another make: lab 4 runs on it.
    ///
    /// The term is the number of a ballot, round × servers + node, so that a term has one leader. A server's
    /// term is the highest ballot that it has promised. An index counts commands: an instance that holds a
    /// no-op is not delivered and has no index.
    pub make_log: MakeRaft,
}
