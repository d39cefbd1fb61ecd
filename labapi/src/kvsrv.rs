//! [`KvSrv`]: lab 2, a key/value server and a lock on it.

use std::sync::Arc;

use labrpc::{ClientEnd, Service};

use crate::Clerk;

/// A lock that several clients share (part 2B). Clients that make a lock of the same name share it.
pub trait Lock: Send + Sync {
    /// Waits until no other client holds the lock, and takes it.
    fn acquire(&self);

    /// Releases the lock, which this client holds.
    fn release(&self);
}

/// Constructors that a lab 2 solution provides: of one server, which never restarts, its clerks, and a lock.
#[derive(Clone, Copy)]
pub struct KvSrv {
    /// Makes the server. Returns the RPC services that clerks call.
    pub make_server: fn() -> Vec<Service>,
    /// Makes a clerk that calls the server at this end point.
    pub make_clerk: fn(ClientEnd) -> Arc<dyn Clerk>,
    /// Makes the lock of this name for the client whose clerk it is.
    pub make_lock: fn(Arc<dyn Clerk>, &str) -> Box<dyn Lock>,
}
