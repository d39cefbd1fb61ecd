//! A key/value service that is replicated over Raft. It goes on as long as a majority of its servers
//! is up and can talk among themselves. A "§" in a comment is the Raft paper's.
//!
//! # The service in a page
//!
//! Each server has a Raft peer and a copy of all keys. Requests go into the log, gets as well as puts. Every
//! server does what is committed, in the order of the log; so all copies go through the same states.
//!
//! **The store** (`store.rs`) is such a copy. It is a *state machine*: it does one request after another, and
//! what it answers depends on nothing else. A key has a value and a version, and a put names the version that
//! it wants to replace.
//!
//! **The replica** (`rsm.rs`) brings requests to the store, and knows nothing of keys. Whoever submits a
//! request has it put in the log, and waits. The reader takes what is committed from Raft, lets the
//! store do it, and hands the answer to whoever waits for it.
//!
//! **Waiting** (`waiting.rs`). Not every request in the log of a leader is committed: another leader may put
//! something else in its place. Whoever waits for it has to be told, and three events tell it. Something
//! else is applied in that place; or this server leads the term no longer; or its Raft has ended. Then the
//! answer is "wrong leader", which means: it may have been done, or may yet be; ask another server.
//!
//! **The server** (`server.rs`) takes gets and puts from clerks and submits them.
//!
//! **The clerk** (`clerk.rs`) asks one server after another, until one answers as the leader; and that one
//! first the next time. So it may send a request that was done already. A put that was done is refused
//! the second time, for the first time has changed the version: so it is done *at most once*. But
//! when a repeated put is refused, was it done the first time, or did another client come first? The clerk
//! cannot tell, and says so: [`Maybe`](labapi::PutError::Maybe).
//!
//! **Snapshots.** When the Raft state that is saved gets too large, the reader asks the store for all that it
//! has, and Raft drops the log up to there (§7). After a crash a server starts from its last snapshot, and
//! does again what was committed after it.
//!
//! # How it runs
//!
//! The store belongs to the reader, which is a thread, and so needs no lock. Each call of a clerk is a thread
//! that waits in `submit`. They meet at the table of who waits for what. It has a lock, and nobody holds that
//! while the store is at work.
//!
//! # What was left out
//!
//! - Reading without writing (§8). Each get costs as much as a put.
//! - Remembering clients, so that a put that was done is answered the second time as it was the first time (§8).
//! - Saying who leads. A server that does not lead leaves it to the clerk to find out (§8).
//! - Giving up. A leader that is cut off does not know it, and its clients wait until it is connected again.
//! - Taking a snapshot while the service goes on. Ours waits for it.

#![warn(missing_docs)]

// In reading order.
mod store;

mod waiting;

mod rsm;

mod server;

mod clerk;

use labapi::KvRaft;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: KvRaft =
    KvRaft { make_rsm: rsm::make, make_server: server::make, make_clerk: clerk::make };
