//! A key/value service whose keys have versions (the course's labs 2 and 4).
//!
//! A key has a value and a version, or does not exist. A put with the version of the key changes the value
//! and increments the version; a put with version 0 creates a key that does not exist, with version 1. So a
//! put that is executed twice takes effect once.

use std::fmt;

use serde::{Deserialize, Serialize};

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
