//! [`RawMutex`] and [`RawRwLock`]: what `lock_api` makes `Mutex` and `RwLock` of.
//!
//! Each is two locks, of which a run uses one: in a simulation the one that the scheduler knows, on real threads
//! `parking_lot`'s.

use std::panic::Location;
use std::time::Duration;

use lock_api::{RawMutex as _, RawRwLock as _};

use crate::here::{self, Here};
use crate::sim::mutex::Mutex;
use crate::sim::rwlock::{Access, RwLock};
use crate::sim::{Place, Sim};
use crate::threads::{self, Thread};
use crate::time::Instant;

/// The guard of a lock that a [`Condvar`](crate::sync::Condvar) can wait under: of a mutex, or of an `RwLock`
/// for reading or for writing. Only the guards of [`sync`](crate::sync) are.
pub trait LockGuard: Guard {}

impl<G: Guard> LockGuard for G {}

/// The lock under a guard, for a condition variable to release and take again.
///
/// Who releases it borrows the guard mutably until the lock is taken again: nobody reaches the value
/// meanwhile.
pub struct Held<'a>(Lock<'a>);

#[derive(Clone, Copy)]
enum Lock<'a> {
    Mutex(&'a RawMutex),
    RwLock(&'a RawRwLock, Access),
}

mod sealed {
    use super::Held;

    /// Not to be had outside of labrt: whoever implements it decides which lock is released.
    pub trait Guard {
        fn held(&self) -> Held<'_>;
    }
}

use sealed::Guard;

impl<T: ?Sized> Guard for lock_api::MutexGuard<'_, RawMutex, T> {
    fn held(&self) -> Held<'_> {
        // SAFETY: `raw` asks the caller not to unlock what a guard holds. The condition variable releases the
        // lock while it borrows the guard mutably, and takes it again before it gives the guard back.
        Held(Lock::Mutex(unsafe { lock_api::MutexGuard::mutex(self).raw() }))
    }
}

impl<T: ?Sized> Guard for lock_api::RwLockReadGuard<'_, RawRwLock, T> {
    fn held(&self) -> Held<'_> {
        // SAFETY: as for the guard of a mutex.
        Held(Lock::RwLock(unsafe { lock_api::RwLockReadGuard::rwlock(self).raw() }, Access::Shared))
    }
}

impl<T: ?Sized> Guard for lock_api::RwLockWriteGuard<'_, RawRwLock, T> {
    fn held(&self) -> Held<'_> {
        // SAFETY: as for the guard of a mutex.
        Held(Lock::RwLock(unsafe { lock_api::RwLockWriteGuard::rwlock(self).raw() }, Access::Exclusive))
    }
}

impl Held<'_> {
    /// Unlocks: the first half of a wait on a condition variable. No scheduling point.
    pub(crate) fn release(&self, here: Here<'_>) {
        match self.0 {
            Lock::Mutex(lock) => lock.unlock_for_wait(here),
            Lock::RwLock(lock, access) => lock.unlock_for_wait(here, access),
        }
    }

    /// Locks again after the wait, also on a thread that is being killed. No scheduling point.
    pub(crate) fn take_again(&self, here: Here<'_>, place: Place) {
        match self.0 {
            Lock::Mutex(lock) => lock.take_again(here, place),
            Lock::RwLock(lock, access) => lock.take_again(here, access, place),
        }
    }
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
    fn take_again(&self, here: Here<'_>, place: Place) {
        match here {
            Here::Sim(sim) => self.simulated.take_again(sim, place),
            Here::Threads(thread) => threads::lock::mutex_again(thread, &self.real, place),
        }
    }

    /// Unlocks: the first half of a wait on a condition variable. No scheduling point.
    fn unlock_for_wait(&self, here: Here<'_>) {
        match here {
            Here::Sim(sim) => self.simulated.release(sim),
            // SAFETY: the caller has the guard of this lock (see `Held`), so it is the holder.
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
        here::with(|here| {
            here.point_before_release();
            match here {
                Here::Sim(sim) => simulated(&self.simulated, sim),
                Here::Threads(thread) => real(thread),
            }
        });
    }

    /// See [`RawMutex::take_again`].
    fn take_again(&self, here: Here<'_>, access: Access, place: Place) {
        match here {
            Here::Sim(sim) => self.simulated.take_again(sim, access, place),
            Here::Threads(thread) => threads::lock::rwlock_again(thread, &self.real, access, place),
        }
    }

    /// Unlocks without a scheduling point; see [`RawMutex::unlock_for_wait`].
    fn unlock_for_wait(&self, here: Here<'_>, access: Access) {
        match (here, access) {
            (Here::Sim(sim), Access::Exclusive) => self.simulated.release_exclusive(sim),
            (Here::Sim(sim), _) => self.simulated.release_shared(sim),
            // SAFETY: the caller has a guard of this lock for this access (see `Held`), so it holds it so.
            (Here::Threads(_), Access::Exclusive) => unsafe { self.real.unlock_exclusive() },
            // SAFETY: as above.
            (Here::Threads(_), _) => unsafe { self.real.unlock_shared() },
        }
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
