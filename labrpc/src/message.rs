//! [`Message`]: what goes over the network.

use labgob::{EncodeError, Value, capture};
use serde::Serialize;

/// Arguments or a reply.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    /// What the bytes mean, if the run is captured.
    pub(crate) content: Option<Value>,
}

impl Message {
    /// Encodes what is to be sent.
    pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Self, EncodeError> {
        let (bytes, content) = capture::encode(value)?;
        Ok(Self { bytes, content })
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A reply that reaches its caller.
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    /// The observer's number of its delivery.
    pub(crate) event: u64,
}
