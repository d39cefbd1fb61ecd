//! Raft beyond Figure 2, to be read beside two texts: Diego Ongaro and John Ousterhout, *In Search of an
//! Understandable Consensus Algorithm (Extended Version)*, 2014 ("§6"), and Diego Ongaro's thesis,
//! *Consensus: Bridging Theory and Practice*, 2014 ("thesis §3.10").
//!
//! The plain protocol is the crate `raft`, which is explained there. This crate stands alone. Its elections,
//! replication and snapshots are written briefly, and the comments are on what is added:
//!
//! **Membership** (`membership.rs`, `change.rs`; §6). A configuration is an entry of the log. A server uses
//! the last one in its log. From C_old to C_new the cluster goes through C_old,new, in which nothing is
//! decided without a majority of both. So there is no moment at which C_old and C_new could decide without
//! each other. Servers that are new are brought up to date before they count. A leader that is not in C_new
//! leaves when C_new is committed. A server that has been removed, and does not know, is not listened to
//! while there is a leader.
//!
//! **Contact with a quorum** (`contact.rs`). A leader knows of each server when it sent the last request that
//! the server has answered. The time up to which a quorum has answered is what the next three points ask for:
//!
//! - *Check-quorum* (thesis §6.2): a leader without contact for an election timeout steps down.
//! - *ReadIndex* (`read_index.rs`; thesis §6.4): a read waits until there is contact from after its
//!   beginning. Then no other server has been elected before the read began.
//! - *Lease* (`lease.rs`; thesis §6.4.1): for a while after the contact nobody can be elected. This holds for
//!   clocks that are nearly right, and needs no message.
//!
//! **Pre-vote** (`pre_vote.rs`; thesis §9.6). A server asks whether it would be elected before it begins a
//! term. A server that was cut off comes back in its old term, and disturbs nobody.
//!
//! **Transfer of leadership** (`transfer.rs`; thesis §3.10). A leader brings a follower up to date, and tells
//! it to stand at once.
//!
//! # How it runs
//!
//! As in `raft`: one lock guards all that changes, and nobody waits for another server under it. The handlers
//! of incoming calls take it, the timer, the applier, and a thread for each outgoing call.
//!
//! # What was left out
//!
//! - Changes by one server at a time (thesis §4.1), and non-voters that stay such.
//! - A lease for followers, and reads that followers answer by asking the leader (thesis §6.4).
//! - Anything that makes it fast: the state is saved whole, and conflicts are found a term at a time.

#![warn(missing_docs)]

// In reading order.
mod server;

mod membership;

mod log;
mod state;

mod timer;

mod election;
mod pre_vote;

mod replication;

mod contact;

mod change;

mod read_index;

mod lease;

mod transfer;

mod apply;
mod inspect;
mod persist;
mod snapshot;

pub use server::{SOLUTION, make};
