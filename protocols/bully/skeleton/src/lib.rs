//! The Bully algorithm, yours to write. `docs/lab-bully.md` goes through it; the algorithm is Hector
//! Garcia-Molina's, *Elections in a Distributed Computing System*, 1982, in the plain form of textbooks.
//!
//! The skeleton compiles and does nothing. Wherever something is missing stands `todo!` or *Your code here*.
//!
//! - `node.rs`: one node, how it starts, and what the tester and the other nodes ask of it. Begin here.
//! - `messages.rs`: what the nodes send to each other.
//! - `state.rs`: what a node knows.
//! - `timer.rs`: when something is due that no message brings about.
//! - `election.rs`: who leads.
//! - `heartbeat.rs`: whether the leader is still there.
//!
//! Only [`SOLUTION`] and [`make`] are known outside: rename, move and add what you like.

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when your solution is complete"
)]

mod election;
mod heartbeat;
mod messages;
mod node;
mod state;
mod timer;

pub use node::{SOLUTION, make};
