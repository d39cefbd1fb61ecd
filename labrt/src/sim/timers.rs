//! [`Timers`]: what will happen at which virtual time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::wait::{ThreadId, Ticket};

/// What happens when a timer is due.
pub(crate) enum Due {
    /// The thread that waits with this ticket has waited long enough.
    Wake(Ticket),
    /// The thread that was preempted goes on.
    Resume(ThreadId),
    /// Harness code that runs outside every thread.
    Event(Box<dyn FnOnce() + Send>),
}

struct Timer {
    /// Virtual nanoseconds since the run began.
    at: u64,
    /// Breaks ties: many events share a time on a virtual clock.
    seq: u64,
    due: Due,
}

impl Timer {
    fn key(&self) -> (u64, u64) {
        (self.at, self.seq)
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Timer {}
impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timer {
    /// The earliest timer is the greatest, because `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

/// All timers, the earliest first.
#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Timer>,
    seq: u64,
    /// How many timers in the heap belong to waits that have ended otherwise.
    stale: usize,
}

impl Timers {
    pub(crate) fn add(&mut self, at: u64, due: Due) {
        self.seq += 1;
        self.heap.push(Timer { at, seq: self.seq, due });
    }

    /// The time of the earliest timer, or the end of time.
    #[inline]
    pub(crate) fn next_at(&self) -> u64 {
        self.heap.peek().map_or(u64::MAX, |timer| timer.at)
    }

    /// Whether the earliest timer ends a preemption.
    pub(crate) fn next_is_resume(&self) -> bool {
        matches!(self.heap.peek(), Some(Timer { due: Due::Resume(_), .. }))
    }

    /// Takes the earliest timer if it is due at `now`.
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<Due> {
        if self.next_at() > now {
            return None;
        }
        self.heap.pop().map(|timer| timer.due)
    }

    /// Says that one timer in the heap has become stale.
    ///
    /// Answers whether it is time to [`purge`](Self::purge): a loop of short waits with long
    /// time-outs must not fill the heap.
    pub(crate) fn mark_stale(&mut self) -> bool {
        self.stale += 1;
        self.stale > 64 && self.stale * 2 > self.heap.len()
    }

    /// Drops the timers of waits that `live` does not know.
    pub(crate) fn purge(&mut self, live: impl Fn(Ticket) -> bool) {
        self.heap.retain(|timer| match timer.due {
            Due::Wake(ticket) => live(ticket),
            Due::Resume(_) | Due::Event(_) => true,
        });
        self.stale = 0;
    }

    /// Moves the timers of waits, each to the time that `to` answers. Those that fall together keep their
    /// order.
    pub(crate) fn move_waits(&mut self, to: impl Fn(Ticket, u64) -> u64) {
        let mut timers = std::mem::take(&mut self.heap).into_vec();
        for timer in &mut timers {
            if let Due::Wake(ticket) = timer.due {
                timer.at = to(ticket, timer.at);
            }
        }
        self.heap = timers.into();
    }

    /// Takes all timers, for their closures to be dropped outside the scheduler.
    pub(crate) fn clear(&mut self) -> impl Sized + use<> {
        std::mem::take(&mut self.heap)
    }
}
