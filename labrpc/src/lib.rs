//! A simulated network between servers: remote calls that are delayed, lost and cut off.
//!
//! # For lab code
//!
//! A server offers *handlers*, functions from one struct to another, in an `impl` block marked
//! [`#[labrpc::service]`](macro@service). The mark also makes a trait with which others call them:
//!
//! ```
//! use std::sync::Arc;
//!
//! use labrpc::ClientEnd;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct VoteArgs {
//!     term: u64,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct VoteReply {
//!     granted: bool,
//! }
//!
//! struct Peer;
//!
//! #[labrpc::service]
//! impl Peer {
//!     fn vote(&self, args: VoteArgs) -> VoteReply {
//!         VoteReply { granted: args.term > 3 }
//!     }
//! }
//!
//! // What a peer offers to the others:
//! fn offered(peer: &Arc<Peer>) -> Vec<labrpc::Service> {
//!     vec![peer.service()]
//! }
//!
//! // How it calls them:
//! fn ask(other: &ClientEnd) -> Option<VoteReply> {
//!     other.vote(&VoteArgs { term: 4 })
//! }
//! ```
//!
//! A call blocks until there is an answer, so a thread that must not wait calls from another one.
//!
//! ## What an answer promises
//!
//! `Some(reply)`: the handler ran, and this is what it returned. It ran once for this call, unless the tester
//! has switched duplicated calls on.
//!
//! `None`: there is no reply, and **nobody can tell why**. The request was lost and the handler never
//! ran; or the handler ran and its reply was lost; or the server is down or cut off, before or after it
//! ran. The caller must be able to ask again, and the handler to be asked twice.
//!
//! Besides:
//!
//! - Every call returns, and needs no time-out of its own, unless its handler never does. But `None` may
//!   take long: up to 100 ms on a good network to an unreachable server, up to 7 s where the
//!   tester has switched long delays on. Calls to different servers belong in different threads.
//! - Calls made at the same time arrive in any order, and a reply may come back seconds late, when its
//!   sender has long moved on to another term.
//! - Handlers of one server run at the same time, each on its own thread.
//! - Arguments and replies go as bytes. Nothing is shared between servers, and what the caller changes
//!   after the call is not seen.
//! - A server that has been killed or restarted never gets an answer through: its callers see `None`.
//!
//! # For the harness
//!
//! [`Network`] makes end points and servers and says who reaches whom and how well. The probabilities and
//! delays are the course's; they are in one file, `fault_model`. What one call goes through is in `call`.
//!
//! The harness can also inject faults that the course's network does not have: calls that arrive twice, links
//! that are cut in one direction or slow, and servers that are paused. All are off at first. They are in
//! `faults`.

#![warn(missing_docs)]

mod call;
mod end;
mod fault_model;
mod faults;
mod fingerprint;
mod message;
mod network;
mod observer;
mod router;
mod server;
mod service;
mod trace;

pub use end::ClientEnd;
pub use labrpc_macros::service;
pub use network::Network;
pub use observer::{Event, Observer, Step};
pub use server::Server;
pub use service::Service;
