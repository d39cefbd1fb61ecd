//! The Bully algorithm (Garcia-Molina, *Elections in a Distributed Computing System*, 1982) with the cures
//! that Elasticsearch (before version 7) and MongoDB (before 3.2) gave it. The plain form is the crate
//! `bully`; each form here is a small difference to it.
//!
//! - **Generations** (B2, `generation.rs`). A message of an earlier election disturbs a later one. Cure: a
//!   generation in every message; older ones are dropped.
//! - **Ask the others** (B3, `inquiry.rs`). One node that misses the leader deposes it. Cure: an election
//!   only when more than half of the nodes miss the leader.
//! - **Quorum** (B4, `quorum.rs`). Both halves of a network elect a leader. Cure: a candidate and a leader
//!   need n/2 + 1 reachable nodes.
//! - **Publication** (B5, `publication.rs`). A leader that was deposed writes. Cure: send, wait for n/2 + 1
//!   answers, then commit.
//! - **Priorities** (B6, `priorities.rs`). Two candidates that do not hear each other both win. Cure: votes
//!   with a veto, random retreat, a vote lock.
//!
//! # The forms that are stacked
//!
//! The first four are one program, and a node knows its form: `Form` is ordered, and each form has the cures
//! of those before it. Messages, statuses and waiting times are those of the plain form, and two more: a
//! node that misses its leader is *inquiring* first, and a leader's answers are counted.
//!
//! **Generations.** A generation begins with a victory and belongs to the winner: its number, which is
//! round × nodes + winner, is newer than all that the winner has heard of. Every message has the generation
//! that its sender knows. An election says whose leader is missed: if there was a victory since, it is over,
//! and the message is dropped. So is a victory or a heartbeat of a leader that was replaced. Whoever sent it
//! learns the newer generation from the answer. The highest live node leads, as in the plain form.
//!
//! **Ask the others.** From here on nobody replaces a leader that is well. The highest node that comes back
//! finds a leader that the others hear, and joins; so leadership does not flap with an unstable node. The
//! newest leader stays, whatever its number. Among those who miss the leader the highest wins, as before.
//!
//! **Quorum.** A leader that loses its quorum steps down before it is replaced, or soon after. A leader that
//! meets a newer generation steps down, asks who leads, and joins.
//!
//! **Publication.** From here on a node keeps something across crashes, or a quorum would forget.
//!
//! # What goes wrong still
//!
//! - Without a quorum (B2, B3) there are several leaders at a time while the network is partitioned, each in
//!   its own generation.
//! - With a quorum there may be two leaders for a moment: one was elected, and the other does not know yet
//!   that its quorum is gone. What it publishes then is not committed, and that is why there are two phases.
//! - In B2 to B4 a node that crashes forgets the generation, and may follow a leader that was replaced until
//!   it hears from the present one.
//! - In B6 a majority that has voted for a node that dies at once elects nobody for 30 s. Raft's terms end
//!   that: a vote is locked for a term, and the next election is another one.
//!
//! # How it runs
//!
//! As in the plain form: one lock guards all that changes, and nobody waits under it for another node. The
//! timer takes it, the handlers of incoming calls, and a thread for each outgoing call.

#![warn(missing_docs)]

// In reading order: first what all stacked forms share.
mod node;

mod messages;

mod state;

mod timer;

mod election;

mod heartbeat;

// The cures, in the order in which they are stacked.
mod generation;

mod inquiry;

mod quorum;

mod publication;

// A form of its own.
mod priorities;

#[cfg(test)]
mod tests;

use labapi::BullyExtended;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: BullyExtended = BullyExtended {
    generations: node::make_generations,
    asks_others: node::make_asks_others,
    quorum: node::make_quorum,
    publishes: node::make_publishes,
    priorities: priorities::make,
};
