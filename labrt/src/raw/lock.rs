//! [`RawMutex`] and [`RawRwLock`]: what `lock_api` makes `Mutex` and `RwLock` of.
//!
//! Each is two locks, of which a run uses one: in a simulation the one that the scheduler knows, on real threads
//! `parking_lot`'s.

use std::panic::Location;
use std::time::Duration;

use lock_api::RawMutex as _;

use crate::here::{self, Here};
use crate::sim::mutex::Mutex;
use crate::sim::rwlock::{Access, RwLock};
use crate::sim::{Place, Sim};
use crate::threads::{self, Thread};
use crate::time::Instant;

/// The primitive under a guard, for a condition variable to release and take again.
pub(crate) fn raw_of<'a, T: ?Sized>(guard: &lock_api::MutexGuard<'a, RawMutex, T>) -> &'a RawMutex {
    // SAFETY: `raw` asks the caller not to unlock what a guard holds. The condition variable releases the
    // lock while it borrows the guard mutably, and takes it again before it gives the guard back.
    unsafe { lock_api::MutexGuard::mutex(guard).raw() }
}

/// The deadline of a wait that begins now and lasts for `timeout` at the most.
#[track_caller]
fn after(timeout: Duration) -> Option<u64> {
    Some(here::with(|here| here.deadline(timeout)))
}

/// A mutual exclusion primitive of lab code.
pub struct RawMutex {
    simulated: Mutex,
    real: parking_lot::RawMutex,
}

impl RawMutex {
    /// Takes the lock; says whether it could before `deadline`.
    #[track_caller]
    fn take(&self, deadline: Option<u64>) -> bool {
        let place = Location::caller();
        here::with(|here| match here {
            Here::Sim(sim) => self.simulated.take(sim, place, deadline),
            Here::Threads(thread) => {
                self.simulated.claim(here);
                threads::lock::mutex(thread, &self.real, place, deadline)
            }
        })
    }

    /// Locks again after a wait on a condition variable, also on a thread that is being killed. No scheduling point.
    pub(crate) fn take_again(&self, here: Here<'_>, place: Place) {
        match here {
            Here::Sim(sim) => self.simulated.take_again(sim, place),
            Here::Threads(thread) => threads::lock::mutex_again(thread, &self.real, place),
        }
    }

    /// Unlocks: the first half of a wait on a condition variable. No scheduling point.
    pub(crate) fn release(&self, here: Here<'_>) {
        match here {
            Here::Sim(sim) => self.simulated.release(sim),
            // SAFETY: the caller has the guard of this lock (see `raw_of`), so it is the holder.
            Here::Threads(_) => unsafe { self.real.unlock() },
        }
    }
}

// SAFETY: a run uses one of the two locks alone, and no two runs use the same `RawMutex` (`claim`). In a simulation the
// lock is granted only while nobody holds it, and is taken back only by `unlock`, whose contract allows it to the
// holder alone; all of this happens on one OS thread. On real threads it is a mutex of `parking_lot`.
unsafe impl lock_api::RawMutex for RawMutex {
    #[allow(clippy::declare_interior_mutable_const)] // what `lock_api` asks for
    const INIT: Self = Self { simulated: Mutex::new(), real: parking_lot::RawMutex::INIT };

    type GuardMarker = lock_api::GuardNoSend;

    #[inline]
    #[track_caller]
    fn lock(&self) {
        self.take(None);
    }

    #[track_caller]
    fn try_lock(&self) -> bool {
        let place = Location::caller();
        here::with(|here| {
            here.point();
            match here {
                Here::Sim(sim) => self.simulated.try_take(sim, place).is_ok(),
                Here::Threads(_) => {
                    self.simulated.claim(here);
                    self.real.try_lock()
                }
            }
        })
    }

    unsafe fn unlock(&self) {
        here::with(|here| {
            here.point_before_release();
            match here {
                Here::Sim(sim) => self.simulated.release(sim),
                // SAFETY: the caller holds the lock, by the contract of this function.
                Here::Threads(_) => unsafe { self.real.unlock() },
            }
        });
    }

    fn is_locked(&self) -> bool {
        here::with(|here| match here {
            Here::Sim(sim) => self.simulated.is_locked(sim),
            Here::Threads(_) => self.real.is_locked(),
        })
    }
}

// SAFETY: as for `RawMutex`; a time-out only makes `take` give up without the lock.
unsafe impl lock_api::RawMutexTimed for RawMutex {
    type Duration = Duration;
    type Instant = Instant;

    #[track_caller]
    fn try_lock_for(&self, timeout: Duration) -> bool {
        self.take(after(timeout))
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
    simulated: RwLock,
    real: parking_lot::RawRwLock,
}

impl RawRwLock {
    #[track_caller]
    fn take(&self, access: Access, deadline: Option<u64>) -> bool {
        let place = Location::caller();
        here::with(|here| match here {
            Here::Sim(sim) => self.simulated.take(sim, access, place, deadline),
            Here::Threads(thread) => {
                self.simulated.claim(here);
                threads::lock::rwlock(thread, &self.real, access, place, deadline)
            }
        })
    }

    #[track_caller]
    fn try_take(&self, access: Access) -> bool {
        let place = Location::caller();
        here::with(|here| {
            here.point();
            match here {
                Here::Sim(sim) => self.simulated.try_take(sim, access, place).is_ok(),
                Here::Threads(_) => {
                    self.simulated.claim(here);
                    threads::lock::try_rwlock(&self.real, access)
                }
            }
        })
    }

    fn release(&self, simulated: impl FnOnce(&RwLock, &Sim), real: impl FnOnce(&Thread)) {
        here::with(|here| match here {
            Here::Sim(sim) => simulated(&self.simulated, sim),
            Here::Threads(thread) => real(thread),
        });
    }
}

// SAFETY: as for `RawMutex`. In a simulation exclusive access is granted only while there is neither writer nor reader,
// and shared access only while there is no writer; the unlock methods take back what their contract says the caller
// holds. On real threads it is a lock of `parking_lot`.
unsafe impl lock_api::RawRwLock for RawRwLock {
    #[allow(clippy::declare_interior_mutable_const)] // what `lock_api` asks for
    const INIT: Self = Self { simulated: RwLock::new(), real: parking_lot::RawRwLock::INIT };

    type GuardMarker = lock_api::GuardNoSend;

    #[inline]
    #[track_caller]
    fn lock_shared(&self) {
        self.take(Access::Shared, None);
    }

    #[track_caller]
    fn try_lock_shared(&self) -> bool {
        self.try_take(Access::Shared)
    }

    unsafe fn unlock_shared(&self) {
        // SAFETY: the caller holds the lock shared, by the contract of this function.
        self.release(RwLock::release_shared, |_| unsafe { self.real.unlock_shared() });
    }

    #[inline]
    #[track_caller]
    fn lock_exclusive(&self) {
        self.take(Access::Exclusive, None);
    }

    #[track_caller]
    fn try_lock_exclusive(&self) -> bool {
        self.try_take(Access::Exclusive)
    }

    unsafe fn unlock_exclusive(&self) {
        // SAFETY: the caller holds the lock exclusively, by the contract of this function.
        self.release(RwLock::release_exclusive, |_| unsafe { self.real.unlock_exclusive() });
    }

    fn is_locked(&self) -> bool {
        here::with(|here| match here {
            Here::Sim(sim) => self.simulated.is_locked(sim),
            Here::Threads(_) => self.real.is_locked(),
        })
    }

    fn is_locked_exclusive(&self) -> bool {
        here::with(|here| match here {
            Here::Sim(sim) => self.simulated.is_locked_exclusive(sim),
            Here::Threads(_) => self.real.is_locked_exclusive(),
        })
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
        self.try_take(Access::SharedRecursive)
    }
}

// SAFETY: the holder is a writer, and becomes the only reader in one step.
unsafe impl lock_api::RawRwLockDowngrade for RawRwLock {
    unsafe fn downgrade(&self) {
        // SAFETY: the caller holds the lock exclusively, by the contract of this function.
        self.release(RwLock::downgrade, |_| unsafe { self.real.downgrade() });
    }
}

// SAFETY: as for `RawRwLock`; a time-out only makes `take` give up without the lock.
unsafe impl lock_api::RawRwLockTimed for RawRwLock {
    type Duration = Duration;
    type Instant = Instant;

    #[track_caller]
    fn try_lock_shared_for(&self, timeout: Duration) -> bool {
        self.take(Access::Shared, after(timeout))
    }

    #[track_caller]
    fn try_lock_shared_until(&self, timeout: Instant) -> bool {
        self.take(Access::Shared, Some(timeout.nanos()))
    }

    #[track_caller]
    fn try_lock_exclusive_for(&self, timeout: Duration) -> bool {
        self.take(Access::Exclusive, after(timeout))
    }

    #[track_caller]
    fn try_lock_exclusive_until(&self, timeout: Instant) -> bool {
        self.take(Access::Exclusive, Some(timeout.nanos()))
    }
}
