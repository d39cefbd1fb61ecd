//! Zab, to be read beside the paper: Junqueira, Reed, Serafini, *Zab: High-performance broadcast for
//! primary-backup systems*, DSN 2011. The election and the details of synchronisation are ZooKeeper's.
//!
//! # Zab in a page
//!
//! A leader proposes transactions, and all servers deliver them in the same order. A *zxid* is an epoch and a
//! counter within it. An epoch has one leader at most. Three things are saved: the *accepted epoch*, the
//! *current epoch* and the *history*.
//!
//! **Election** (`vote.rs`, `election.rs`). The servers agree on one of them whose history is the most
//! advanced: by current epoch, then last zxid, then number. An election that goes wrong costs time, and
//! nothing else.
//!
//! **Discovery** (`leader.rs`, `discovery.rs`). The followers tell their accepted epochs. The leader proposes
//! one more than the highest of a quorum. A follower that accepts it leaves all earlier leaders, and tells
//! what it has. The leader goes on only if nobody in the quorum knows more than itself.
//!
//! **Synchronisation** (`synchronisation.rs`). Each follower makes its history equal to the leader's, by what
//! it lacks (DIFF), after dropping what the leader does not have (TRUNC), or from a snapshot (SNAP). It saves
//! the history, then the current epoch, and then acknowledges. With a quorum all of this history is
//! committed, and the leader is *established*.
//!
//! **Broadcast** (`broadcast.rs`). The leader proposes; followers save and acknowledge in the order of zxids;
//! with a quorum a transaction is committed. Observers are told what is committed, and never counted.
//!
//! Why that is enough: whatever is committed in an epoch is saved by a quorum that has this current epoch.
//! The leader of a later epoch has heard from one of them, so its own history has it. And nothing can be
//! committed in the old epoch after that, because this quorum has left it.
//!
//! **Reads** (`sync.rs`) are local, and as old as the server's state. `sync` finds out how far the state has
//! to be for a read that must be fresh.
//!
//! # How it runs
//!
//! One lock guards all that changes (`server.rs`). Saving (`saved.rs`) is the only thing that anyone waits
//! for under it. One timer (`timer.rs`) does what is due, one thread (`apply.rs`) talks to the service, and
//! each outgoing call has a thread of its own: a call to an unreachable server may take long to fail. What
//! belongs to an earlier role of a server is known by the number of its session, and what belongs to an
//! earlier leader by the epoch.
//!
//! # What is different from ZooKeeper
//!
//! - Messages are calls, and calls overtake one another. In phases 1 and 2 the follower asks and the leader
//!   answers; in phase 3 zxids keep the order.
//! - PROPOSAL, COMMIT and PING are one message, and so are UPTODATE and the COMMITs before it.
//! - The service delivers what is committed, never what is only proposed; it is not rolled back.
//! - A follower that has accepted a higher epoch than the leader's makes the leader give up. In ZooKeeper it
//!   stays away until the next election.
//! - `sync` asks a quorum.
//!
//! What was left out: sessions of clients, requests that followers forward, and reconfiguration.

#![warn(missing_docs)]

// In reading order.
mod history;
mod vote;

mod messages;
mod server;
mod timer;

mod election;

mod discovery;
mod leader;

mod synchronisation;

mod broadcast;
mod sync;

mod apply;
mod saved;

use labapi::MakeZab;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: MakeZab = server::make;
