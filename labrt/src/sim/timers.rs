//! [`Timers`]: the queue of wake-ups, preemption ends and events.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::wait::{ThreadId, Ticket};

/// The action of a timer.
pub(crate) enum Due {
    /// The deadline of the wait with this ticket.
    Wake(Ticket),
    /// The end of the thread's preemption.
    Resume(ThreadId),
    /// Code of the harness that runs outside every thread.
    Event(Box<dyn FnOnce() + Send>),
}

struct Timer {
    /// Virtual nanoseconds since the run began.
    at: u64,
    /// Orders timers with the same time, which is frequent on a virtual clock.
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
    /// The number of timers in the heap whose waits have ended otherwise.
    stale: usize,
}

impl Timers {
    pub(crate) fn add(&mut self, at: u64, due: Due) {
        self.seq += 1;
        self.heap.push(Timer { at, seq: self.seq, due });
    }

    /// The time of the earliest timer; `u64::MAX` if there is none.
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

    /// Counts one timer in the heap as stale. Returns whether it is time to [`purge`](Self::purge): a loop of
    /// short waits with long timeouts must not fill the heap.
    pub(crate) fn mark_stale(&mut self) -> bool {
        self.stale += 1;
        self.stale > 64 && self.stale * 2 > self.heap.len()
    }

    /// Removes the timers of waits for which `live` returns `false`.
    pub(crate) fn purge(&mut self, live: impl Fn(Ticket) -> bool) {
        self.heap.retain(|timer| match timer.due {
            Due::Wake(ticket) => live(ticket),
            Due::Resume(_) | Due::Event(_) => true,
        });
        self.stale = 0;
    }

    /// Moves the timers of waits, each to the time that `to` returns. Timers with equal times keep their
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

    /// Removes all timers, so that their closures can be dropped outside the scheduler.
    pub(crate) fn clear(&mut self) -> impl Sized + use<> {
        std::mem::take(&mut self.heap)
    }
}
