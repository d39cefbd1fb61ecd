//! Paxos, yours to write. `docs/lab-paxos.md` goes through it; the protocol is Leslie Lamport's, *Paxos Made
//! Simple*, 2001.
//!
//! The skeleton compiles and does nothing. Each gap is marked by `todo!` or *Your code here*, with the part
//! that needs it first, so that part P1 can be done while the rest is as it is.
//!
//! - `ballot.rs`: the numbers of proposals.
//! - `messages.rs`: what the nodes send to each other (P1).
//! - `node.rs`: one node, how it starts, and what the tester and the other nodes ask of it. Begin here.
//! - `acceptor.rs`, `proposer.rs`, `learner.rs`: its three roles (P1).
//! - `log.rs`: a log of instances, with a leader (P2).
//!
//! Only [`SOLUTION`] is known outside: rename, move and add what you like.

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when your solution is complete"
)]

mod acceptor;
mod ballot;
mod learner;
mod log;
mod messages;
mod node;
mod proposer;

use labapi::Paxos;

/// The solution under test.
pub const SOLUTION: Paxos = Paxos { make_node: node::make, make_log: log::make };
