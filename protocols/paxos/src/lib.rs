//! Paxos, to be read beside the paper: Leslie Lamport, *Paxos Made Simple*, 2001. A "§" in a comment is that
//! paper's, and so are the quotations.
//!
//! # One decree in a page
//!
//! A few nodes agree on one value for each *instance*, by messages that may be lost, late or doubled, while
//! nodes crash and come back.
//!
//! **Ballots** (`ballot.rs`). A proposer makes its attempts under numbers that are unique and ordered.
//!
//! **Acceptors** (`acceptor.rs`). Phase 1b: an acceptor promises a ballot, unless it has promised a higher
//! one, and tells what it has accepted. Phase 2b: it accepts a value in a ballot, under the same condition
//! (P1a). Both are saved before they are answered.
//!
//! **Proposers** (`proposer.rs`). Phase 1a: a proposer asks all acceptors for promises. Phase 2a: when a
//! majority has promised, it asks them to accept a value: that of the highest ballot of which it was told
//! (P2c, `proposal.rs`), or its own if there is none. The value is *chosen* when a majority has accepted it.
//!
//! Why that is enough: any two majorities have an acceptor in common. Once a value is chosen, a proposer with
//! a higher ballot is told of it, or of a later ballot that had the same value for the same reason. So all
//! higher ballots have this value (P2b).
//!
//! **Learners** (`learner.rs`). The proposer knows first, and tells all. Whoever was not told asks.
//!
//! # A log in a page
//!
//! The second half (`log.rs`) makes a log of instances: §3. The servers share one ballot for all instances,
//! the leader runs phase 1 once and phase 2 for each command, fills gaps with no-ops, and sends snapshots to
//! those who lag behind. To its users it is a [`Raft`](labapi::Raft): lab 4 runs on it.
//!
//! # How it runs
//!
//! One lock guards all that changes. Saving is the only thing that anyone waits for under it. Each outgoing
//! call has a thread of its own: a call to an unreachable node may take seconds to fail.
//!
//! # What was left out
//!
//! - Forgetting: a node keeps its decrees for ever. (The log drops what a snapshot replaces.)
//! - Changing the set of servers (§3 has a sentence on it).
//! - Reading without writing, and leases for leaders.
//! - Acceptors that tell each learner by themselves. It saves a message's time, and costs many messages.
//! - Acceptors that lose their disks. That breaks the protocol: see the test of that name.

#![warn(missing_docs)]

// In reading order.
mod ballot;
mod proposal;

mod messages;
mod node;

mod acceptor;
mod proposer;

mod broadcast;
mod learner;

mod log;

#[cfg(test)]
mod tests;

use labapi::Paxos;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: Paxos = Paxos { make_node: node::make, make_log: log::make };
