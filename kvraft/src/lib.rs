//! A key/value service that is replicated over Raft: it goes on while a majority of its servers is up and can
//! talk among themselves. A "§" in a comment is the Raft paper's.
//!
//! # The service in a page
//!
//! Every server has a Raft peer and a copy of all keys. Requests go into Raft's log; every server does what is in
//! the log, in its order; so all copies go through the same states.
//!
//! **The store** (`store.rs`) is the copy: a *state machine*, which does one request after another and gives
//! an answer to each. A key has a value and a version, and a put names the version that it wants to replace.
//!
//! **The replica** (`rsm.rs`) carries requests to the state machine, and knows nothing of keys. Its side of
//! those who submit puts a request in the log and waits. Its reader takes from Raft what is committed, has
//! it done, and hands the answer to whoever waits for it.
//!
//! **Waiting** (`waiting.rs`). A request in the log of a leader may never be committed: another leader may put
//! something else in its place. Whoever waits for it must be told, and three events tell. Something else is applied in its
//! place; this server does not lead the term any more; Raft has ended. Then the answer is "wrong
//! leader", and means: perhaps it was done, perhaps it will be, ask another server.
//!
//! **The server** (`server.rs`) offers gets and puts to clerks, and submits them.
//!
//! **The clerk** (`clerk.rs`) asks one server after another until one answers as the leader, and
//! remembers it. It may have to send a request again that was done already. A put that is done twice is refused the
//! second time, so it takes effect *at most once*; but the clerk then cannot tell why it was refused, and says so:
//! [`Maybe`](labapi::PutError::Maybe).
//!
//! **Snapshots.** When Raft's saved state is too large, the reader has the state machine write down its own, and Raft
//! drops the log up to there (§7). After a crash the replica begins with the last snapshot, and does again what
//! came after it.
//!
//! # How it runs
//!
//! A server has one thread of its own, the reader, to which the state machine belongs: so it needs no lock. Each
//! call of a clerk has a thread that waits in `submit`. They meet in the table of those who wait, under a lock
//! which nobody holds while a request is done, nor while a snapshot is made.
//!
//! # What was left out
//!
//! - Reading without writing (§8). A get goes through the log like a put, and so is never out of date.
//! - Telling clients apart, so that a put that was done twice is answered twice with the same (§8). Versions do
//!   without, at the price of `Maybe`.
//! - Saying who leads. A server that is asked in vain does not say whom to ask instead (§8); the clerk tries.
//! - Giving up on time. A leader that is cut off does not know it; its clients wait until it is connected
//!   again. A client with less patience would have to ask another server in the meantime.
//! - Snapshots beside the work. The reader makes them between two requests, and everybody waits meanwhile.

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
