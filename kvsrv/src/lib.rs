//! A key/value server, a clerk that calls it, and a lock that clients share through it.
//!
//! # The service in a page
//!
//! One server keeps keys. A key has a value and a version, which counts how often the key was put. A
//! put names the version that it wants to replace, and is refused if the key has another one.
//!
//! **The server** (`server.rs`) never crashes, so it keeps everything in memory, under one lock.
//!
//! **The clerk** (`clerk.rs`) calls the server for its client. The network loses requests and replies,
//! and a clerk without a reply cannot know which of the two was lost. So it sends the request again,
//! until there is a reply. A get may be done twice and nobody minds. A put that is done twice is
//! refused the second time, because the first time has changed the version: a put takes effect *at
//! most once*. But when a repeated put is refused, it may be its own first transmission that was
//! in its way, or another client. The clerk cannot tell, and says so: [`Maybe`](labapi::PutError::Maybe).
//!
//! **The lock** (`lock.rs`) is a key, whose value says who holds it. A client takes it with a put that names
//! the version at which it was free. Of several such puts only one is done.
//!
//! # What was left out
//!
//! - Remembering clients. A server that keeps the last reply of every client can answer a repeated put
//!   as it did the first time, so there is no `Maybe`. It costs memory for each client, and somebody
//!   must decide when a client is gone. Versions cost a number a key.
//! - Crashes of the server. `kvraft` has several servers, so that some may crash.
//! - Crashes of a client that holds the lock. Nobody takes it over: a server cannot tell a client that is
//!   gone from one that is slow.
//! - A queue at the lock. Those who wait ask again and again, and who asks at the right moment is next.

// In reading order.
mod server;

mod clerk;

mod lock;

use labapi::KvSrv;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: KvSrv =
    KvSrv { make_server: server::make, make_clerk: clerk::make, make_lock: lock::make };
