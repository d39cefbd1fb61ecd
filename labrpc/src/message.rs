//! [`Message`]: the encoded arguments or reply of a call.

use labgob::{EncodeError, Value, capture};
use serde::Serialize;

/// The encoded arguments or reply of a call.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    /// The value that was encoded, if the run is captured.
    pub(crate) content: Option<Value>,
}

impl Message {
    /// Encodes arguments or a reply.
    pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Self, EncodeError> {
        let (bytes, content) = capture::encode(value)?;
        Ok(Self { bytes, content })
    }

    /// The length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A reply that reaches its caller.
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    /// The observer's number of the delivery event.
    pub(crate) event: u64,
}
