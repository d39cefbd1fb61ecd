//! Faster encoding of a field of type `Vec<u8>`, which is copied as a whole instead of byte by byte.
//!
//! ```
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Entry {
//!     term: u64,
//!     #[serde(with = "labgob::bytes")]
//!     command: Vec<u8>,
//! }
//! ```
//!
//! The encoded bytes are the same with and without.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// Writes a byte string as a whole. The code that `#[serde(with = "labgob::bytes")]` derives calls this.
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// Reads a byte string as a whole. The code that `#[serde(with = "labgob::bytes")]` derives calls this.
///
/// # Errors
///
/// Those of the deserializer.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    deserializer.deserialize_bytes(BytesVisitor)
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}
