//! [`Receiver`]: the receiving end of a channel.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::core::{Channel, Failed};
use super::{RecvError, RecvTimeoutError, TryRecvError};
use crate::context;
use crate::time::Instant;

/// The receiving end of a channel. Clones receive from the same channel; each message goes to one of them.
pub struct Receiver<T> {
    pub(super) channel: Arc<Channel<T>>,
}

impl<T> Receiver<T> {
    /// The first receiver of a channel, which the channel counts already.
    pub(super) fn new(channel: Arc<Channel<T>>) -> Self {
        Self { channel }
    }

    /// Receives the next message, waiting while there is none.
    ///
    /// # Errors
    ///
    /// The channel is empty and all senders were dropped.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.channel.receive(None).map_err(|_| RecvError)
    }

    /// Receives the next message if there is one.
    ///
    /// # Errors
    ///
    /// The channel is empty, or is empty and all senders were dropped.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.channel.try_receive().map_err(|failed| match failed {
            Failed::WouldBlock => TryRecvError::Empty,
            Failed::Disconnected => TryRecvError::Disconnected,
        })
    }

    /// Receives the next message, waiting for at most `timeout`.
    ///
    /// # Errors
    ///
    /// The time is up, or the channel is empty and all senders were dropped.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        let deadline = context::with(|context| Instant::from_nanos(context.deadline(timeout)));
        self.recv_deadline(deadline)
    }

    /// Receives the next message, waiting until `deadline` at the latest.
    ///
    /// # Errors
    ///
    /// The time is up, or the channel is empty and all senders were dropped.
    #[track_caller]
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.channel.receive(Some(deadline.nanos())).map_err(|failed| match failed {
            Failed::WouldBlock => RecvTimeoutError::Timeout,
            Failed::Disconnected => RecvTimeoutError::Disconnected,
        })
    }

    /// An iterator over the messages, which waits for each and ends when all senders were dropped.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }

    /// An iterator over the messages that can be received without waiting.
    #[must_use]
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter(self)
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

    /// Whether both receive from the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.channel.add_receiver();
        Self { channel: self.channel.clone() }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.channel.remove_receiver();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Receiver { .. }")
    }
}

/// See [`Receiver::iter`].
#[derive(Debug)]
pub struct Iter<'a, T>(&'a Receiver<T>);

impl<T> Iterator for Iter<'_, T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

/// See [`Receiver::try_iter`].
#[derive(Debug)]
pub struct TryIter<'a, T>(&'a Receiver<T>);

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

/// An iterator that owns its receiver; see [`Receiver::iter`].
#[derive(Debug)]
pub struct IntoIter<T>(Receiver<T>);

impl<T> Iterator for IntoIter<T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;
    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}
