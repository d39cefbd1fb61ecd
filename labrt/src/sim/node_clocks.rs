//! The clocks of nodes: readings, and timers when rates change.

use super::scheduler::Scheduler;
use crate::clock::Clock;

impl Scheduler {
    /// The present reading of the clock of the current thread's node.
    #[inline]
    pub(crate) fn local_now(&self) -> u64 {
        self.local_clock().map_or(self.now, |clock| clock.reading_at(self.now))
    }

    /// The reading of the clock of the current thread's node at the run's time `run`.
    pub(crate) fn local_at(&self, run: u64) -> u64 {
        self.local_clock().map_or(run, |clock| clock.reading_at(run))
    }

    /// The run's time at which the clock of the current thread's node shows `time`.
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

    /// Sets the rate of `node`'s clock from now on, and moves the timers of its threads accordingly.
    pub(crate) fn set_clock_rate(&mut self, node: u32, rate: u32) {
        let before = self.nodes[node].clock.unwrap_or(Clock::run_clock());
        let after = before.at_rate(self.now, rate);
        self.nodes[node].clock = Some(after);
        self.nodes.any_clock = true;
        let threads = &self.threads;
        let on_node = |slot: u32| threads[slot].node == node;
        self.timers.move_waits(|ticket, at| {
            if threads.waits(ticket) && on_node(ticket.slot) {
                after.run_time_of(before.reading_at(at))
            } else {
                at
            }
        });
    }
}
