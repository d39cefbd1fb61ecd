//! [`Bully`]: a node that elects a leader without terms, quorums and persistent state.

use std::sync::Arc;

use labrpc::{ClientEnd, Service};

/// One node of the Bully algorithm (Garcia-Molina, *Elections in a Distributed Computing System*, 1982): its
/// interface for the tester. The live node with the highest position shall lead.
///
/// Every method may be called from any thread at any time, also on a node that was killed. None of them may
/// wait for other nodes.
pub trait Bully: Send + Sync {
    /// The position of the node that this one takes for the leader, which may be itself; `None` while it
    /// knows none, as during an election.
    ///
    /// It may be wrong: a leader that has crashed may not have been missed yet, and nodes may disagree where
    /// messages are lost or late.
    fn leader(&self) -> Option<usize>;

    /// Stops the node, which is no longer needed. Its threads should end soon.
    ///
    /// In a simulated crash the threads are killed, whether or not this has been called.
    fn kill(&self);

    /// The RPC services that other nodes call.
    fn services(self: Arc<Self>) -> Vec<Service>;
}

/// The constructor of a node of the Bully algorithm, at first and after a crash, which no state survives.
///
/// The arguments are the end points to all nodes, in the same order on every node (the one to the node itself
/// is unused), and the position of this node among them. It must return at once: start threads for long work.
pub type MakeBully = fn(Vec<ClientEnd>, usize) -> Arc<dyn Bully>;
