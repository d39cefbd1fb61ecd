//! The bytes of a value, and back: what is sent over the network and saved across a crash.
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
//! Several values can follow one another, as when a Raft peer saves its state. They are read back
//! in the order in which they were written:
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
//! decoder.finish()?; // nothing may be left
//! assert_eq!((term, voted_for), (7, Some(2)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to know
//!
//! - The bytes do not say which type they came from. Decoding them as another type gives an error
//!   or a wrong value, so both sides must name the same type.
//! - Every field is sent, private ones and zeros included, and decoding makes a new value: nothing
//!   is left over from an earlier one.
//! - Foreign bytes give a [`DecodeError`] that names the Rust type, never a panic.
//! - Memory follows what was read, never a length that is announced: see [below](#memory).
//! - A `Vec<u8>` goes element by element, at about a nanosecond a byte. For long byte strings,
//!   annotate the field with `#[serde(with = "labgob::bytes")]`.
//! - serde's attributes `flatten`, `untagged`, `tag` and `skip_serializing_if` need a format that
//!   describes itself, which this is not: they give an error or a wrong value.
//!
//! # Memory
//!
//! A collection grows with the elements that arrive; a length that was read reserves nothing. From `n` bytes,
//! whatever they are, decoding never holds more than `12 × r × n` bytes and 256 KiB. Here `r` belongs to the
//! type: how much memory one byte of its encoding may stand for.
//!
//! - Of a `Vec<u64>`, `r` is 8: an element takes at least a byte.
//! - Of a `Vec<Option<T>>`, `r` is the size of the option, since `None` takes a byte. Keep large values that
//!   may be missing in a `Box`.
//! - The 12 is for a `BTreeMap` with one entry, which has room for eleven. A `Vec` takes 3 while it grows.
//!
//! Three kinds of values are refused, though they could be encoded:
//!
//! - more than `n + 65,536` elements that take no bytes, such as units;
//! - elements that take no bytes but memory, because their fields are skipped, with more than `n + 65,536`
//!   bytes in all;
//! - values that nest deeper than 128 levels, or that take, each in another, more than 16 KiB and three times
//!   the largest of them: they would fill the stack of a simulated thread.
//!
//! Small integers are one byte, larger ones three, five or nine. Left out: schemas, versions, and
//! any promise that the bytes are the same in the next release.
//!
//! # For the harness
//!
//! [`capture`] gives what lab code encodes as [values](Value) with names, and [`fragments`] finds it again in
//! what lab code has saved.

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
