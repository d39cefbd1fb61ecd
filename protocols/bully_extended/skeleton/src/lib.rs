//! The cures of the Bully algorithm, yours to write. `docs/lab-bully_extended.md` goes through them.
//!
//! The skeleton compiles and does nothing. Wherever something is missing stands `todo!` or *Your code here*.
//!
//! - `node.rs`: a node of the first four forms: how it starts, and what the tester asks of it. Begin here.
//! - `messages.rs`: what the nodes send to each other.
//! - `election.rs`: your plain Bully, with a generation in each message (part B2).
//! - `inquiry.rs`: the others are asked before an election (part B3).
//! - `quorum.rs`: nobody leads without one (part B4).
//! - `publication.rs`: two phases (part B5).
//! - `priorities.rs`: another form altogether (part B6).
//!
//! Only [`SOLUTION`] is known outside: rename, move and add what you like. Take over what you have written
//! for the lab before.

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when your solution is complete"
)]

mod election;
mod inquiry;
mod messages;
mod node;
mod priorities;
mod publication;
mod quorum;

use labapi::BullyExtended;

/// The solution under test: a constructor for each form.
pub const SOLUTION: BullyExtended = BullyExtended {
    generations: |ends, me| node::start_node(node::Cures::UpToB2, ends, me, None),
    asks_others: |ends, me| node::start_node(node::Cures::UpToB3, ends, me, None),
    quorum: |ends, me| node::start_node(node::Cures::UpToB4, ends, me, None),
    publishes: |ends, me, storage| node::start_node(node::Cures::UpToB5, ends, me, Some(storage)),
    priorities: priorities::start_voter,
};
