//! The format of the bytes: bincode's, and the writer that appends to a buffer.

use bincode::config::{Configuration, standard};
use bincode::enc::write::Writer;

/// Little-endian, integers of variable length.
pub(crate) const FORMAT: Configuration = standard();

/// A writer that appends to a buffer. bincode's own growing writer cannot start from an existing buffer.
pub(crate) struct Appending<'a>(pub(crate) &'a mut Vec<u8>);

impl Writer for Appending<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
