//! Encoding of values as bytes, for the network and for storage that survives a crash.
//!
//! Anything that derives serde's `Serialize` and `Deserialize` can be encoded:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! struct Vote {
//!     term: u64,
//!     granted: bool,
//! }
//!
//! let bytes = labgob::encode(&Vote { term: 3, granted: true })?;
//! assert_eq!(labgob::decode::<Vote>(&bytes)?, Vote { term: 3, granted: true });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Several values can be encoded one after the other, as when a Raft peer saves its state. They are decoded
//! in the same order:
//!
//! ```
//! let mut encoder = labgob::Encoder::new();
//! encoder.encode(&7u64)?; // currentTerm
//! encoder.encode(&Some(2usize))?; // votedFor
//! let bytes = encoder.finish();
//!
//! let mut decoder = labgob::Decoder::new(&bytes);
//! let term: u64 = decoder.decode()?;
//! let voted_for: Option<usize> = decoder.decode()?;
//! decoder.finish()?; // fails if bytes are left over
//! assert_eq!((term, voted_for), (7, Some(2)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Bytes that are not a value of the expected type give a [`DecodeError`] that names the Rust type, never a
//! panic:
//!
//! ```
//! use labgob::DecodeError;
//!
//! let bytes = labgob::encode(&(7u64, "seven"))?;
//! let error = labgob::decode::<u64>(&bytes).unwrap_err();
//! assert_eq!(error, DecodeError::LeftOver { type_name: "u64", left: 6, len: 7 });
//! assert_eq!(error.to_string(), "6 of 7 bytes are left over after u64: was it encoded as another type?");
//!
//! let error = labgob::decode::<(u64, String)>(&bytes[..3]).unwrap_err();
//! assert!(matches!(error, DecodeError::TooShort { len: 3, .. }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties of the format
//!
//! - The bytes do not name their type. Decoding them as another type gives an error or a wrong value, so both
//!   sides must use the same type.
//! - Every field is encoded, private ones and zeros included. Decoding makes a new value, which keeps nothing
//!   of an earlier one.
//! - Memory is limited by the bytes that were read, never by a length in them: see [below](#memory).
//! - A `Vec<u8>` is encoded element by element, at about a nanosecond a byte. For long byte strings, annotate
//!   the field with `#[serde(with = "labgob::bytes")]`.
//! - serde's attributes `flatten`, `untagged`, `tag` and `skip_serializing_if` need a self-describing format,
//!   which this is not: they give an error or a wrong value.
//!
//! # Memory
//!
//! A collection grows with its elements; a length in the bytes reserves nothing. Decoding `n` arbitrary bytes
//! takes at most `12 × r × n` bytes of memory and 256 KiB. Here `r` depends on the type: it is the memory for
//! one byte of an encoding.
//!
//! - For a `Vec<u64>`, `r` is 8: an element takes at least one byte.
//! - For a `Vec<Option<T>>`, `r` is the size of the option, since `None` takes one byte. Put large optional
//!   values into a `Box`.
//! - The factor 12 is for a `BTreeMap` with one entry, which has room for eleven. For a `Vec` it is 3 while
//!   it grows.
//!
//! Three kinds of values can be encoded but not decoded:
//!
//! - more than `n + 65,536` elements that take no bytes, such as units;
//! - elements that take no bytes because their fields are skipped, with more than `n + 65,536` bytes of
//!   memory in all;
//! - values that nest deeper than 128 levels, or nested values of more than 16 KiB and three times the
//!   largest of them: they would overflow the stack of a simulated thread.
//!
//! Small integers take one byte, larger ones three, five or nine. There are no schemas and no versions, and
//! the bytes may be different in the next release.
//!
//! # For the harness
//!
//! [`capture`] records the values that lab code encodes, as [values](Value) with names. [`fragments`] finds
//! them in the bytes that lab code saves.

#![warn(missing_docs)]

mod accounting;
mod decode;
mod encode;
mod format;
mod limited;
mod limits;
mod names;
mod tape;
mod tee;
mod value;
mod write;

pub mod bytes;
pub mod capture;
pub mod fragments;

pub use decode::{DecodeError, Decoder, decode};
pub use encode::{Encoder, encode, encode_into};
pub use value::{ChunkedValue, Kind, Value};
pub use write::EncodeError;
