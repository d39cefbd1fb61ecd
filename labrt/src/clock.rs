//! [`Clock`]: the clock of a node that runs at a rate of its own.
//!
//! Lab code on such a node uses the node's time for everything: readings, sleeps, timeouts. Timers and events
//! use the run's time. Times are converted where a thread reads the clock and where it begins to wait.

use std::time::Duration;

/// The rate of the run's clock.
const NOMINAL_RATE: u32 = 1_000_000;

/// A clock that has run at a constant rate since some moment.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// That moment, in the run's nanoseconds.
    run: u64,
    /// The reading of the clock at that moment, in nanoseconds.
    shown: u64,
    /// Nanoseconds of this clock per million nanoseconds of the run. Not zero.
    rate: u32,
}

impl Clock {
    /// A clock that shows the run's time.
    pub(crate) const fn run_clock() -> Self {
        Self { run: 0, shown: 0, rate: NOMINAL_RATE }
    }

    /// The same clock with another rate from the run's time `run` on.
    pub(crate) fn at_rate(self, run: u64, rate: u32) -> Self {
        Self { run, shown: self.reading_at(run), rate }
    }

    /// The reading at the run's time `run`.
    pub(crate) fn reading_at(self, run: u64) -> u64 {
        if run == u64::MAX {
            return run; // the end of time is the same on every clock
        }
        let passed =
            u128::from(run.saturating_sub(self.run)) * u128::from(self.rate) / u128::from(NOMINAL_RATE);
        saturating_u64(u128::from(self.shown) + passed)
    }

    /// The earliest time of the run at which the clock, at its present rate, shows at least `time`.
    pub(crate) fn run_time_of(self, time: u64) -> u64 {
        if time == u64::MAX {
            return time;
        }
        let ahead = u128::from(time.saturating_sub(self.shown)) * u128::from(NOMINAL_RATE);
        saturating_u64(u128::from(self.run) + ahead.div_ceil(u128::from(self.rate)))
    }
}

fn saturating_u64(nanos: u128) -> u64 {
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

/// `duration` in nanoseconds, at most `u64::MAX` (584 years).
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// `nanos` nanoseconds as a duration.
pub(crate) fn since_start(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

#[cfg(test)]
mod tests {
    use super::Clock;

    /// A thread that is woken at its deadline must read at least that deadline, whatever the rate and the
    /// rounding.
    #[test]
    fn run_time_of_is_the_first_moment_of_a_reading() {
        for rate in [100_000, 999_999, 1_000_000, 1_000_001, 1_100_000, 3_333_333, 10_000_000] {
            let clock = Clock { run: 1_000_003, shown: 999_983, rate };
            for ahead in (0..3000).chain([1 << 40, (1 << 40) + 1]) {
                let time = clock.shown + ahead;
                let due = clock.run_time_of(time);
                assert!(clock.reading_at(due) >= time, "{rate}, {ahead}");
                assert!(ahead == 0 || clock.reading_at(due - 1) < time, "{rate}, {ahead}");
            }
        }
    }

    #[test]
    fn the_end_of_time_is_the_same_on_every_clock() {
        let clock = Clock { run: 5, shown: 5, rate: 10_000_000 };
        assert_eq!((clock.reading_at(u64::MAX), clock.run_time_of(u64::MAX)), (u64::MAX, u64::MAX));
        let slow = Clock { run: 5, shown: 5, rate: 100_000 };
        assert_eq!((slow.reading_at(u64::MAX), slow.run_time_of(u64::MAX - 1)), (u64::MAX, u64::MAX));
    }
}
