//! [`Bully`]: a node that elects a leader, without terms, quorums or anything saved.

use std::sync::Arc;

use labrpc::{ClientEnd, Service};

/// One node of the Bully algorithm (Garcia-Molina, *Elections in a Distributed Computing System*, 1982), as
/// the tester sees it. The live node with the highest position shall lead.
///
/// Every method may be called from any thread at any time, also on a node that was killed. None of them may
/// wait for other nodes.
pub trait Bully: Send + Sync {
    /// The position of the node that this one takes for the leader, which may be itself; `None` while it
    /// knows none, as during an election.
    ///
    /// It may be wrong: the leader may be dead without anybody having noticed, and where messages are lost or
    /// late, nodes may disagree.
    fn leader(&self) -> Option<usize>;

    /// The node is no longer needed: its threads should end soon.
    ///
    /// In a simulated crash the threads are gone whether or not the node obeys.
    fn kill(&self);

    /// The RPC services that other nodes call.
    fn services(self: Arc<Self>) -> Vec<Service>;
}

/// Makes a node of the Bully algorithm, for the first time or after a crash: nothing survives one.
///
/// The arguments are the end points to all nodes, in the same order on every node (the one to itself is there
/// and unused), and the position of this node among them. Must return at once: long work belongs in threads.
pub type MakeBully = fn(Vec<ClientEnd>, usize) -> Arc<dyn Bully>;
