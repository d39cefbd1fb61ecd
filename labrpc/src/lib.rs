//! A simulated network between servers: remote calls that are delayed, lost and cut off.
//!
//! # For lab code
//!
//! A server offers *handlers*, functions from one struct to another, in an `impl` block marked
//! [`#[labrpc::service]`](macro@service). The attribute also makes a trait with which others call them:
//!
//! ```
//! use std::sync::Arc;
//!
//! use labrpc::{ClientEnd, Network, Server};
//! use labrt::world::{Options, simulate};
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
//! // The caller's side: `vote` is a function of the trait `PeerClient`.
//! fn ask(peer: &ClientEnd) -> Option<bool> {
//!     peer.vote(&VoteArgs { term: 4 }).map(|reply| reply.granted)
//! }
//!
//! // The harness's side: a network, a server, and an end point for the caller.
//! let run = simulate(Options::new(1), |world| {
//!     let network = Network::new(world);
//!     let mut server = Server::new(&world.node("server 0"));
//!     server.add_service(Arc::new(Peer).service());
//!     network.add_server("server 0", server);
//!     let end = network.make_end("to server 0");
//!     network.connect("to server 0", "server 0");
//!     network.enable("to server 0", true);
//!
//!     // On a reliable network the reply arrives.
//!     assert_eq!(ask(&end), Some(true));
//!
//!     // An unreliable network loses one message in ten: some calls give `None`.
//!     network.set_reliable(false);
//!     let replies = (0..100).filter_map(|_| ask(&end)).count();
//!     assert!(replies > 50 && replies < 100);
//!
//!     // A call to a server that has been deleted gives `None` too, after up to 100 ms.
//!     network.delete_server("server 0");
//!     let start = world.now();
//!     assert_eq!(ask(&end), None);
//!     assert!((world.now() - start).as_millis() <= 100);
//! });
//! run.result.unwrap();
//! ```
//!
//! A call blocks until it has an outcome. A thread that must not wait makes its calls on other threads.
//!
//! ## The guarantees of a call
//!
//! `Some(reply)`: the handler ran, and returned this reply. It ran once for this call, unless the tester has
//! switched duplicated requests on.
//!
//! `None`: there is no reply, and **the caller cannot know why**. The request was lost and the handler never
//! ran; or the handler ran and its reply was lost; or the server is down or cut off, before or after the
//! handler ran. So a caller must be able to call again, and a handler must expect to be called again.
//!
//! Besides:
//!
//! - Every call returns, unless its handler never does, so it needs no timeout. But `None` may take long: up
//!   to 100 ms from an unreachable server, up to 7 s where the tester has switched long delays on. Make calls
//!   to different servers on different threads.
//! - Concurrent calls arrive in any order. A reply may arrive seconds late, when its caller has long moved on
//!   to another term.
//! - Handlers of one server run concurrently, each on its own thread.
//! - Arguments and replies are sent as bytes. Servers share no memory, and what the caller changes after the
//!   call is not sent.
//! - A server that has been killed or restarted sends no replies any more: its callers get `None`.
//!
//! # For the harness
//!
//! [`Network`] makes end points and servers, and sets which servers can be reached and how well. The
//! probabilities and delays are the course's; they are in the module `fault_model`. The course of one call is
//! in `call`.
//!
//! The harness can also inject faults that the course's network does not have: duplicated requests, links
//! that are cut in one direction or slow, and servers that are paused. All are off at first. They are in the
//! module `faults`.

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
