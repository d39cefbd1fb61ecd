//! Encoding: from a value to bytes.

use std::fmt;

use serde::Serialize;

use crate::capture::{self, TYPICAL_LEN, Values};
use crate::write::{EncodeError, write};

/// Encodes one value.
///
/// # Errors
///
/// [`EncodeError`] if the type cannot be encoded. With derived `Serialize` that happens only with the
/// attributes that the [crate's documentation](crate) names.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::with_capacity(TYPICAL_LEN);
    encode_into(value, &mut bytes)?;
    Ok(bytes)
}

/// Encodes one value and appends it to `bytes`. After `clear`, a buffer can be reused.
///
/// # Errors
///
/// Those of [`encode`]. Then `bytes` does not change.
pub fn encode_into<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
    if capture::is_active() { capture::encode_into(value, bytes) } else { write(value, bytes) }
}

/// An encoder of several values, one after the other; a [`Decoder`](crate::Decoder) reads them in the same
/// order.
#[derive(Clone, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
    /// The values so far, in a captured run.
    values: Option<Values>,
}

impl Encoder {
    /// Makes an encoder without values.
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

    /// The bytes of all values.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        if let Some(values) = self.values {
            values.finish(&self.bytes);
        }
        self.bytes
    }
}

/// The same whether or not the run is captured, because lab code may print it.
impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("bytes", &self.bytes).finish()
    }
}
