//! A key/value service whose keys have versions (the course's labs 2 and 4).
//!
//! A key has a value and a version, or does not exist. A put with the version of the key changes the value
//! and increments the version; a put with version 0 creates a key that does not exist, with version 1. So a
//! put that is executed twice takes effect once.

use std::fmt;
use std::sync::Arc;

use labrpc::{ClientEnd, Service};
use serde::{Deserialize, Serialize};

use crate::{MakeRsm, Replica, ReplicaServer};

/// The number of puts of a key. Zero: the key does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version(pub u64);

impl Version {
    /// The version after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The value and version of a key that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned {
    /// The value.
    pub value: String,
    /// The version, 1 or more.
    pub version: Version,
}

/// The reason why a put was not executed, or may not have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PutError {
    /// The key does not exist, and the version was not 0 (the course's `ErrNoKey`).
    NoKey,
    /// The key has another version: the put was certainly not executed (`ErrVersion`).
    Version,
    /// The key has another version now, perhaps because of an earlier transmission of the same put: it is
    /// unknown whether the put was executed (`ErrMaybe`). Only a [`Clerk`] returns this, never a server.
    Maybe,
}

/// A client's access to the service: a clerk repeats a request until it gets a reply.
///
/// Both methods block until then. A clerk is used by one thread at a time.
pub trait Clerk: Send + Sync {
    /// The value and version of a key; `None` if it does not exist.
    fn get(&self, key: &str) -> Option<Versioned>;

    /// Changes the value of a key whose version is `version`; with version 0, creates it.
    ///
    /// # Errors
    ///
    /// See [`PutError`]. A wrong version is [`PutError::Version`] if the reply was to the first transmission
    /// of this put, and [`PutError::Maybe`] if there were earlier transmissions, whose outcome is unknown.
    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError>;
}

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

/// Constructors that a lab 4 solution provides: of any replicated state machine, and of the replicated
/// key/value service.
#[derive(Clone, Copy)]
pub struct KvRaft {
    /// Makes a replica of a state machine (part 4A).
    pub make_rsm: MakeRsm,
    /// Makes a replica of the key/value service, with the state that earlier incarnations saved. Must return
    /// at once.
    pub make_server: fn(Replica) -> Arc<dyn ReplicaServer>,
    /// Makes a clerk that calls the servers at these end points, which are in the order of the servers.
    pub make_clerk: fn(Vec<ClientEnd>) -> Arc<dyn Clerk>,
}
