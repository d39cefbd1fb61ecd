//! [`Sender`]: the sending end of a channel.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::core::{Channel, Failed};
use super::{SendError, SendTimeoutError, TrySendError};
use crate::context;
use crate::time::Instant;

/// The sending end of a channel. Clones send into the same channel.
pub struct Sender<T> {
    pub(super) channel: Arc<Channel<T>>,
}

impl<T> Sender<T> {
    /// The first sender of a channel, which the channel counts already.
    pub(super) fn new(channel: Arc<Channel<T>>) -> Self {
        Self { channel }
    }

    /// Sends `message`, waiting while the channel is full.
    ///
    /// # Errors
    ///
    /// All receivers were dropped; the error contains the message.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.channel.send(message, None).map_err(|(_, message)| SendError(message))
    }

    /// Sends `message` if that is possible without waiting.
    ///
    /// # Errors
    ///
    /// The channel is full, or all receivers were dropped; the error contains the message.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.channel.try_send(message).map_err(|failed| match failed {
            (Failed::WouldBlock, message) => TrySendError::Full(message),
            (Failed::Disconnected, message) => TrySendError::Disconnected(message),
        })
    }

    /// Sends `message`, waiting for at most `timeout` while the channel is full.
    ///
    /// # Errors
    ///
    /// The time is up, or all receivers were dropped; the error contains the message.
    #[track_caller]
    pub fn send_timeout(&self, message: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        let deadline = context::with(|context| Instant::from_nanos(context.deadline(timeout)));
        self.send_deadline(message, deadline)
    }

    /// Sends `message`, waiting until `deadline` at the latest while the channel is full.
    ///
    /// # Errors
    ///
    /// The time is up, or all receivers were dropped; the error contains the message.
    #[track_caller]
    pub fn send_deadline(&self, message: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.channel.send(message, Some(deadline.nanos())).map_err(|failed| match failed {
            (Failed::WouldBlock, message) => SendTimeoutError::Timeout(message),
            (Failed::Disconnected, message) => SendTimeoutError::Disconnected(message),
        })
    }

    /// The number of messages in the channel.
    #[must_use]
    pub fn len(&self) -> usize {
        self.channel.len()
    }

    /// Whether the channel holds no message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the channel is full; always true with capacity 0.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// The capacity of the channel; `None` for no limit.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.channel.capacity()
    }

    /// Whether both send into the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.channel.add_sender();
        Self { channel: self.channel.clone() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.channel.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Sender { .. }")
    }
}
