//! A key/value service in which each operation takes effect exactly once: yours to write.
//! `docs/lab-kvappend.md` goes through it.
//!
//! - `store.rs`: the service, on one server (4P; snapshots: 4Q).
//! - `server.rs`: what clerks call (4P).
//! - `clerk.rs`: how a client finds the leader and asks it (4P).
//!
//! Only [`SOLUTION`] is known outside: rename, move and add what you like. The replicated state machine of
//! lab 4 is handed to you when a server is made.

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when the lab is complete"
)]

mod clerk;
mod server;
mod store;

use labapi::KvAppend;

/// The solution under test.
pub const SOLUTION: KvAppend = KvAppend { make_clerk: clerk::make, make_server: server::make };
