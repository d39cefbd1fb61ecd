//! A key/value server, a clerk, and a lock: lab 2, yours to write. `docs/lab-2.md` goes through it.
//!
//! - `server.rs`: the server (2A).
//! - `clerk.rs`: how a client asks it over a network that loses messages (2A).
//! - `lock.rs`: a lock that clients share through the server (2B).
//!
//! Only [`SOLUTION`] is known outside: rename, move and add what you like.

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when lab 2 is complete"
)]

mod clerk;
mod lock;
mod server;

use labapi::KvSrv;

/// The solution under test.
pub const SOLUTION: KvSrv =
    KvSrv { make_clerk: clerk::make, make_lock: lock::make, make_server: server::make };
