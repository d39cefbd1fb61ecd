//! A key/value server, a clerk that calls it, and a lock that clients share through it.
//!
//! # The service in a page
//!
//! One server keeps keys. A key has a value and a version, which counts how often the key was put. A
//! put names the version that it wants to replace, and is refused if the key has another one.
//!
//! **The server** (`server.rs`) never crashes. So it keeps everything in memory, under one lock.
//!
//! **The clerk** (`clerk.rs`) calls the server for its client. The network loses requests and replies,
//! and when there is no reply, nobody knows which of the two was lost. So the clerk sends its request
//! again, until there is a reply. That a get is done twice harms nobody. A put that was done is refused
//! the second time, for the first time has changed the version: so it is done *at most once*. But
//! when a repeated put is refused, was it done the first time, or did another client come
//! first? The clerk cannot tell, and says so: [`Maybe`](labapi::PutError::Maybe).
//!
//! **The lock** (`lock.rs`) is a key whose value says who holds it. Clients that find it free put their names
//! at the same version, and only one of these puts is done.
//!
//! # What was left out
//!
//! - Remembering clients. A server that keeps its last reply to every client can repeat that reply, and
//!   needs no `Maybe`. But that takes memory for each client, and somebody must find out when a client is
//!   gone. A version takes a number for each key.
//! - Crashes of the server. For that there are several servers in `kvraft`.
//! - Crashes of a client that holds the lock. Nobody can tell a client that is gone from one that is slow,
//!   so nobody takes the lock away from it.
//! - A queue at the lock. Those who wait look now and then, and whoever looks at the right moment is next. A
//!   client that takes the lock again as soon as it has given it up can keep the others waiting for ever.

#![warn(missing_docs)]

// In reading order.
mod server;

mod clerk;

mod lock;

use labapi::KvSrv;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: KvSrv =
    KvSrv { make_server: server::make, make_clerk: clerk::make, make_lock: lock::make };
