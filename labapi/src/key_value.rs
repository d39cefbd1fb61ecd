//! A key/value service whose keys have versions (the course's labs 2 and 4).
//!
//! A key has a value and a version, or does not exist. A put with the version of the key changes the value
//! and makes the version the next one; a put with version 0 creates a key that does not exist, with version
//! 1. So a put that is done twice takes effect once.

use std::fmt;
use std::sync::Arc;

use labrpc::{ClientEnd, Service};
use serde::{Deserialize, Serialize};

use crate::{MakeRsm, Replica, ReplicaServer};

/// How often a key was put. Zero: it does not exist.
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

/// What a key that exists has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned {
    /// Its value.
    pub value: String,
    /// Its version, 1 or more.
    pub version: Version,
}

/// Why a put was not done, or may not have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PutError {
    /// The key does not exist, and the version was not 0 (the course's `ErrNoKey`).
    NoKey,
    /// The key has another version: the put was certainly not done (`ErrVersion`).
    Version,
    /// The key has another version now, but an earlier transmission of the same put may have made it so:
    /// nobody can tell whether the put was done (`ErrMaybe`). Only a [`Clerk`] says this, never a server.
    Maybe,
}

/// A client's way to the service: it sends requests until it has an answer.
///
/// Both methods wait for as long as it takes. A clerk serves one thread at a time.
pub trait Clerk: Send + Sync {
    /// The value and version of a key; `None` if it does not exist.
    fn get(&self, key: &str) -> Option<Versioned>;

    /// Changes the value of a key whose version is `version`; with version 0, creates it.
    ///
    /// # Errors
    ///
    /// See [`PutError`]. A wrong version is [`PutError::Version`] if the answer was to the first transmission
    /// of this put, and [`PutError::Maybe`] if there were others before it: what became of those is unknown.
    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError>;
}

/// A lock that several clients share (part 2B). Clients that make a lock of the same name share it.
pub trait Lock: Send + Sync {
    /// Waits until nobody else holds the lock, and holds it.
    fn acquire(&self);

    /// Gives up the lock, which this client holds.
    fn release(&self);
}

/// What there is of lab 2: one server, never restarted, and a lock on it.
#[derive(Clone, Copy)]
pub struct KvSrv {
    /// Makes the server, and gives what clerks call.
    pub make_server: fn() -> Vec<Service>,
    /// Makes a clerk that calls the server at this end point.
    pub make_clerk: fn(ClientEnd) -> Arc<dyn Clerk>,
    /// Makes the lock of this name for the client whose clerk it is.
    pub make_lock: fn(Arc<dyn Clerk>, &str) -> Box<dyn Lock>,
}

/// What there is of lab 4: any service replicated, and the key/value service replicated in this way.
#[derive(Clone, Copy)]
pub struct KvRaft {
    /// Makes a replica of a state machine (part 4A).
    pub make_rsm: MakeRsm,
    /// Makes a replica of the key/value service, from what it saved before a crash, if it ever ran. Must
    /// return at once.
    pub make_server: fn(Replica) -> Arc<dyn ReplicaServer>,
    /// Makes a clerk that calls the servers at these end points, which are in the order of the servers.
    pub make_clerk: fn(Vec<ClientEnd>) -> Arc<dyn Clerk>,
}
