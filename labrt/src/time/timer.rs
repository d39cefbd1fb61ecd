//! [`Timer`] and [`Ticker`]: timer channels that can be reset and stopped.

use std::fmt;
use std::time::Duration;

use super::Instant;
use crate::channel::{Receiver, set_clock, timed};
use crate::clock::nanos;
use crate::context;

/// The due time of a stopped timer.
const NEVER: u64 = u64::MAX;

/// A timer that delivers one message on its channel when it is due, as Go's `time.Timer`. Any thread may
/// reset or stop it, even while others wait for it.
///
/// After [`reset`](Self::reset) or [`stop`](Self::stop) has returned, no message of the previous time is
/// received, as in Go since 1.23: the channel need not be drained. Threads that wait already, in a receive or
/// a select, wait for the new time from then on, and after a stop until the timer is reset.
///
/// Dropping the timer does not stop it: clones of the channel still receive from it.
///
/// ```
/// # use labrt::world::{Options, simulate};
/// # simulate(Options::new(1), |_| {
/// use labrt::channel::{bounded, select};
/// use labrt::sync::Arc;
/// use labrt::time::{Duration, Timer};
///
/// let election = Arc::new(Timer::new(Duration::from_millis(300)));
/// let (stop, stopped) = bounded::<()>(0);
/// let timer = election.clone();
/// let ticker = labrt::thread::spawn(move || {
///     let mut elections = 0;
///     loop {
///         select! {
///             recv(timer.channel()) -> _ => {
///                 elections += 1;
///                 timer.reset(Duration::from_millis(300));
///             }
///             recv(stopped) -> _ => return elections,
///         }
///     }
/// });
/// for _ in 0..20 {
///     labrt::thread::sleep(Duration::from_millis(100));
///     election.reset(Duration::from_millis(300)); // a heartbeat came
/// }
/// labrt::thread::sleep(Duration::from_millis(700));
/// drop(stop);
/// assert_eq!(ticker.join().unwrap(), 2);
/// # }).result.unwrap();
/// ```
pub struct Timer {
    channel: Receiver<Instant>,
}

impl Timer {
    /// Makes a timer that is due `duration` from now.
    #[must_use]
    pub fn new(duration: Duration) -> Self {
        Self { channel: timed(context::with(|context| context.deadline(duration)), None) }
    }

    /// The channel that delivers the message, which is the moment at which the timer was due. `t.C` in Go.
    #[must_use]
    pub fn channel(&self) -> &Receiver<Instant> {
        &self.channel
    }

    /// Makes the timer due `duration` from now, whether it is running, has fired or is stopped. A scheduling
    /// point.
    ///
    /// Returns whether a message was pending: the timer was still running, or it had fired and its message,
    /// which is discarded, had not been received.
    #[track_caller]
    pub fn reset(&self, duration: Duration) -> bool {
        context::with(|context| {
            context.scheduling_point();
            set_clock(&self.channel, context, context.deadline(duration), None)
        })
    }

    /// Stops the timer. It delivers nothing until it is reset. A scheduling point.
    ///
    /// Returns the same as [`reset`](Self::reset).
    #[track_caller]
    pub fn stop(&self) -> bool {
        context::with(|context| {
            context.scheduling_point();
            set_clock(&self.channel, context, NEVER, None)
        })
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Timer { .. }")
    }
}

/// A timer that delivers a message on its channel every period until it is stopped, as Go's `time.Ticker`.
/// Any thread may reset or stop it. Messages are skipped while an earlier one was not received.
///
/// If the period never changes, [`channel::tick`](crate::channel::tick) suffices.
pub struct Ticker {
    channel: Receiver<Instant>,
}

impl Ticker {
    /// Makes a ticker whose first message is due `period` from now.
    ///
    /// # Panics
    ///
    /// Panics if `period` is zero.
    #[must_use]
    #[track_caller]
    pub fn new(period: Duration) -> Self {
        let period = positive(period);
        let first = context::with(|context| context.deadline(period));
        Self { channel: timed(first, Some(nanos(period))) }
    }

    /// The channel that delivers the messages, which are the moments at which they were due. `t.C` in Go.
    #[must_use]
    pub fn channel(&self) -> &Receiver<Instant> {
        &self.channel
    }

    /// Restarts the ticker with this period, whether it runs or is stopped. A scheduling point.
    ///
    /// # Panics
    ///
    /// Panics if `period` is zero.
    #[track_caller]
    pub fn reset(&self, period: Duration) {
        let period = positive(period);
        context::with(|context| {
            context.scheduling_point();
            set_clock(&self.channel, context, context.deadline(period), Some(nanos(period)));
        });
    }

    /// Stops the ticker. It delivers nothing until it is reset. A scheduling point.
    #[track_caller]
    pub fn stop(&self) {
        context::with(|context| {
            context.scheduling_point();
            set_clock(&self.channel, context, NEVER, None);
        });
    }
}

#[track_caller]
fn positive(period: Duration) -> Duration {
    assert!(!period.is_zero(), "the period of a ticker must not be zero");
    period
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Ticker { .. }")
    }
}
