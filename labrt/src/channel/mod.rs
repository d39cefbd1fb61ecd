//! Channels for lab code, with the API of `crossbeam::channel`. Every operation is a scheduling point.
//!
//! A channel with capacity 0 passes a message directly from sender to receiver:
//!
//! ```
//! # use labrt::world::{Options, simulate};
//! # simulate(Options::new(1), |_| {
//! let (sender, receiver) = labrt::channel::bounded(0);
//! labrt::thread::spawn(move || sender.send("hello"));
//! assert_eq!(receiver.recv(), Ok("hello"));
//! # }).result.unwrap();
//! ```
//!
//! [`select!`] waits for whichever operation is ready first. Here a follower waits for a heartbeat, with a
//! timeout:
//!
//! ```
//! # use labrt::world::{Options, simulate};
//! # simulate(Options::new(1), |_| {
//! use labrt::channel::{after, select, unbounded};
//! use labrt::time::Duration;
//!
//! let (heartbeat, heartbeats) = unbounded();
//! labrt::thread::spawn(move || {
//!     for term in [1, 1] {
//!         labrt::thread::sleep(Duration::from_millis(100));
//!         heartbeat.send(term).unwrap();
//!     }
//!     labrt::thread::sleep(Duration::from_secs(1)); // the leader hangs
//! });
//! let mut received = 0;
//! loop {
//!     select! {
//!         recv(heartbeats) -> term => {
//!             assert_eq!(term, Ok(1));
//!             received += 1;
//!         }
//!         recv(after(Duration::from_millis(300))) -> _ => break, // time for an election
//!     }
//! }
//! assert_eq!(received, 2);
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

/// Makes a channel without a limit of messages.
#[must_use]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    new_channel(None)
}

/// Makes a channel that holds at most `capacity` messages. With 0 a send waits until a receiver takes the
/// message.
#[must_use]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    new_channel(Some(capacity))
}

fn new_channel<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(capacity));
    (Sender::new(channel.clone()), Receiver::new(channel))
}

/// Makes a channel that delivers one message, `duration` from now: the moment at which it was due. A
/// [`Timer`](crate::time::Timer) can also be reset and stopped.
#[must_use]
pub fn after(duration: Duration) -> Receiver<Instant> {
    at(context::with(|context| Instant::from_nanos(context.deadline(duration))))
}

/// Makes a channel that delivers one message, at `moment`.
#[must_use]
pub fn at(moment: Instant) -> Receiver<Instant> {
    timed(moment.nanos(), None)
}

/// Makes the channel of a timer, whose time and period can be changed by [`set_clock`].
pub(crate) fn timed(first: u64, period: Option<u64>) -> Receiver<Instant> {
    Receiver::new(Arc::new(Channel::timed(first, period, |at| at)))
}

/// Changes the time of a [`timed`] channel's next message to `at` (`u64::MAX` for never), and its period
/// after that. Returns whether a message was pending: not due yet, or due and not received.
pub(crate) fn set_clock(
    timed: &Receiver<Instant>,
    context: Context<'_>,
    at: u64,
    period: Option<u64>,
) -> bool {
    timed.channel.set_clock(context, at, period)
}

/// Makes a channel that delivers a message every `period`, the first one `period` from now. Messages are
/// skipped while an earlier one was not received. A [`Ticker`](crate::time::Ticker) can also be reset and
/// stopped.
///
/// # Panics
///
/// Panics if `period` is zero.
#[must_use]
pub fn tick(period: Duration) -> Receiver<Instant> {
    assert!(!period.is_zero(), "the period of a tick channel must not be zero");
    let first = context::with(|context| context.deadline(period));
    timed(first, Some(nanos(period)))
}

/// Makes a channel that never delivers a message.
#[must_use]
pub fn never<T>() -> Receiver<T> {
    Receiver::new(Arc::new(Channel::new(Some(0))))
}
