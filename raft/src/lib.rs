//! Raft, to be read beside the paper: Diego Ongaro and John Ousterhout, *In Search of an
//! Understandable Consensus Algorithm (Extended Version)*, 2014. A "§" or "Figure" in a comment is
//! that paper's, and so are the names, in snake case.
//!
//! # The protocol in a page
//!
//! A few servers keep copies of one log of commands. Whoever crashes or is cut off, no two of them
//! ever apply different commands at the same index; and as long as some majority can talk among
//! themselves, the log grows.
//!
//! **Terms** (`state.rs`). Time is cut into terms, numbered from 1, and every message carries one. A
//! server that sees a newer term joins it as a follower; a message of an older term has no effect.
//! So all handlers here have the same three steps: *old term*, *new term*, *the rule*.
//!
//! **Elections** (`election.rs`). A follower that hears of no leader for a while begins a new term
//! and asks for votes. A server votes once a term, and only for a log that is at least as up to date as
//! its own. Any two majorities have a server in common. Hence a term has one leader at most; and of
//! those who store a committed entry, one must have voted for whoever leads later, so each later
//! leader stores it too.
//!
//! **Replication** (`replication.rs`). Commands enter the log at the leader. It sends each follower
//! the entries that the follower lacks, and names the entry before them. A follower without exactly
//! that entry refuses and says where the logs part; then the leader goes further back. Once an entry
//! of the leader's own term is on a majority, it is *committed*, and all entries before it are.
//!
//! **Applying** (`apply.rs`). Each server hands committed entries to its service, in order.
//!
//! **Snapshots** (`snapshot.rs`). A service may hand over its state up to some index, and the log up
//! to there is dropped. A follower that lacks what was dropped is sent the snapshot instead.
//!
//! **Crashes** (`persist.rs`). Term, vote, log and snapshot are saved before any message that depends
//! on them leaves the server. Everything else is built anew.
//!
//! # How it runs
//!
//! One lock guards all that changes. Saving is the only thing that anyone waits for under it; nobody
//! waits there for another server or for the service. Besides the handlers of incoming calls, these
//! threads take it:
//!
//! - the timer, which calls elections, and on a leader sends heartbeats (`timer.rs`);
//! - the applier, which hands committed entries to the service (`apply.rs`);
//! - a thread for each outgoing call. A call to an unreachable server may take seconds to fail,
//!   and nothing else must wait for it.
//!
//! A leader sends new entries as soon as it has them, one batch at a time to each follower. What
//! arrives while a batch is on its way leaves with the next. Whatever gets lost is noticed with the
//! next heartbeat.
//!
//! # What was left out
//!
//! - Changing the set of servers (§6).
//! - Clients: finding the leader, filtering duplicates, reading without writing (§8). That is for the
//!   service above.
//! - The leader's empty entry at the start of its term (§8). The course expects exact indices, so
//!   what an earlier leader left uncommitted waits for the first command of the new term.
//! - Snapshots in pieces (Figure 13's `offset` and `done`). Ours travel whole.
//! - Telling the followers of a new commit index at once. They learn it with the next entries, or
//!   with the next heartbeat.
//! - Keeping a server that was cut off from disturbing a good leader with its high term (§6; Ongaro's
//!   thesis, §9.6).

#![warn(missing_docs)]

// In reading order.
mod peer;

mod log;
mod state;

mod timer;

mod election;

mod replication;

mod snapshot;

mod apply;
mod persist;

mod inspect;

pub use peer::{SOLUTION, make};
