//! Paxos.

#![warn(missing_docs)]

// In reading order.
mod ballot;
mod proposal;

mod messages;
mod node;

mod acceptor;
mod broadcast;
mod learner;

mod log;
mod proposer;

use labapi::Paxos;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: Paxos = Paxos { make_node: node::make, make_log: log::make };
