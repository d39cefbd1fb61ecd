//! Decoding: from untrusted bytes to a value.

use std::any::type_name;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::format::FORMAT;
use crate::limited::Limited;
use crate::limits::{DecodeLimits, LimitExceeded, MAX_DEPTH, ZERO_BYTE_MAX};

/// Decodes the one value that `bytes` hold.
///
/// # Errors
///
/// [`DecodeError`] if `bytes` are not exactly one value of this type.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, used) = decode_first(bytes)?;
    if used == bytes.len() {
        Ok(value)
    } else {
        Err(DecodeError::LeftOver { type_name: type_name::<T>(), left: bytes.len() - used, len: bytes.len() })
    }
}

/// A decoder of the values of an [`Encoder`](crate::Encoder), in the same order.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    last_type: &'static str,
    len: usize,
}

impl<'a> Decoder<'a> {
    /// Makes a decoder at the first byte.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, last_type: "nothing", len: bytes.len() }
    }

    /// Decodes the next value.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the next bytes are not a value of this type. The position of the decoder then stays
    /// the same.
    pub fn decode<T: DeserializeOwned>(&mut self) -> Result<T, DecodeError> {
        let (value, used) = decode_first(self.rest)?;
        self.rest = &self.rest[used..];
        self.last_type = type_name::<T>();
        Ok(value)
    }

    /// Whether every byte was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Checks that every byte was read.
    ///
    /// # Errors
    ///
    /// [`DecodeError::LeftOver`] if there are bytes that were not read.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::LeftOver { type_name: self.last_type, left: self.rest.len(), len: self.len })
        }
    }
}

/// Decodes the first value; also gives the number of bytes that it took.
fn decode_first<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), DecodeError> {
    let mut limits = DecodeLimits::new(bytes.len());
    let seed = Limited::new(PhantomData::<T>, &mut limits);
    bincode::serde::seed_decode_from_slice(seed, bytes, FORMAT)
        .map_err(|error| explain(type_name::<T>(), bytes.len(), &limits, error))
}

#[cold]
fn explain(
    type_name: &'static str,
    len: usize,
    limits: &DecodeLimits,
    error: bincode::error::DecodeError,
) -> DecodeError {
    match (limits.exceeded(), error) {
        (Some(LimitExceeded::Length(claimed)), _) => DecodeError::AbsurdLength { type_name, claimed, len },
        (Some(LimitExceeded::Depth), _) => DecodeError::TooDeep { type_name },
        (Some(LimitExceeded::ZeroByteElements), _) => DecodeError::MadeOfNothing { type_name, len },
        (None, bincode::error::DecodeError::UnexpectedEnd { .. }) => DecodeError::TooShort { type_name, len },
        (None, error) => DecodeError::Malformed { type_name, reason: reason(error) },
    }
}

/// An error of bincode as text. bincode prints them as Rust values; these are the ones that serde types can
/// get.
fn reason(error: bincode::error::DecodeError) -> String {
    use bincode::error::DecodeError as E;
    use bincode::serde::DecodeError::AnyNotSupported;
    match error {
        E::InvalidBooleanValue(byte) => format!("{byte} is neither false nor true"),
        E::UnexpectedVariant { found, .. } => format!("{found} is neither none nor some"),
        E::InvalidIntegerType { .. } => "an integer is larger than its type".to_owned(),
        E::OutsideUsizeRange(value) => format!("{value} is larger than a usize"),
        E::InvalidCharEncoding(_) => "a character is not UTF-8".to_owned(),
        E::Utf8 { inner } => format!("a string is not UTF-8: {inner}"),
        E::Serde(AnyNotSupported) => {
            "the type needs a self-describing format (`untagged`, `flatten` or `tag`)".to_owned()
        }
        E::OtherString(text) => text,
        other => other.to_string(),
    }
}

/// The bytes are not a value of the expected type. Each variant names that Rust type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Bytes are left over after the value: most often another type was encoded.
    #[error("{left} of {len} bytes are left over after {type_name}: was it encoded as another type?")]
    LeftOver {
        /// The type that was decoded (the last one, if there were several).
        type_name: &'static str,
        /// The number of bytes left over.
        left: usize,
        /// The number of bytes in all.
        len: usize,
    },
    /// The bytes ended before the value did.
    #[error("{len} bytes are too few for {type_name}")]
    TooShort {
        /// The type that was to be decoded.
        type_name: &'static str,
        /// The number of bytes in all.
        len: usize,
    },
    /// A collection claimed more elements than the bytes could hold.
    #[error("cannot decode {type_name}: a collection claims {claimed} elements in {len} bytes")]
    AbsurdLength {
        /// The type that was to be decoded.
        type_name: &'static str,
        /// The number of elements that was read.
        claimed: usize,
        /// The number of bytes in all.
        len: usize,
    },
    /// Elements that take no bytes, because all their fields are skipped or units, would take more memory
    /// than `len + 65,536` bytes.
    #[error(
        "cannot decode {type_name}: elements that take none of the {len} bytes would fill more than {} bytes",
        len + ZERO_BYTE_MAX
    )]
    MadeOfNothing {
        /// The type that was to be decoded.
        type_name: &'static str,
        /// The number of bytes in all.
        len: usize,
    },
    /// Values nest too deep for the stack: more than 128 levels, or nested values of more than 16 KiB and
    /// three times the largest of them.
    #[error(
        "cannot decode {type_name}: values nest deeper than {MAX_DEPTH} levels, or than the stack can hold"
    )]
    TooDeep {
        /// The type that was to be decoded.
        type_name: &'static str,
    },
    /// A byte is not allowed at its position.
    #[error("cannot decode {type_name}: {reason}")]
    Malformed {
        /// The type that was to be decoded.
        type_name: &'static str,
        /// The reason, as text.
        reason: String,
    },
}

impl DecodeError {
    /// The Rust type that was to be decoded.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::LeftOver { type_name, .. }
            | Self::TooShort { type_name, .. }
            | Self::AbsurdLength { type_name, .. }
            | Self::MadeOfNothing { type_name, .. }
            | Self::TooDeep { type_name }
            | Self::Malformed { type_name, .. } => type_name,
        }
    }
}
