//! A key/value service on groups of servers: lab 5, yours to write. `docs/lab-5.md` goes through it.
//!
//! - `store.rs`: the shards of a group, on one server (5A).
//! - `server.rs`: what clerks and controllers call (5A).
//! - `controller.rs`: changes the configuration, and moves the shards (5A; other controllers: 5B and 5C).
//! - `clerk.rs`: how a client finds the group of a key (5A).
//!
//! Only [`SOLUTION`] is known outside: rename, move and add what you like. The replicated state machine is
//! handed to you in [`labapi::ShardReplica::make_rsm`], and the clerk of the server with the configurations
//! when a controller is made.

#![allow(
    dead_code,
    unused_variables,
    reason = "much of this is not used yet; take this attribute away when lab 5 is complete"
)]

mod clerk;
mod controller;
mod server;
mod store;

use labapi::ShardKv;

/// The solution under test.
pub const SOLUTION: ShardKv =
    ShardKv { make_clerk: clerk::make, make_controller: controller::make, make_server: server::make };
