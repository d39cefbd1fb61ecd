//! [`RawMutex`] and [`RawRwLock`]: what `lock_api` makes `Mutex` and `RwLock` of.
//!
//! A lock keeps who holds it and who waits. Whoever unlocks it wakes all that wait, and they try
//! again: which of them gets it is then the scheduler's choice like any other, and no wake-up is
//! lost with a thread that is killed between being woken and running.

use std::panic::Location;
use std::time::Duration;

use super::confined::Confined;
use crate::sim::{self, Blocker, By, Place, Sim, ThreadId, Ticket, Wait, Woken};
use crate::time::Instant;

/// The primitive under a guard, for a condition variable to release and take again.
pub(crate) fn raw_of<'a, T: ?Sized>(guard: &lock_api::MutexGuard<'a, RawMutex, T>) -> &'a RawMutex {
    // SAFETY: `raw` asks the caller not to unlock what a guard holds. The condition variable releases the
    // lock while it borrows the guard mutably, and takes it again before it gives the guard back.
    unsafe { lock_api::MutexGuard::mutex(guard).raw() }
}

/// Wakes all that wait for a lock.
fn wake_all(sim: &Sim, waiting: &mut Vec<Ticket>) {
    for ticket in waiting.drain(..) {
        sim.unpark(ticket);
    }
}

/// Waits for a lock until it may be free; says whether there is any sense in trying again.
fn wait_for_lock(
    sim: &Sim,
    ticket: Ticket,
    place: Place,
    blockers: Vec<Blocker>,
    deadline: Option<u64>,
) -> bool {
    let wait = Wait::Lock(place);
    if sim.scheduler.borrow_mut().closes_cycle(wait, blockers, deadline) {
        sim.stay(Wait::Ended);
    }
    sim.park(ticket, wait, deadline) == Woken::Notified
}

/// A mutual exclusion primitive of lab code.
pub struct RawMutex {
    state: Confined<MutexState>,
}

struct MutexState {
    /// Who holds it, and since which line.
    holder: Option<(ThreadId, Place)>,
    waiting: Vec<Ticket>,
}

impl RawMutex {
    /// Takes the lock if it is free; otherwise says whom to wait for.
    fn try_take(&self, sim: &Sim, place: Place) -> Result<(), Vec<Blocker>> {
        let me = sim.current_thread();
        let mut state = self.state.open(sim);
        match state.holder {
            None => {
                state.holder = Some((me, place));
                sim.holds(place);
                Ok(())
            }
            Some((thread, since)) => Err(vec![Blocker { thread, by: By::Holding(since) }]),
        }
    }

    #[track_caller]
    fn take(&self, deadline: Option<u64>) -> bool {
        let place = Location::caller();
        sim::with(|sim| {
            sim.point();
            loop {
                let Err(blockers) = self.try_take(sim, place) else { return true };
                let ticket = sim.ticket();
                self.state.open(sim).waiting.push(ticket);
                if !wait_for_lock(sim, ticket, place, blockers, deadline) {
                    self.state.open(sim).waiting.retain(|waiting| *waiting != ticket);
                    return false;
                }
            }
        })
    }

    /// Locks again after a wait on a condition variable, without another scheduling point.
    ///
    /// A thread that is killed meanwhile still waits for the lock: its guard unlocks it while it unwinds,
    /// and must not unlock what another one holds.
    pub(crate) fn take_again(&self, sim: &Sim, place: Place) {
        while let Err(blockers) = self.try_take(sim, place) {
            let ticket = sim.ticket();
            self.state.open(sim).waiting.push(ticket);
            let wait = Wait::Lock(place);
            if sim.scheduler.borrow_mut().closes_cycle(wait, blockers, None) {
                sim.stay(Wait::Ended);
            }
            sim.park_without_throw(ticket, wait, None);
        }
    }

    /// Unlocks without a scheduling point: the first half of a wait on a condition variable.
    pub(crate) fn release(&self, sim: &Sim) {
        let mut state = self.state.open(sim);
        if let Some((_, since)) = state.holder.take() {
            sim.holds_no_more(since);
        }
        wake_all(sim, &mut state.waiting);
    }
}

// SAFETY: `try_take` grants the lock only while `holder` is empty and then fills it; only `release` empties
// it again, which `unlock`'s contract allows to the holder alone. `Confined` makes all of this happen on one
// OS thread, one access at a time.
unsafe impl lock_api::RawMutex for RawMutex {
    #[allow(clippy::declare_interior_mutable_const)] // what `lock_api` asks for
    const INIT: Self = Self { state: Confined::new(MutexState { holder: None, waiting: Vec::new() }) };

    type GuardMarker = lock_api::GuardNoSend;

    #[track_caller]
    fn lock(&self) {
        self.take(None);
    }

    #[track_caller]
    fn try_lock(&self) -> bool {
        let place = Location::caller();
        sim::with(|sim| {
            sim.point();
            self.try_take(sim, place).is_ok()
        })
    }

    unsafe fn unlock(&self) {
        sim::with(|sim| {
            sim.point_before_release();
            self.release(sim);
        });
    }

    fn is_locked(&self) -> bool {
        sim::with(|sim| self.state.open(sim).holder.is_some())
    }
}

// SAFETY: as for `RawMutex`; a time-out only makes `take` give up without the lock.
unsafe impl lock_api::RawMutexTimed for RawMutex {
    type Duration = Duration;
    type Instant = Instant;

    #[track_caller]
    fn try_lock_for(&self, timeout: Duration) -> bool {
        self.take(Some(sim::with(|sim| sim.deadline(timeout))))
    }

    #[track_caller]
    fn try_lock_until(&self, timeout: Instant) -> bool {
        self.take(Some(timeout.nanos()))
    }
}

/// A lock that many readers or one writer hold.
///
/// As with `parking_lot`, a waiting writer keeps new readers out: a thread that takes a second read
/// lock while it holds one can wait for a writer that waits for it.
pub struct RawRwLock {
    state: Confined<RwLockState>,
}

struct RwLockState {
    writer: Option<(ThreadId, Place)>,
    readers: Vec<(ThreadId, Place)>,
    waiting: Vec<Ticket>,
    writers_waiting: Vec<(ThreadId, Place)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Shared,
    /// Shared even while a writer waits.
    SharedRecursive,
    Exclusive,
}

impl RawRwLock {
    /// Takes the lock if that is possible now; otherwise says whom to wait for.
    fn try_take(&self, sim: &Sim, access: Access, place: Place) -> Result<(), Vec<Blocker>> {
        let me = sim.current_thread();
        let mut state = self.state.open(sim);
        let holding =
            |(thread, since): &(ThreadId, Place)| Blocker { thread: *thread, by: By::Holding(since) };
        if let Some(writer) = &state.writer {
            return Err(vec![holding(writer)]);
        }
        match access {
            Access::Shared if !state.writers_waiting.is_empty() => {
                let waiting = |(thread, since): &(ThreadId, Place)| Blocker {
                    thread: *thread,
                    by: By::WaitingToWrite(since),
                };
                return Err(state.writers_waiting.iter().map(waiting).collect());
            }
            Access::Exclusive if !state.readers.is_empty() => {
                return Err(state.readers.iter().map(holding).collect());
            }
            Access::Shared | Access::SharedRecursive => state.readers.push((me, place)),
            Access::Exclusive => state.writer = Some((me, place)),
        }
        sim.holds(place);
        Ok(())
    }

    #[track_caller]
    fn take(&self, access: Access, deadline: Option<u64>) -> bool {
        let place = Location::caller();
        sim::with(|sim| {
            sim.point();
            loop {
                let Err(blockers) = self.try_take(sim, access, place) else { return true };
                let ticket = sim.ticket();
                self.state.open(sim).waiting.push(ticket);
                let woken = {
                    // Counted by a guard, because a kill unwinds from the wait.
                    let _writer = (access == Access::Exclusive).then(|| WaitingWriter::new(self, place));
                    wait_for_lock(sim, ticket, place, blockers, deadline)
                };
                if !woken {
                    self.state.open(sim).waiting.retain(|waiting| *waiting != ticket);
                    return false;
                }
            }
        })
    }

    #[track_caller]
    fn try_take_now(&self, access: Access) -> bool {
        let place = Location::caller();
        sim::with(|sim| {
            sim.point();
            self.try_take(sim, access, place).is_ok()
        })
    }

    fn release(&self, change: impl FnOnce(&Sim, &mut RwLockState)) {
        sim::with(|sim| {
            sim.point_before_release();
            let mut state = self.state.open(sim);
            change(sim, &mut state);
            wake_all(sim, &mut state.waiting);
        });
    }
}

/// While it lives, a writer waits for the lock.
struct WaitingWriter<'a> {
    lock: &'a RawRwLock,
    writer: ThreadId,
}

impl<'a> WaitingWriter<'a> {
    fn new(lock: &'a RawRwLock, place: Place) -> Self {
        sim::with(|sim| {
            let writer = sim.current_thread();
            lock.state.open(sim).writers_waiting.push((writer, place));
            Self { lock, writer }
        })
    }
}

impl Drop for WaitingWriter<'_> {
    fn drop(&mut self) {
        sim::with(|sim| {
            let mut state = self.lock.state.open(sim);
            state.writers_waiting.retain(|(writer, _)| *writer != self.writer);
            // Readers that it kept out may go on, also when it gave up or was killed.
            wake_all(sim, &mut state.waiting);
        });
    }
}

// SAFETY: `try_take` grants exclusive access only while there is neither writer nor reader, and shared
// access only while there is no writer; the unlock methods take back what their contract says the caller
// holds. `Confined` makes all of this happen on one OS thread, one access at a time.
unsafe impl lock_api::RawRwLock for RawRwLock {
    #[allow(clippy::declare_interior_mutable_const)] // what `lock_api` asks for
    const INIT: Self = Self {
        state: Confined::new(RwLockState {
            writer: None,
            readers: Vec::new(),
            waiting: Vec::new(),
            writers_waiting: Vec::new(),
        }),
    };

    type GuardMarker = lock_api::GuardNoSend;

    #[track_caller]
    fn lock_shared(&self) {
        self.take(Access::Shared, None);
    }

    #[track_caller]
    fn try_lock_shared(&self) -> bool {
        self.try_take_now(Access::Shared)
    }

    unsafe fn unlock_shared(&self) {
        self.release(|sim, state| {
            let me = sim.current_thread();
            if let Some(position) = state.readers.iter().rposition(|(reader, _)| *reader == me) {
                let (_, since) = state.readers.remove(position);
                sim.holds_no_more(since);
            }
        });
    }

    #[track_caller]
    fn lock_exclusive(&self) {
        self.take(Access::Exclusive, None);
    }

    #[track_caller]
    fn try_lock_exclusive(&self) -> bool {
        self.try_take_now(Access::Exclusive)
    }

    unsafe fn unlock_exclusive(&self) {
        self.release(|sim, state| {
            if let Some((_, since)) = state.writer.take() {
                sim.holds_no_more(since);
            }
        });
    }

    fn is_locked(&self) -> bool {
        sim::with(|sim| {
            let state = self.state.open(sim);
            state.writer.is_some() || !state.readers.is_empty()
        })
    }

    fn is_locked_exclusive(&self) -> bool {
        sim::with(|sim| self.state.open(sim).writer.is_some())
    }
}

// SAFETY: as for `RawRwLock`; recursive readers are readers.
unsafe impl lock_api::RawRwLockRecursive for RawRwLock {
    #[track_caller]
    fn lock_shared_recursive(&self) {
        self.take(Access::SharedRecursive, None);
    }

    #[track_caller]
    fn try_lock_shared_recursive(&self) -> bool {
        self.try_take_now(Access::SharedRecursive)
    }
}

// SAFETY: the holder is a writer, and becomes the only reader in one step.
unsafe impl lock_api::RawRwLockDowngrade for RawRwLock {
    unsafe fn downgrade(&self) {
        self.release(|_, state| state.readers.extend(state.writer.take()));
    }
}

// SAFETY: as for `RawRwLock`; a time-out only makes `take` give up without the lock.
unsafe impl lock_api::RawRwLockTimed for RawRwLock {
    type Duration = Duration;
    type Instant = Instant;

    #[track_caller]
    fn try_lock_shared_for(&self, timeout: Duration) -> bool {
        self.take(Access::Shared, Some(sim::with(|sim| sim.deadline(timeout))))
    }

    #[track_caller]
    fn try_lock_shared_until(&self, timeout: Instant) -> bool {
        self.take(Access::Shared, Some(timeout.nanos()))
    }

    #[track_caller]
    fn try_lock_exclusive_for(&self, timeout: Duration) -> bool {
        self.take(Access::Exclusive, Some(sim::with(|sim| sim.deadline(timeout))))
    }

    #[track_caller]
    fn try_lock_exclusive_until(&self, timeout: Instant) -> bool {
        self.take(Access::Exclusive, Some(timeout.nanos()))
    }
}
