//! A key/value service on your Raft: lab 4, yours to write. `docs/lab-4.md` goes through it.
//!
//! - `rsm.rs`: carries requests of any service through Raft, and the answers back (4A; snapshots: 4C).
//! - `store.rs`: the service, on one server (4B; snapshots: 4C).
//! - `server.rs`: what clerks call (4B).
//! - `clerk.rs`: how a client finds the leader and asks it (4B).
//!
//! Only [`SOLUTION`] is known outside: rename, move and add what you like. The Raft is handed to you in
//! [`labapi::Replica::make_raft`], and all that you know of it is [`labapi::Raft`].

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when lab 4 is complete"
)]

mod clerk;
mod rsm;
mod server;
mod store;

use labapi::KvRaft;

/// The solution under test.
pub const SOLUTION: KvRaft =
    KvRaft { make_clerk: clerk::make, make_server: server::make, make_rsm: rsm::make };
