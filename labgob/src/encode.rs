//! Encoding: from a value to bytes.

use std::fmt;

use serde::Serialize;

use crate::capture::{self, TYPICAL_LEN, Values};
use crate::write::{EncodeError, write};

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
