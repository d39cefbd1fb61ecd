//! The clocks of nodes: what they show, and what happens to waits when their rates change.

use super::scheduler::Scheduler;
use crate::clock::Clock;

impl Scheduler {
    /// The time for the current thread: what its node's clock shows.
    #[inline]
    pub(crate) fn local_now(&self) -> u64 {
        self.local_clock().map_or(self.now, |clock| clock.reading_at(self.now))
    }

    /// What the clock of the current thread's node shows at a moment of the run's.
    pub(crate) fn local_at(&self, run: u64) -> u64 {
        self.local_clock().map_or(run, |clock| clock.reading_at(run))
    }

    /// When it will be `time` for the current thread, in the run's time.
    #[inline]
    pub(crate) fn run_time(&self, time: u64) -> u64 {
        self.local_clock().map_or(time, |clock| clock.run_time_of(time))
    }

    #[inline]
    fn local_clock(&self) -> Option<Clock> {
        if !self.nodes.any_clock {
            return None;
        }
        self.nodes[self.threads[self.current?].node].clock
    }

    /// Lets the clock of `node` go at another rate from now on, and moves the timers of its threads
    /// accordingly.
    pub(crate) fn set_clock_rate(&mut self, node: u32, rate: u32) {
        let before = self.nodes[node].clock.unwrap_or(Clock::run_clock());
        let after = before.at_rate(self.now, rate);
        self.nodes[node].clock = Some(after);
        self.nodes.any_clock = true;
        let threads = &self.threads;
        let here = |slot: u32| threads[slot].node == node;
        self.timers.move_waits(|ticket, at| {
            if threads.waits(ticket) && here(ticket.slot) {
                after.run_time_of(before.reading_at(at))
            } else {
                at
            }
        });
    }
}
