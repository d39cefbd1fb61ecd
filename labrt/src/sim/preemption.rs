//! [`Preemption`]: suspends a thread for a short time at one of its scheduling points.
//!
//! Computing takes hardly any virtual time. Without preemption a server would always finish one message
//! before the next one arrives, a few microseconds later, and its threads would rarely interleave. On real
//! machines the system preempts threads at any moment, and messages arrive meanwhile.

use std::ops::RangeInclusive;

use rand::RngExt;

use super::scheduler::Scheduler;
use super::timers::Due;
use crate::rng::StreamRng;
use crate::run::ids::TESTER;
use crate::wait::ThreadId;

/// The duration of a preemption in virtual nanoseconds.
const LASTS_NS: RangeInclusive<u64> = 5_000..=100_000;

/// The time of the next preemption, and its duration.
pub(crate) struct Preemption {
    rng: StreamRng,
    /// The mean number of scheduling points from one preemption to the next; 0 for no preemption.
    mean: u32,
    /// Scheduling points until the next preemption.
    points: u32,
}

impl Preemption {
    pub(crate) fn new(seed: u64, mean: u32) -> Self {
        let mut preemption = Self { rng: StreamRng::new(seed, "preemption"), mean, points: u32::MAX };
        preemption.set_next();
        preemption
    }

    /// Counts one scheduling point. Returns whether a preemption is due at it.
    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        self.points -= 1;
        self.points == 0 // without preemption once in 2^32 points
    }

    /// Draws the duration of a preemption in nanoseconds, and the time of the next one. `None` if there is no
    /// preemption.
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

impl Scheduler {
    /// Preempts the current thread, unless it is the harness's. Returns whether it did.
    #[cold]
    pub(super) fn preempt(&mut self, slot: u32) -> bool {
        let Some(lasts) = self.preemption.begin() else { return false };
        let thread = &mut self.threads[slot];
        if self.stop || thread.probe || thread.node == TESTER {
            return false;
        }
        thread.preempted = true;
        let id = ThreadId { slot, serial: thread.serial };
        self.timers.add(self.now + lasts, Due::Resume(id));
        true
    }

    /// Makes a preempted thread runnable again. One that was killed meanwhile runs already.
    pub(super) fn end_preemption(&mut self, id: ThreadId) {
        let Some(thread) = self.threads.get_mut(id) else { return };
        if !std::mem::take(&mut thread.preempted) || thread.dying {
            return;
        }
        let node = &mut self.nodes[thread.node];
        if node.paused {
            node.paused_ready.push(id.slot);
        } else {
            self.ready.push(id.slot);
        }
    }
}
