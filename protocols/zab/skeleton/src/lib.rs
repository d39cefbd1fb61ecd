//! Zab, yours to write. `docs/lab-zab.md` goes through it; the protocol is Junqueira, Reed and Serafini's,
//! *Zab: High-performance broadcast for primary-backup systems*, 2011, with ZooKeeper's election.
//!
//! The skeleton compiles and does nothing. Each gap is marked by `todo!` or *Your code here*, with the part
//! that needs it first.
//!
//! - `messages.rs`: what the servers send to each other.
//! - `server.rs`: one server, how it starts, and what the tester and the other servers ask of it. Begin here.
//! - `election.rs`: votes, and who leads (Z1).
//! - `recovery.rs`: discovery and synchronisation (Z1 needs the way of it, Z2 all cases).
//! - `broadcast.rs`: proposals and what is committed (Z3).
//!
//! Only [`SOLUTION`] is known outside: rename, move and add what you like.

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when your solution is complete"
)]

mod broadcast;
mod election;
mod messages;
mod recovery;
mod server;

use labapi::MakeZab;

/// The solution under test.
pub const SOLUTION: MakeZab = server::make;
