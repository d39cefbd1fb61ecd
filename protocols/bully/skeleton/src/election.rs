//! Leader election: the messages *election*, *alive* and *victory*.
//!
//! Besides the answers to these messages, you need here:
//!
//! - Starting an election: *election* goes to all higher nodes at the same time, to each from a thread of its
//!   own (`Bully::start_thread`). If there is no higher node at all, this one has won.
//! - What is done when one of them answers. When that comes, is this node still in an election?
//! - Winning: *victory* goes to all lower nodes.

use crate::messages::{Ack, Alive, Election, Victory};
use crate::node::Bully;

impl Bully {
    /// A lower node asks whether this one is alive.
    ///
    /// - It is. And so it starts an election of its own, unless it is in one: also if it leads, for the lower
    ///   node does not seem to know.
    /// - Nobody waits here for the outcome: the lower node wants its answer now.
    pub(crate) fn answer_election(&self, args: Election) -> Alive {
        todo!("bully::answer_election, part B1")
    }

    /// Another node says that it has won.
    ///
    /// Whoever it is, this node follows it from now on: that is the plain form. The test
    /// `late_victory_b1` shows how that goes wrong.
    pub(crate) fn answer_victory(&self, args: Victory) -> Ack {
        todo!("bully::answer_victory, part B1")
    }
}
