//! Taking a lock of `parking_lot` so that a kill gets through to whoever waits for it.
//!
//! A thread cannot be woken from a wait for a lock. So it waits in slices, and looks between them whether its
//! node was killed.

use std::time::Duration;

use lock_api::{RawMutex as _, RawMutexTimed as _, RawRwLock as _, RawRwLockRecursive as _};
use lock_api::{RawRwLockRecursiveTimed as _, RawRwLockTimed as _};

use super::Thread;
use crate::raw::lock::Access;
use crate::wait::{SourceLocation, Wait};

/// How long a kill may take to get through to a thread that waits for a lock.
const SLICE: Duration = Duration::from_millis(20);

/// Locks `lock`; says whether it could before `deadline`. Looks for a kill first.
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

/// Locks `lock` after a wait on a condition variable, also on a thread that is being killed: its guard will
/// unlock it.
pub(crate) fn mutex_again(thread: &Thread, lock: &parking_lot::RawMutex, location: SourceLocation) {
    if !lock.try_lock() {
        thread.waiting_for(Wait::Lock(location), || lock.lock());
    }
}

/// As [`mutex`], for a lock of many readers or one writer.
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

/// As [`mutex_again`], for a lock of many readers or one writer.
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

/// Locks `lock` if that is possible now.
#[inline]
pub(crate) fn try_rwlock(lock: &parking_lot::RawRwLock, access: Access) -> bool {
    match access {
        Access::Shared => lock.try_lock_shared(),
        Access::SharedRecursive => lock.try_lock_shared_recursive(),
        Access::Exclusive => lock.try_lock_exclusive(),
    }
}

/// Tries for one slice of time after the other.
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
                Some(_) if thread.is_dying() => Duration::ZERO, // a destructor: time stands still for it
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
