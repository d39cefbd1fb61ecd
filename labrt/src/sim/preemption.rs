//! [`Preemption`]: threads that lose the processor for a while, at any of their scheduling points.
//!
//! Work takes no virtual time. Without preemption a server would always be done with one message before the
//! next one arrives, a few microseconds later, and its threads would never meet. On a machine they do: a
//! system takes the processor from a thread at any moment, and messages arrive meanwhile.

use std::ops::RangeInclusive;

use rand::RngExt;

use crate::rng::StreamRng;

/// For how many virtual nanoseconds a thread is preempted.
const LASTS_NS: RangeInclusive<u64> = 5_000..=100_000;

/// When a thread is preempted next, and for how long.
pub(crate) struct Preemption {
    rng: StreamRng,
    /// The mean number of scheduling points from one preemption to the next; 0: there is none.
    mean: u32,
    /// Scheduling points until the next one.
    points: u32,
}

impl Preemption {
    pub(crate) fn new(seed: u64, mean: u32) -> Self {
        let mut preemption = Self { rng: StreamRng::new(seed, "preemption"), mean, points: u32::MAX };
        preemption.set_next();
        preemption
    }

    /// Counts one scheduling point. Says whether a thread may be preempted at it.
    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        self.points -= 1;
        self.points == 0 // nearly never, if there is none
    }

    /// Draws for how many nanoseconds the thread is preempted, and when the next one is; `None` if there is
    /// none.
    #[cold]
    pub(crate) fn begin(&mut self) -> Option<u64> {
        self.set_next();
        (self.mean > 0).then(|| self.rng.random_range(LASTS_NS))
    }

    fn set_next(&mut self) {
        self.points = match self.mean {
            0 => u32::MAX,
            mean => self.rng.random_range(1..=mean.saturating_mul(2)),
        };
    }
}
