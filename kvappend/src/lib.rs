//! A replicated key/value service in which each operation takes effect exactly once, however often its
//! request is sent. A "§" in a comment is the Raft paper's.
//!
//! # The service in a page
//!
//! Clients get, put and append. The servers are replicas of one *store*, as in lab 4: each has a Raft peer
//! and a copy of all keys, and executes what is committed, in the order of the log. What brings requests into
//! the log and answers out of it is the replicated state machine of lab 4, which is given.
//!
//! A clerk sends a request until it gets a reply. A lost reply looks like a lost request, and a server that
//! has lost the lead does not know what will become of a request in its log. So a request may be in the log
//! twice, at any distance. A get may be executed twice: it changes nothing. A put that is executed twice
//! undoes what came in between, and an append doubles its text.
//!
//! **Names for requests** (`clerk.rs`). A clerk draws a random number, its *client id*, and numbers its puts
//! and appends from 1. All transmissions of one request carry the same pair of numbers, and no other request
//! carries it.
//!
//! **The duplicate table** (`store.rs`) has the number of the last put or append of each client that was
//! executed. A client has one call outstanding: when it sends number 8, it has been told that number 7 is
//! done. So one number stands for all of the client's requests up to it. A request is executed if its number
//! is higher, and answered in either case (§8).
//!
//! **The table is part of the store.** It is looked at when a request comes out of the log and not when it
//! arrives: two copies of one request may be in the log before either is executed. All replicas have the same
//! table, because it depends on the log alone. And it is in each snapshot, with the keys: a server that
//! starts from the keys alone would execute a late copy again.
//!
//! **The server** (`server.rs`) takes gets, puts and appends from clerks and submits them.
//!
//! # How it runs
//!
//! The store belongs to one thread of the replicated state machine, and so needs no lock. Each call of a
//! clerk is a thread that waits in `submit`.
//!
//! # What was left out
//!
//! - Remembering answers. A put and an append answer nothing, and a get is executed anew each time.
//! - Forgetting clients. The table has an entry of some bytes for each clerk that has ever changed something.
//!   A service for years would end sessions that are not used (Ongaro's thesis, §6.3).
//! - Several calls of a client at a time. The table would need more than one number for each client.
//! - Reading without writing (§8). Each get costs as much as a put.

#![warn(missing_docs)]

// In reading order.
mod store;

mod server;

mod clerk;

use labapi::KvAppend;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: KvAppend = KvAppend { make_server: server::make, make_clerk: clerk::make };
