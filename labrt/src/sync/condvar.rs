//! [`Condvar`]: a condition variable for mutexes and reader-writer locks.

use std::fmt;
use std::ops::DerefMut;
use std::panic::Location;
use std::time::Duration;

use crate::context::{self, Context};
use crate::raw::confined::Confined;
use crate::raw::lock::LockGuard;
use crate::time::Instant;
use crate::wait::{SourceLocation, Ticket, Wait, Woken};

/// A condition variable; see `parking_lot::Condvar`.
///
/// A wait takes the guard of a [`Mutex`](super::Mutex), or the read or write guard of an
/// [`RwLock`](super::RwLock), as `sync.NewCond(&rw)` and `sync.NewCond(rw.RLocker())` do in Go. The lock is
/// held in the same way after the wait. Guards of different kinds, and of different locks, may wait on one
/// condition variable.
///
/// ```
/// # use labrt::world::{Options, simulate};
/// # simulate(Options::new(1), |_| {
/// use labrt::sync::{Arc, Condvar, RwLock};
/// let shared = Arc::new((RwLock::new(0), Condvar::new()));
/// let other = shared.clone();
/// labrt::thread::spawn(move || {
///     *other.0.write() = 7;
///     other.1.notify_all();
/// });
/// let mut value = shared.0.read();
/// while *value == 0 {
///     shared.1.wait(&mut value);
/// }
/// assert_eq!(*value, 7);
/// # }).result.unwrap();
/// ```
pub struct Condvar {
    waiting: Confined<Vec<Ticket>>,
}

/// The result of a wait with a timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the wait timed out.
    #[must_use]
    pub fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    /// Makes a condition variable.
    #[must_use]
    pub const fn new() -> Self {
        Self { waiting: Confined::new(Vec::new()) }
    }

    /// Wakes one waiting thread. Returns whether there was one. A scheduling point.
    #[track_caller]
    pub fn notify_one(&self) -> bool {
        context::with(|context| {
            context.scheduling_point();
            let mut waiting = self.waiting.open(context);
            while !waiting.is_empty() {
                // The ticket of a thread that was killed has no effect.
                let ticket = waiting.remove(0);
                if context.unpark(ticket) {
                    return true;
                }
            }
            false
        })
    }

    /// Wakes all waiting threads. Returns their number. A scheduling point.
    #[track_caller]
    pub fn notify_all(&self) -> usize {
        context::with(|context| {
            context.scheduling_point();
            self.waiting.open(context).drain(..).filter(|ticket| context.unpark(*ticket)).count()
        })
    }

    /// Releases the guard's lock, waits for a notification, and takes the lock again. A scheduling point.
    #[track_caller]
    pub fn wait<G: LockGuard>(&self, guard: &mut G) {
        self.wait_deadline(guard, None);
    }

    /// As [`wait`](Self::wait), but waits for at most `timeout`.
    #[track_caller]
    pub fn wait_for<G: LockGuard>(&self, guard: &mut G, timeout: Duration) -> WaitTimeoutResult {
        let deadline = context::with(|context| context.deadline(timeout));
        self.wait_deadline(guard, Some(deadline))
    }

    /// As [`wait`](Self::wait), but waits until `deadline` at the latest.
    #[track_caller]
    pub fn wait_until<G: LockGuard>(&self, guard: &mut G, deadline: Instant) -> WaitTimeoutResult {
        self.wait_deadline(guard, Some(deadline.nanos()))
    }

    /// Waits while `condition` is true for the guarded value. Not for read guards; they can call
    /// [`wait`](Self::wait) in a loop.
    #[track_caller]
    pub fn wait_while<G: LockGuard + DerefMut>(
        &self,
        guard: &mut G,
        mut condition: impl FnMut(&mut G::Target) -> bool,
    ) {
        while condition(&mut **guard) {
            self.wait_deadline(guard, None);
        }
    }

    /// Waits while `condition` is true for the guarded value, for at most `timeout`. The result says whether
    /// the wait timed out with the condition still true.
    #[track_caller]
    pub fn wait_while_for<G: LockGuard + DerefMut>(
        &self,
        guard: &mut G,
        mut condition: impl FnMut(&mut G::Target) -> bool,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        let deadline = context::with(|context| context.deadline(timeout));
        while condition(&mut **guard) {
            if self.wait_deadline(guard, Some(deadline)).timed_out() {
                return WaitTimeoutResult(condition(&mut **guard));
            }
        }
        WaitTimeoutResult(false)
    }

    #[track_caller]
    fn wait_deadline<G: LockGuard>(&self, guard: &mut G, deadline: Option<u64>) -> WaitTimeoutResult {
        let location = Location::caller();
        let lock = guard.held();
        context::with(|context| {
            context.scheduling_point();
            let ticket = context.ticket();
            self.waiting.open(context).push(ticket);
            lock.release();
            let woken = self.wait_woken(context, ticket, location, deadline);
            lock.take_again(location);
            context.throw_if_killed();
            WaitTimeoutResult(woken == Woken::TimedOut)
        })
    }

    fn wait_woken(
        &self,
        context: Context<'_>,
        ticket: Ticket,
        location: SourceLocation,
        deadline: Option<u64>,
    ) -> Woken {
        let woken = context.park_without_throw(ticket, Wait::Condvar(location), deadline);
        if woken == Woken::TimedOut {
            self.waiting.open(context).retain(|waiting| *waiting != ticket);
        }
        woken
    }
}

impl Default for Condvar {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
