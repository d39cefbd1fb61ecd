//! A plain Raft: Figure 2 and Figure 13 of the extended paper, to the letter. Wrong solutions are edits of
//! it, and "§" or "Figure" in a comment is the paper's.
//!
//! It does what the paper demands and no more, so that nothing hides a mistake:
//!
//! - `next_index` moves when a follower answers, not when entries are sent. Each request carries the entries
//!   from there on, so entries that are on their way are sent again with the next command or heartbeat.
//! - Nobody remembers which requests are on their way, and an answer that was overtaken is obeyed as any
//!   other of its term.
//! - All persistent state is encoded and saved whole, each time.
//! - A candidate asks once for each vote.
//!
//! The course demands a little that is not in the figures: a refused leader goes back by a term at a time
//! (the end of §5.3), and new entries leave at once.
//!
//! - `peer.rs`: one server, its threads, and what can be asked of it.
//! - `state.rs`: the box "State".
//! - `log.rs`: the log, with a head entry that stands for the snapshot.
//! - `election.rs`, `replication.rs`, `install.rs`: the RPCs, each with both sides.
//! - `apply.rs`: handing what is committed to the service.
//! - `persist.rs`: what survives a crash.

#![warn(missing_docs)]

mod apply;
mod election;
mod install;
mod log;
mod peer;
mod persist;
mod replication;
mod state;

pub use peer::{SOLUTION, make};
