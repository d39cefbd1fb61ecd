//! Raft beyond Figure 2: yours to write, on top of your Raft of lab 3. `docs/lab-raft_extended.md` goes
//! through it part by part. The paper is Ongaro and Ousterhout's, as in lab 3; the thesis is Diego Ongaro,
//! *Consensus: Bridging Theory and Practice*, 2014.
//!
//! The skeleton compiles and does nothing. Wherever something is missing stands `todo!` or *Your code here*.
//! Begin by copying the files of your Raft: elections, replication, snapshots, persistence. They change in a
//! few places, which the page names.
//!
//! - `server.rs`: one server, how it starts, and what its service and the tester ask of it. Begin here.
//! - `membership.rs`: configurations and their quorums (3E).
//! - `change.rs`: how the cluster is changed (3E).
//! - `pre_vote.rs`: asking before standing (3F).
//! - `contact.rs`: when a quorum was heard of last (3F, 3G).
//! - `read_index.rs`, `lease.rs`: reads (3G).
//! - `transfer.rs`: handing the leadership over (3H).
//!
//! Only [`SOLUTION`] is known outside: rename, move and add what you like.

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when your Raft is complete"
)]

mod change;
mod contact;
mod lease;
mod membership;
mod pre_vote;
mod read_index;
mod server;
mod transfer;

pub use server::{SOLUTION, make};
