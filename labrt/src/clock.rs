//! [`Clock`]: the clock of a node that does not keep the run's time.
//!
//! Lab code on such a node lives in the node's time: what it reads, how long it sleeps, when it gives up
//! waiting. Timers and events are in the run's. The one is turned into the other where a thread reads the
//! clock, and where it begins to wait.

use std::time::Duration;

/// The rate of a clock that keeps the run's time.
const NOMINAL_RATE: u32 = 1_000_000;

/// A clock that goes evenly since some moment.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// That moment, in nanoseconds since the run began.
    run: u64,
    /// What the clock showed at that moment.
    shown: u64,
    /// Nanoseconds that pass on it in a million of the run's. Not zero.
    rate: u32,
}

impl Clock {
    /// The clock of who keeps the run's time.
    pub(crate) const fn run_clock() -> Self {
        Self { run: 0, shown: 0, rate: NOMINAL_RATE }
    }

    /// The same clock, going at another rate from the moment `run` on.
    pub(crate) fn at_rate(self, run: u64, rate: u32) -> Self {
        Self { run, shown: self.reading_at(run), rate }
    }

    /// What it shows at a moment of the run's.
    pub(crate) fn reading_at(self, run: u64) -> u64 {
        if run == u64::MAX {
            return run; // the end of time is the same everywhere
        }
        let passed =
            u128::from(run.saturating_sub(self.run)) * u128::from(self.rate) / u128::from(NOMINAL_RATE);
        saturating_u64(u128::from(self.shown) + passed)
    }

    /// The first moment of the run's, since the clock goes as it does, at which it shows `time` or more.
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

/// Whole nanoseconds of the run's time; 584 years at the most.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn since_start(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

#[cfg(test)]
mod tests {
    use super::Clock;

    /// A thread that is woken when its time is up must find that it is: for every rate, whatever is lost in
    /// rounding.
    #[test]
    fn a_time_is_shown_when_it_is_due_and_not_before() {
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
    fn the_end_of_time_is_never_reached() {
        let clock = Clock { run: 5, shown: 5, rate: 10_000_000 };
        assert_eq!((clock.reading_at(u64::MAX), clock.run_time_of(u64::MAX)), (u64::MAX, u64::MAX));
        let slow = Clock { run: 5, shown: 5, rate: 100_000 };
        assert_eq!((slow.reading_at(u64::MAX), slow.run_time_of(u64::MAX - 1)), (u64::MAX, u64::MAX));
    }
}
