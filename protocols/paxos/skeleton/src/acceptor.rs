//! The acceptor (part P1): §2.2 and §2.5 of the paper.

use crate::messages::{Accept, Accepted, Nack, Prepare, Promise};
use crate::node::Node;

impl Node {
    /// Phase 1b: a proposer asks for a promise.
    ///
    /// - The promise, and what it tells, must be true after a crash, too. So save before you return.
    /// - The same request may come twice.
    pub(crate) fn answer_prepare(&self, args: Prepare) -> Result<Promise, Nack> {
        todo!("paxos::answer_prepare, part P1")
    }

    /// Phase 2b: a proposer asks to accept its value.
    ///
    /// - To accept is to promise, too.
    pub(crate) fn answer_accept(&self, args: Accept) -> Result<Accepted, Nack> {
        todo!("paxos::answer_accept, part P1")
    }
}
