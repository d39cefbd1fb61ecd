//! Time for lab code: [`Instant`] on the server's clock, and [`Timer`] and [`Ticker`], which can be reset.
//!
//! ```
//! # use labrt::world::{Options, simulate};
//! # simulate(Options::new(1), |_| {
//! use labrt::thread::sleep;
//! use labrt::time::{Duration, Instant};
//!
//! let start = Instant::now();
//! sleep(Duration::from_millis(50));
//! let slept = start.elapsed();
//! assert!(slept >= Duration::from_millis(50));
//! assert!(slept < Duration::from_millis(51), "a sleep of a simulation is as long as asked: {slept:?}");
//! # }).result.unwrap();
//! ```

mod timer;

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
pub use std::time::Duration;

use crate::context;

pub use timer::{Ticker, Timer};

/// A moment on the server's clock, with the API of `std::time::Instant`.
///
/// In a simulation the clock is virtual: it advances when every thread waits, and by a few nanoseconds at
/// every scheduling point. On real threads it is the system's. The harness may let the clock of a server run
/// too fast or too slow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// Nanoseconds since the run began.
    nanos: u64,
}

impl Instant {
    /// The present moment. A scheduling point.
    #[must_use]
    #[track_caller]
    pub fn now() -> Self {
        context::with(|context| {
            context.scheduling_point();
            Self { nanos: context.now() }
        })
    }

    /// The time since this moment; zero if it is in the future. A scheduling point.
    #[must_use]
    #[track_caller]
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    #[must_use]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos.saturating_sub(earlier.nanos))
    }

    /// The time from `earlier` to this moment; `None` if `earlier` is later.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.nanos.checked_sub(earlier.nanos).map(Duration::from_nanos)
    }

    /// This moment plus `duration`; `None` if that is beyond the end of the clock.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.nanos.checked_add(nanos).map(|nanos| Self { nanos })
    }

    /// This moment minus `duration`; `None` if that is before the start of the run.
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.nanos.checked_sub(nanos).map(|nanos| Self { nanos })
    }

    pub(crate) fn nanos(self) -> u64 {
        self.nanos
    }

    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self { nanos }
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    /// # Panics
    ///
    /// Panics if the sum is beyond the end of the clock, 584 years after the start of the run.
    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration).expect("the instant is beyond the end of the clock")
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    /// # Panics
    ///
    /// Panics if the difference is before the start of the run.
    fn sub(self, duration: Duration) -> Self {
        self.checked_sub(duration).expect("the instant is before the start of the run")
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({:?})", Duration::from_nanos(self.nanos))
    }
}
