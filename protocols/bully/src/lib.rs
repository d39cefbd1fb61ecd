//! The Bully algorithm: Hector Garcia-Molina, *Elections in a Distributed Computing System*, 1982, in the
//! plain form of textbooks.
//!
//! # The protocol in a page
//!
//! Every node knows all others, and they are numbered. The live node with the highest number shall lead.
//!
//! **Elections** (`election.rs`). A node that wants to know who leads sends *election* to all nodes with
//! higher numbers. One that lives answers *alive*, and begins an election of its own: it bullies the lower
//! one out. A node that nobody answers in time has won, and sends *victory* to all lower nodes, which follow
//! it. A node that is answered waits for a victory, and begins anew if none comes.
//!
//! **When** (`timer.rs`). A node starts an election when it starts, for it may be the highest; when it has
//! heard nothing of its leader for too long; and when a lower node starts one. The waiting times are fixed:
//! unlike in Raft, candidates at the same time do not block each other, since their numbers decide.
//!
//! **Heartbeats** (`heartbeat.rs`). The leader reminds all lower nodes that it is there. This is how they
//! notice that it is gone, and how a node that missed a victory learns of the leader.
//!
//! **Crashes.** Nothing is saved. A node that comes back asks who leads, as at its first start, and takes
//! over if it is the highest.
//!
//! # What goes wrong
//!
//! The algorithm assumes that no message is lost or late, and that a live node answers in time. Where that
//! does not hold, there are several leaders at a time or the wrong one. No message says to which election it
//! belongs, and a leader needs nobody's consent:
//!
//! - *Partition.* Each half of the network elects the highest of its nodes: two leaders (split brain), until
//!   the halves can talk again and the heartbeats of the higher leader reach the other half.
//! - *Late victory.* A victory that arrives late is believed. The node follows a leader that was replaced
//!   meanwhile, or is dead; then it takes a heartbeat of the true leader, or an election that disturbs
//!   everybody, to put it right.
//! - *Slow leader.* A leader that only seems dead is replaced. When it goes on, it still takes itself for the
//!   leader.
//! - *Unstable node.* If the highest node crashes and returns again and again, leadership goes to and fro,
//!   even though the others are well.
//!
//! Elasticsearch (before 7) and MongoDB (before 3.2) began with this algorithm and mended it by a generation
//! in each message and a quorum for each leader. Neither is here.
//!
//! # How it runs
//!
//! One lock guards all that changes, and nobody waits under it. Besides the handlers of incoming calls, the
//! timer takes it, and a thread for each outgoing call: a call to an unreachable node may take seconds to
//! fail.
//!
//! # What was left out
//!
//! - The paper's winner first halts all lower nodes, then announces itself, then has them reorganise their
//!   work. Here the victory is all of it.
//! - The Invitation algorithm, the paper's answer to partitions.

#![warn(missing_docs)]

// In reading order.
mod node;

mod messages;

mod state;

mod timer;

mod election;

mod heartbeat;

#[cfg(test)]
mod tests;

pub use node::{SOLUTION, make};
