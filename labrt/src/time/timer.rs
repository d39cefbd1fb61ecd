//! [`Timer`] and [`Ticker`]: channels of the clock that can be set again.

use std::fmt;
use std::time::Duration;

use super::Instant;
use crate::channel::{Receiver, set_clock, timed};
use crate::clock::nanos;
use crate::context;

/// The time of a timer that is stopped.
const NEVER: u64 = u64::MAX;

/// Delivers one message on its channel when its time is up, and can be reset and stopped by any thread, also
/// while others wait for it: `time.Timer` of Go.
///
/// Once [`reset`](Self::reset) or [`stop`](Self::stop) has returned, nobody receives a message for the time
/// that was set before, as in Go since 1.23: the channel need not be drained. Whoever waits already, in a
/// receive or in a select, waits for the new time from then on; for a timer that is stopped, until it is
/// reset.
///
/// Dropping the timer stops nothing: who has a clone of the channel still receives from it.
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
    /// A timer that is due `duration` from now.
    #[must_use]
    pub fn new(duration: Duration) -> Self {
        Self { channel: timed(context::with(|context| context.deadline(duration)), None) }
    }

    /// The channel that delivers the message: the moment for which it was due. `t.C` in Go.
    #[must_use]
    pub fn channel(&self) -> &Receiver<Instant> {
        &self.channel
    }

    /// Makes the timer due `duration` from now, whether it is running, has fired or is stopped. A scheduling
    /// point.
    ///
    /// Returns whether the timer was still running, or had fired and nobody had received its message, which
    /// is gone now.
    #[track_caller]
    pub fn reset(&self, duration: Duration) -> bool {
        context::with(|context| {
            context.scheduling_point();
            set_clock(&self.channel, context, context.deadline(duration), None)
        })
    }

    /// Stops the timer: it delivers nothing until it is reset. A scheduling point.
    ///
    /// Returns what [`reset`](Self::reset) returns.
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

/// Delivers a message on its channel every period, until it is stopped, and can be reset and stopped by any
/// thread, as a [`Timer`]: `time.Ticker` of Go. Messages that nobody takes in time are not made up for.
///
/// Where the period never changes, [`channel::tick`](crate::channel::tick) does.
pub struct Ticker {
    channel: Receiver<Instant>,
}

impl Ticker {
    /// A ticker whose first message comes `period` from now.
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

    /// The channel that delivers the messages: the moments for which they were due. `t.C` in Go.
    #[must_use]
    pub fn channel(&self) -> &Receiver<Instant> {
        &self.channel
    }

    /// Stops the ticker if it runs, and lets it tick every `period` from now on. A scheduling point.
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

    /// Stops the ticker: it delivers nothing until it is reset. A scheduling point.
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
    assert!(!period.is_zero(), "a ticker that ticks all the time would never let time pass");
    period
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Ticker { .. }")
    }
}
