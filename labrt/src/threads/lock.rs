//! Waits for locks of `parking_lot` that a kill can end.
//!
//! A thread cannot be woken while it waits for such a lock. So it waits in short slices, and checks between
//! them whether its node was killed.

use std::time::Duration;

use lock_api::{RawMutex as _, RawMutexTimed as _, RawRwLock as _, RawRwLockRecursive as _};
use lock_api::{RawRwLockRecursiveTimed as _, RawRwLockTimed as _};

use super::Thread;
use crate::raw::lock::Access;
use crate::wait::{SourceLocation, Wait};

/// The longest time until a thread that waits for a lock notices a kill.
const SLICE: Duration = Duration::from_millis(20);

/// Locks `lock`, waiting until `deadline` at the latest. Returns whether it succeeded. A scheduling point.
#[inline]
pub(crate) fn mutex(
    thread: &Thread,
    lock: &parking_lot::RawMutex,
    location: SourceLocation,
    deadline: Option<u64>,
) -> bool {
    thread.scheduling_point();
    lock.try_lock() || wait(thread, location, deadline, |slice| lock.try_lock_for(slice))
}

/// Locks `lock` again after a wait on a condition variable, even on a thread that is being killed: its guard
/// will unlock it.
pub(crate) fn mutex_again(thread: &Thread, lock: &parking_lot::RawMutex, location: SourceLocation) {
    if !lock.try_lock() {
        thread.waiting_for(Wait::Lock(location), || lock.lock());
    }
}

/// As [`mutex`], for a reader-writer lock.
#[inline]
pub(crate) fn rwlock(
    thread: &Thread,
    lock: &parking_lot::RawRwLock,
    access: Access,
    location: SourceLocation,
    deadline: Option<u64>,
) -> bool {
    thread.scheduling_point();
    try_rwlock(lock, access)
        || wait(thread, location, deadline, |slice| match access {
            Access::Shared => lock.try_lock_shared_for(slice),
            Access::SharedRecursive => lock.try_lock_shared_recursive_for(slice),
            Access::Exclusive => lock.try_lock_exclusive_for(slice),
        })
}

/// As [`mutex_again`], for a reader-writer lock.
pub(crate) fn rwlock_again(
    thread: &Thread,
    lock: &parking_lot::RawRwLock,
    access: Access,
    location: SourceLocation,
) {
    if !try_rwlock(lock, access) {
        thread.waiting_for(Wait::Lock(location), || match access {
            Access::Shared => lock.lock_shared(),
            Access::SharedRecursive => lock.lock_shared_recursive(),
            Access::Exclusive => lock.lock_exclusive(),
        });
    }
}

/// Locks `lock` if that is possible without waiting.
#[inline]
pub(crate) fn try_rwlock(lock: &parking_lot::RawRwLock, access: Access) -> bool {
    match access {
        Access::Shared => lock.try_lock_shared(),
        Access::SharedRecursive => lock.try_lock_shared_recursive(),
        Access::Exclusive => lock.try_lock_exclusive(),
    }
}

/// Tries to lock for one slice of time after another.
fn wait(
    thread: &Thread,
    location: SourceLocation,
    deadline: Option<u64>,
    mut try_for: impl FnMut(Duration) -> bool,
) -> bool {
    thread.waiting_for(Wait::Lock(location), || {
        loop {
            let slice = match deadline {
                None => SLICE,
                Some(_) if thread.is_dying() => Duration::ZERO, // a destructor: timed waits end at once
                Some(deadline) => SLICE.min(Duration::from_nanos(deadline.saturating_sub(thread.now()))),
            };
            if try_for(slice) {
                return true;
            }
            thread.scheduling_point();
            if slice.is_zero() {
                return false;
            }
        }
    })
}
