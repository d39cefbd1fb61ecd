//! Writing one value, with or without its tape.

use std::any::type_name;

use serde::Serialize;

use crate::format::{Appending, FORMAT};
use crate::tape::Tape;
use crate::tee::Tee;

/// Appends the bytes of one value, whether the run is captured or not.
#[inline]
pub(crate) fn write<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
    all_or_nothing::<T>(bytes, |bytes| bincode::serde::encode_into_writer(value, Appending(bytes), FORMAT))
}

/// Appends the bytes of one value, and records the value on a tape.
pub(crate) fn write_recorded<T: Serialize + ?Sized>(
    value: &T,
    bytes: &mut Vec<u8>,
) -> Result<Tape, EncodeError> {
    let mut tape = Tape::new();
    all_or_nothing::<T>(bytes, |bytes| value.serialize(&mut Tee::new(bytes, &mut tape)))?;
    Ok(tape)
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
