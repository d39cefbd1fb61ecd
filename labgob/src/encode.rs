//! From a value to bytes.

use std::any::type_name;
use std::fmt;

use bincode::enc::write::Writer;
use serde::Serialize;

use crate::capture::{self, Values};
use crate::tape::Tape;
use crate::tee::Tee;

/// Room for a typical message of the labs, so that it takes one allocation.
pub(crate) const TYPICAL_LEN: usize = 64;

/// The bytes of one value.
///
/// # Errors
///
/// [`EncodeError`] if the type cannot be encoded; with derived `Serialize` that takes one of the
/// attributes named in the [crate's documentation](crate).
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::with_capacity(TYPICAL_LEN);
    encode_into(value, &mut bytes)?;
    Ok(bytes)
}

/// Appends the bytes of one value to `bytes`, so that a buffer can be used again (after `clear`).
///
/// # Errors
///
/// Those of [`encode`]. Then `bytes` is as it was.
pub fn encode_into<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
    if capture::is_active() { capture::encode_into(value, bytes) } else { write(value, bytes) }
}

/// Appends the bytes of one value, whether the run is captured or not.
#[inline]
pub(crate) fn write<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
    all_or_nothing::<T>(bytes, |bytes| {
        bincode::serde::encode_into_writer(value, Appending(bytes), crate::decode::FORMAT)
    })
}

/// Appends the bytes of one value, and notes the value.
#[inline]
pub(crate) fn write_noting<T: Serialize + ?Sized>(
    value: &T,
    bytes: &mut Vec<u8>,
    tape: &mut Tape,
) -> Result<(), EncodeError> {
    all_or_nothing::<T>(bytes, |bytes| value.serialize(&mut Tee::new(bytes, tape)))
}

/// Appends to `bytes`, or leaves them as they were if a value of type `T` cannot be encoded.
#[inline]
fn all_or_nothing<T: ?Sized>(
    bytes: &mut Vec<u8>,
    append: impl FnOnce(&mut Vec<u8>) -> Result<(), bincode::error::EncodeError>,
) -> Result<(), EncodeError> {
    let before = bytes.len();
    append(bytes).map_err(|error| {
        bytes.truncate(before);
        EncodeError { type_name: type_name::<T>(), reason: reason(error) }
    })
}

/// Writes values one after the other; a [`Decoder`](crate::Decoder) reads them in the same order.
#[derive(Clone, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
    /// What was written, in a captured run.
    values: Option<Values>,
}

impl Encoder {
    /// An encoder that has written nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one value.
    ///
    /// # Errors
    ///
    /// Those of [`encode`]. Then nothing is appended.
    pub fn encode<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        if capture::is_active() {
            Values::encode_into(&mut self.values, value, &mut self.bytes)
        } else {
            self.values = None;
            write(value, &mut self.bytes)
        }
    }

    /// All that was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        if let Some(values) = self.values {
            values.finish(&self.bytes);
        }
        self.bytes
    }
}

/// The same in a captured run and in any other: lab code may print it.
impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("bytes", &self.bytes).finish()
    }
}

/// A value cannot be written in this format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot encode {type_name}: {reason}")]
pub struct EncodeError {
    type_name: &'static str,
    reason: String,
}

impl EncodeError {
    /// The Rust type of the value that was to be encoded.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }
}

fn reason(error: bincode::error::EncodeError) -> String {
    use bincode::error::EncodeError as E;
    use bincode::serde::EncodeError::SequenceMustHaveLength;
    match error {
        E::Serde(SequenceMustHaveLength) => {
            "a collection does not know its length beforehand (`flatten`?)".to_owned()
        }
        E::OtherString(text) => text,
        other => other.to_string(),
    }
}

/// bincode's own growing writer cannot start from a buffer that is already there.
pub(crate) struct Appending<'a>(pub(crate) &'a mut Vec<u8>);

impl Writer for Appending<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
