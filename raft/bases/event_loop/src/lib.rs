//! Raft in one thread that handles events, in the shape of many ports from Go and of etcd's library. A "§" in
//! a comment is that of the extended paper.
//!
//! One thread owns the whole state, and there is no lock. Whatever happens is an `Event` in
//! its channel: an incoming call, the reply to an outgoing one, a command, a snapshot of the service. Time is
//! a channel of ticks. In each turn the thread
//!
//! 1. waits for an event, for a tick, or for the service to take what is committed;
//! 2. handles all events that are there, and collects what they make it say: answers and requests;
//! 3. adds the requests that the followers need;
//! 4. saves the state once, if it has changed;
//! 5. lets go of what was collected.
//!
//! So nothing leaves the server before the state that it speaks of is saved, and many commands share one
//! save.
//!
//! A leader probes with one request at a time until it knows where a follower's log parts from its own. From
//! then on it sends without waiting for answers, up to a window.
//!
//! - `peer.rs`: the outside, which sends events and waits for answers.
//! - `event.rs`, `message.rs`: what the thread is told, and the RPCs.
//! - `node.rs`: the state and its turns; `vote.rs`, `append.rs`, `install.rs`: what it does with each RPC.
//! - `log.rs`, `progress.rs`: the log, and a leader's knowledge of a follower.

#![warn(missing_docs)]

mod append;
mod event;
mod install;
mod log;
mod message;
mod node;
mod peer;
mod progress;
mod vote;

pub use peer::{SOLUTION, make};
