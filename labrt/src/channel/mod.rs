//! Channels for lab code, in the shape of `crossbeam::channel`. Every operation is a scheduling point.
//!
//! ```
//! # use labrt::world::{Options, simulate};
//! # simulate(Options::new(1), |_| {
//! let (sender, receiver) = labrt::channel::bounded(0);
//! labrt::thread::spawn(move || sender.send("hello"));
//! assert_eq!(receiver.recv(), Ok("hello"));
//! # }).result.unwrap();
//! ```

mod core;
mod error;
mod receiver;
mod select;
mod sender;

use std::sync::Arc;
use std::time::Duration;

use self::core::Channel;
use crate::clock::nanos;
use crate::context::{self, Context};
use crate::time::Instant;

pub use crate::select;
pub use error::*;
pub use receiver::{IntoIter, Iter, Receiver, TryIter};
pub use select::{Select, SelectedOperation};
pub use sender::Sender;

/// A channel that holds any number of messages.
#[must_use]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    new_channel(None)
}

/// A channel that holds `capacity` messages. With 0 a send waits until a receiver takes the message.
#[must_use]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    new_channel(Some(capacity))
}

fn new_channel<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(capacity));
    (Sender::new(channel.clone()), Receiver::new(channel))
}

/// A channel that delivers one message, `duration` from now: the moment for which it was due. One that can be
/// reset and stopped is that of a [`Timer`](crate::time::Timer).
#[must_use]
pub fn after(duration: Duration) -> Receiver<Instant> {
    at(context::with(|context| Instant::from_nanos(context.deadline(duration))))
}

/// A channel that delivers one message at `moment`.
#[must_use]
pub fn at(moment: Instant) -> Receiver<Instant> {
    timed(moment.nanos(), None)
}

/// A timer's channel: [`at`] that can be set again by [`set_clock`].
pub(crate) fn timed(first: u64, period: Option<u64>) -> Receiver<Instant> {
    Receiver::new(Arc::new(Channel::timed(first, period, |at| at)))
}

/// Lets a [`timed`] channel deliver its next message at `at` (`u64::MAX`: never) and none before, then one
/// every `period`. Says whether there was one to come, or to take.
pub(crate) fn set_clock(
    timed: &Receiver<Instant>,
    context: Context<'_>,
    at: u64,
    period: Option<u64>,
) -> bool {
    timed.channel.set_clock(context, at, period)
}

/// A channel that delivers a message every `period`, the first one `period` from now. Messages that nobody
/// takes in time are not made up for. One whose period can be changed is that of a
/// [`Ticker`](crate::time::Ticker).
///
/// # Panics
///
/// Panics if `period` is zero.
#[must_use]
pub fn tick(period: Duration) -> Receiver<Instant> {
    assert!(!period.is_zero(), "a channel that ticks all the time would never let time pass");
    let first = context::with(|context| context.deadline(period));
    timed(first, Some(nanos(period)))
}

/// A channel that never delivers a message.
#[must_use]
pub fn never<T>() -> Receiver<T> {
    Receiver::new(Arc::new(Channel::new(Some(0))))
}
