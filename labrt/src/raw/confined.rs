//! [`Confined`]: a cell that the threads of one run share.

use std::cell::{RefCell, RefMut};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};

use lock_api::RawMutex as _;

use crate::here::Here;

/// A value that belongs to the first run that opens it.
///
/// All threads of a simulation live on one OS thread, so within it no lock is needed; on real threads there
/// is one. What two runs both reach, such as a `static` of lab code, would tie them together and break
/// replay: opening it from a second run is refused.
pub(crate) struct Confined<T> {
    /// The run that owns the value; 0 while none has opened it.
    home: AtomicU64,
    /// Held by whoever has the value open on real threads; not used in a simulation.
    lock: parking_lot::RawMutex,
    value: RefCell<T>,
}

// SAFETY: `value` is reached only through `open`, which compares `home` with the id of the run that the calling
// thread is a thread of. `home` is set once, by compare-and-swap, to the id of one run. That run is either a
// simulation, which lives on one OS thread for all its life (`sim::Sim` is in a thread-local that is set once a
// thread), so that all accesses come from this OS thread; or one on real threads, where `open` holds `lock` for as
// long as the `RefMut` lives. Either way `RefCell` sees one thread at a time, and guards against overlapping
// accesses by that one. `T: Send` because the value may be created, used and dropped by different threads.
unsafe impl<T: Send> Sync for Confined<T> {}

impl<T> Confined<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { home: AtomicU64::new(0), lock: parking_lot::RawMutex::INIT, value: RefCell::new(value) }
    }

    /// Opens the cell. Nobody else has it open meanwhile: nothing that waits may be done before it is closed.
    ///
    /// # Panics
    ///
    /// Panics if the cell belongs to another run.
    #[inline]
    #[track_caller]
    pub(crate) fn open(&self, here: Here<'_>) -> Open<'_, T> {
        self.claim(here);
        let lock = match here {
            Here::Sim(_) => None,
            Here::Threads(_) => {
                self.lock.lock();
                Some(Locked(&self.lock))
            }
        };
        Open { value: self.value.borrow_mut(), _lock: lock }
    }

    /// Makes the cell one of the caller's run, unless it is so already.
    ///
    /// # Panics
    ///
    /// Panics if the cell belongs to another run.
    #[inline]
    #[track_caller]
    pub(crate) fn claim(&self, here: Here<'_>) {
        let id = here.run_id();
        let home = self.home.load(Ordering::Acquire);
        if home != id {
            self.claim_first(home, id);
        }
    }

    #[cold]
    #[track_caller]
    fn claim_first(&self, home: u64, id: u64) {
        let claimed = home == 0
            && match self.home.compare_exchange(0, id, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => true,
                Err(other) => other == id, // another thread of the same run was faster
            };
        assert!(
            claimed,
            "a lock, channel or condition variable was used by two runs: keep it out of statics and \
             thread-locals, and make it anew for every server"
        );
    }
}

/// Access to the value of a [`Confined`].
pub(crate) struct Open<'a, T> {
    // Before the lock, for fields are dropped in this order.
    value: RefMut<'a, T>,
    _lock: Option<Locked<'a>>,
}

impl<T> Deref for Open<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Open<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

struct Locked<'a>(&'a parking_lot::RawMutex);

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: made by `open` alone, right after it has locked; the guard does not leave the thread, because
        // `RefMut`, which lies beside it, does not.
        unsafe { self.0.unlock() };
    }
}
