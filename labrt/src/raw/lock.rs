//! [`RawMutex`] and [`RawRwLock`]: the raw locks of which `lock_api` makes `Mutex` and `RwLock`.
//!
//! Each consists of two locks, of which a run uses one: a simulated lock in a simulation, and `parking_lot`'s
//! on real threads. The implementations of [`Mutex`] and [`RwLock`] choose between them.

use std::panic::Location;
use std::time::Duration;

use lock_api::{RawMutex as _, RawRwLock as _};

use crate::wait::SourceLocation;

/// A mode of access to a lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Shared,
    /// Shared even while a writer waits.
    SharedRecursive,
    Exclusive,
}

/// The clock of the timeouts of a lock.
pub trait Deadlines {
    /// The type of a moment in lab code.
    type Instant;

    /// The deadline `timeout` from now.
    fn after(timeout: Duration) -> u64;
    /// The deadline at `moment`.
    fn at(moment: Self::Instant) -> u64;
}

/// The simulated lock of a [`RawMutex`], and the choice between it and the real one.
///
/// `real` is the real lock, which is the same in each call.
pub trait Mutex: Send + Sync {
    /// The clock of its deadlines.
    type Clock: Deadlines;

    const NEW: Self;

    /// Locks, waiting until `deadline` at the latest. Returns whether it succeeded. A scheduling point.
    fn lock(&self, real: &parking_lot::RawMutex, location: SourceLocation, deadline: Option<u64>) -> bool;
    /// Locks if that is possible without waiting. A scheduling point.
    fn try_lock(&self, real: &parking_lot::RawMutex, location: SourceLocation) -> bool;
    /// Unlocks. A scheduling point, but no kill takes effect.
    fn unlock(&self, real: HeldMutex<'_>);
    /// Unlocks: the first half of a wait on a condition variable. No scheduling point.
    fn unlock_for_wait(&self, real: HeldMutex<'_>);
    /// Locks again after the wait, also on a thread that is being killed. No scheduling point.
    fn lock_again(&self, real: &parking_lot::RawMutex, location: SourceLocation);
    fn is_locked(&self, real: &parking_lot::RawMutex) -> bool;
}

/// As [`Mutex`], for a [`RawRwLock`].
pub trait RwLock: Send + Sync {
    /// The clock of its deadlines.
    type Clock: Deadlines;

    const NEW: Self;

    /// See [`Mutex::lock`].
    fn lock(
        &self,
        real: &parking_lot::RawRwLock,
        access: Access,
        location: SourceLocation,
        deadline: Option<u64>,
    ) -> bool;
    /// See [`Mutex::try_lock`].
    fn try_lock(&self, real: &parking_lot::RawRwLock, access: Access, location: SourceLocation) -> bool;
    /// See [`Mutex::unlock`].
    fn unlock(&self, real: HeldRwLock<'_>);
    /// Turns the writer into a reader. A scheduling point, but no kill takes effect.
    fn downgrade(&self, real: HeldRwLock<'_>);
    /// See [`Mutex::unlock_for_wait`].
    fn unlock_for_wait(&self, real: HeldRwLock<'_>);
    /// See [`Mutex::lock_again`].
    fn lock_again(&self, real: &parking_lot::RawRwLock, access: Access, location: SourceLocation);
    fn is_locked(&self, real: &parking_lot::RawRwLock) -> bool;
    fn is_locked_exclusive(&self, real: &parking_lot::RawRwLock) -> bool;
}

/// The real lock of a [`RawMutex`] that the calling thread holds, if its run is on real threads.
pub struct HeldMutex<'a>(&'a parking_lot::RawMutex);

impl HeldMutex<'_> {
    /// Unlocks it, on real threads.
    pub(crate) fn unlock(self) {
        // SAFETY: a `HeldMutex` is only made below, where the calling thread holds the `RawMutex`. On real
        // threads it then holds this lock.
        unsafe { self.0.unlock() };
    }
}

/// The real lock of a [`RawRwLock`] that the calling thread holds, if its run is on real threads.
pub struct HeldRwLock<'a> {
    real: &'a parking_lot::RawRwLock,
    access: Access,
}

impl HeldRwLock<'_> {
    /// The access that the thread has.
    pub(crate) fn access(&self) -> Access {
        self.access
    }

    /// Unlocks it, on real threads.
    pub(crate) fn unlock(self) {
        match self.access {
            // SAFETY: as in `HeldMutex::unlock`, and the thread holds it with this access.
            Access::Exclusive => unsafe { self.real.unlock_exclusive() },
            // SAFETY: as above.
            Access::Shared | Access::SharedRecursive => unsafe { self.real.unlock_shared() },
        }
    }

    /// Turns its writer into a reader, on real threads.
    pub(crate) fn downgrade(self) {
        if self.access == Access::Exclusive {
            // SAFETY: as in `unlock`.
            unsafe { lock_api::RawRwLockDowngrade::downgrade(self.real) };
        }
    }
}

/// A guard with which a [`Condvar`](crate::sync::Condvar) can wait: that of a mutex, or a read or write guard
/// of an `RwLock`. Implemented by the guards of [`sync`](crate::sync) only.
pub trait LockGuard: Guard {}

impl<G: Guard> LockGuard for G {}

/// The lock of a guard, which a condition variable releases and takes again.
///
/// The guard is mutably borrowed until the lock is taken again, so that the value cannot be accessed
/// meanwhile.
pub struct Held<'a> {
    lock: &'a dyn Relock,
    access: Access,
}

/// A lock that its holder releases for the time of a wait.
trait Relock {
    fn unlock_for_wait(&self, access: Access);
    fn lock_again(&self, access: Access, location: SourceLocation);
}

mod sealed {
    use super::Held;

    /// Private to labrt: an implementation determines which lock is released.
    pub trait Guard {
        fn held(&self) -> Held<'_>;
    }
}

use sealed::Guard;

impl<M: Mutex, T: ?Sized> Guard for lock_api::MutexGuard<'_, RawMutex<M>, T> {
    fn held(&self) -> Held<'_> {
        // SAFETY: `raw` requires that the caller does not unlock the lock of a live guard. The condition
        // variable releases the lock while the guard is mutably borrowed, and takes it again before the
        // borrow ends.
        let lock = unsafe { lock_api::MutexGuard::mutex(self).raw() };
        Held { lock, access: Access::Exclusive }
    }
}

impl<L: RwLock, T: ?Sized> Guard for lock_api::RwLockReadGuard<'_, RawRwLock<L>, T> {
    fn held(&self) -> Held<'_> {
        // SAFETY: as for the guard of a mutex.
        let lock = unsafe { lock_api::RwLockReadGuard::rwlock(self).raw() };
        Held { lock, access: Access::Shared }
    }
}

impl<L: RwLock, T: ?Sized> Guard for lock_api::RwLockWriteGuard<'_, RawRwLock<L>, T> {
    fn held(&self) -> Held<'_> {
        // SAFETY: as for the guard of a mutex.
        let lock = unsafe { lock_api::RwLockWriteGuard::rwlock(self).raw() };
        Held { lock, access: Access::Exclusive }
    }
}

impl Held<'_> {
    /// Unlocks: the first half of a wait on a condition variable. No scheduling point.
    pub(crate) fn release(&self) {
        self.lock.unlock_for_wait(self.access);
    }

    /// Locks again after the wait, also on a thread that is being killed. No scheduling point.
    pub(crate) fn take_again(&self, location: SourceLocation) {
        self.lock.lock_again(self.access, location);
    }
}

/// The raw mutex of lab code.
pub struct RawMutex<M> {
    simulated: M,
    real: parking_lot::RawMutex,
}

impl<M: Mutex> Relock for RawMutex<M> {
    fn unlock_for_wait(&self, _: Access) {
        // The caller has the guard of this lock (see `Held`), so it is the holder.
        self.simulated.unlock_for_wait(HeldMutex(&self.real));
    }

    fn lock_again(&self, _: Access, location: SourceLocation) {
        self.simulated.lock_again(&self.real, location);
    }
}

// SAFETY: a run uses only one of the two locks, and no two runs use the same `RawMutex`: `M` is
// `sync::lock::MutexOfRun`, which claims it for its run. In a simulation the lock is granted only while no
// thread holds it, and is released only by `unlock`, which by its contract only the holder calls; all of this
// happens on one OS thread. On real threads it is a mutex of `parking_lot`.
unsafe impl<M: Mutex> lock_api::RawMutex for RawMutex<M> {
    #[allow(clippy::declare_interior_mutable_const)] // required by `lock_api`
    const INIT: Self = Self { simulated: M::NEW, real: parking_lot::RawMutex::INIT };

    type GuardMarker = lock_api::GuardNoSend;

    #[inline]
    #[track_caller]
    fn lock(&self) {
        self.simulated.lock(&self.real, Location::caller(), None);
    }

    #[inline]
    #[track_caller]
    fn try_lock(&self) -> bool {
        self.simulated.try_lock(&self.real, Location::caller())
    }

    #[inline]
    unsafe fn unlock(&self) {
        // The caller holds the lock, by the contract of this function.
        self.simulated.unlock(HeldMutex(&self.real));
    }

    fn is_locked(&self) -> bool {
        self.simulated.is_locked(&self.real)
    }
}

// SAFETY: as for `RawMutex`; after a timeout `lock` returns without the lock.
unsafe impl<M: Mutex> lock_api::RawMutexTimed for RawMutex<M> {
    type Duration = Duration;
    type Instant = <M::Clock as Deadlines>::Instant;

    #[track_caller]
    fn try_lock_for(&self, timeout: Duration) -> bool {
        self.simulated.lock(&self.real, Location::caller(), Some(M::Clock::after(timeout)))
    }

    #[track_caller]
    fn try_lock_until(&self, timeout: <M::Clock as Deadlines>::Instant) -> bool {
        self.simulated.lock(&self.real, Location::caller(), Some(M::Clock::at(timeout)))
    }
}

/// The raw reader-writer lock of lab code.
///
/// As with `parking_lot`, new readers queue behind a waiting writer: a thread that takes a second read lock
/// can deadlock with a writer that waits for the first one.
pub struct RawRwLock<L> {
    simulated: L,
    real: parking_lot::RawRwLock,
}

impl<L: RwLock> RawRwLock<L> {
    /// Locks, waiting until `deadline` at the latest. Returns whether it succeeded.
    #[inline]
    #[track_caller]
    fn take(&self, access: Access, deadline: Option<u64>) -> bool {
        self.simulated.lock(&self.real, access, Location::caller(), deadline)
    }

    #[inline]
    #[track_caller]
    fn try_take(&self, access: Access) -> bool {
        self.simulated.try_lock(&self.real, access, Location::caller())
    }

    /// The held lock. The calling thread must hold it with this access.
    fn held(&self, access: Access) -> HeldRwLock<'_> {
        HeldRwLock { real: &self.real, access }
    }
}

impl<L: RwLock> Relock for RawRwLock<L> {
    fn unlock_for_wait(&self, access: Access) {
        // The caller has a guard of this lock with this access (see `Held`), so it holds it.
        self.simulated.unlock_for_wait(self.held(access));
    }

    fn lock_again(&self, access: Access, location: SourceLocation) {
        self.simulated.lock_again(&self.real, access, location);
    }
}

// SAFETY: as for `RawMutex`. In a simulation exclusive access is granted only while there is neither writer
// nor reader, and shared access only while there is no writer; the unlock methods release what the caller
// holds by their contract. On real threads it is a lock of `parking_lot`.
unsafe impl<L: RwLock> lock_api::RawRwLock for RawRwLock<L> {
    #[allow(clippy::declare_interior_mutable_const)] // required by `lock_api`
    const INIT: Self = Self { simulated: L::NEW, real: parking_lot::RawRwLock::INIT };

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
        // The caller holds the lock shared, by the contract of this function.
        self.simulated.unlock(self.held(Access::Shared));
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
        // The caller holds the lock exclusively, by the contract of this function.
        self.simulated.unlock(self.held(Access::Exclusive));
    }

    fn is_locked(&self) -> bool {
        self.simulated.is_locked(&self.real)
    }

    fn is_locked_exclusive(&self) -> bool {
        self.simulated.is_locked_exclusive(&self.real)
    }
}

// SAFETY: as for `RawRwLock`; recursive readers are readers.
unsafe impl<L: RwLock> lock_api::RawRwLockRecursive for RawRwLock<L> {
    #[track_caller]
    fn lock_shared_recursive(&self) {
        self.take(Access::SharedRecursive, None);
    }

    #[track_caller]
    fn try_lock_shared_recursive(&self) -> bool {
        self.try_take(Access::SharedRecursive)
    }
}

// SAFETY: the holder is a writer and becomes a reader atomically.
unsafe impl<L: RwLock> lock_api::RawRwLockDowngrade for RawRwLock<L> {
    unsafe fn downgrade(&self) {
        // The caller holds the lock exclusively, by the contract of this function.
        self.simulated.downgrade(self.held(Access::Exclusive));
    }
}

// SAFETY: as for `RawRwLock`; after a timeout `take` returns without the lock.
unsafe impl<L: RwLock> lock_api::RawRwLockTimed for RawRwLock<L> {
    type Duration = Duration;
    type Instant = <L::Clock as Deadlines>::Instant;

    #[track_caller]
    fn try_lock_shared_for(&self, timeout: Duration) -> bool {
        self.take(Access::Shared, Some(L::Clock::after(timeout)))
    }

    #[track_caller]
    fn try_lock_shared_until(&self, timeout: <L::Clock as Deadlines>::Instant) -> bool {
        self.take(Access::Shared, Some(L::Clock::at(timeout)))
    }

    #[track_caller]
    fn try_lock_exclusive_for(&self, timeout: Duration) -> bool {
        self.take(Access::Exclusive, Some(L::Clock::after(timeout)))
    }

    #[track_caller]
    fn try_lock_exclusive_until(&self, timeout: <L::Clock as Deadlines>::Instant) -> bool {
        self.take(Access::Exclusive, Some(L::Clock::at(timeout)))
    }
}
