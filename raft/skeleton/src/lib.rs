//! Raft, lab 3: yours to write. `docs/lab-3.md` goes through it part by part; the protocol is in the paper,
//! Diego Ongaro and John Ousterhout, *In Search of an Understandable Consensus Algorithm (Extended Version)*,
//! 2014.
//!
//! The skeleton compiles and does nothing. Each gap is marked by `todo!` or *Your code here*, with the part
//! that needs it first, so that part 3A can be done while the rest is as it is.
//!
//! - `peer.rs`: one server, how it starts, and what its service and the tester ask of it. Begin here.
//! - `rpc.rs`: what the servers ask of each other.
//! - `election.rs`: who leads (3A).
//! - `replication.rs`: heartbeats (3A), and how entries come into everybody's log (3B).
//! - `apply.rs`: handing what is committed to the service (3B).
//! - `persist.rs`: what survives a crash (3C).
//! - `snapshot.rs`: cutting off the beginning of the log (3D).
//!
//! Only [`SOLUTION`] is known outside: rename, move and add what you like.

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when your Raft is complete"
)]

mod apply;
mod election;
mod peer;
mod persist;
mod replication;
mod rpc;
mod snapshot;

pub use peer::{SOLUTION, make};
