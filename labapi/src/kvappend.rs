//! [`KvAppend`]: a replicated key/value service with `Append`, in which each operation takes effect exactly
//! once (the course's lab 4 before 2025).
//!
//! A key has a text, and no version. So a request that is executed twice takes effect twice, and the servers
//! have to recognise one that comes again.

use std::sync::Arc;

use labrpc::ClientEnd;

use crate::{MakeRsm, Replica, ReplicaServer};

/// A client's access to the service: a clerk repeats a request until it gets a reply.
///
/// No method fails: each blocks, if need be for ever, until its operation has been executed. However often
/// the clerk has to send a request, the operation takes effect exactly once, between the call of the method
/// and its return.
///
/// A clerk has one call outstanding at a time: it is used by one thread at a time.
pub trait AppendClerk: Send + Sync {
    /// The text of a key; empty if nobody has put or appended to it.
    fn get(&self, key: &str) -> String;

    /// Replaces the text of a key.
    fn put(&self, key: &str, value: &str);

    /// Adds `value` to the end of the text of a key. A key that does not exist counts as one with the empty
    /// text.
    fn append(&self, key: &str, value: &str);
}

/// Constructors that a solution of this lab provides. None of them may wait.
#[derive(Clone, Copy)]
pub struct KvAppend {
    /// Makes a server, with the state that earlier incarnations saved. The second argument makes its
    /// replicated state machine (lab 4).
    pub make_server: fn(Replica, MakeRsm) -> Arc<dyn ReplicaServer>,
    /// Makes a clerk that calls the servers at these end points, one for each server, in any order.
    pub make_clerk: fn(Vec<ClientEnd>) -> Arc<dyn AppendClerk>,
}
