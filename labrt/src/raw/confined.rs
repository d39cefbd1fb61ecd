//! [`Confined`]: a cell that the threads of one run share.

use std::cell::{RefCell, RefMut};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};

use lock_api::RawMutex as _;

/// The run that the calling thread is a thread of.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    /// The number of the run, which is that of no other one; not 0.
    run: u64,
    /// Whether its threads are OS threads; otherwise all of them live on one.
    is_parallel: bool,
    /// It is that of one thread.
    _of_one_thread: PhantomData<*const ()>,
}

impl Owner {
    /// A simulation, all of whose threads live on the calling OS thread.
    #[inline]
    pub(crate) fn simulation(run: u64) -> Self {
        Self { run, is_parallel: false, _of_one_thread: PhantomData }
    }

    /// A run on real threads.
    #[inline]
    pub(crate) fn threads(run: u64) -> Self {
        Self { run, is_parallel: true, _of_one_thread: PhantomData }
    }
}

/// A value that belongs to the first run that opens it.
///
/// All threads of a simulation live on one OS thread, so within it no lock is needed; on real threads there
/// is one. What two runs both reach, such as a `static` of lab code, would tie them together and break
/// replay: opening it from a second run is refused.
pub(crate) struct Confined<T> {
    /// The run that owns the value; 0 while none has opened it.
    owner: AtomicU64,
    /// Held by whoever has the value open on real threads; not used in a simulation.
    lock: parking_lot::RawMutex,
    value: RefCell<T>,
}

// SAFETY: `value` is reached only through `open`, which compares `home` with the number of the run that the
// calling thread is a thread of: nobody but the two backends makes a `Owner`, for the calling thread, and it
// does not leave that. `home` is set once, by compare-and-swap, to the number of one run. That run is either
// a simulation, which lives on one OS thread for all its life (`Sim` is in a thread-local that is set once a
// thread), so that all accesses come from this OS thread; or one on real threads, where `open` holds `lock`
// for as long as the `RefMut` lives. Either way `RefCell` sees one thread at a time, and guards against
// overlapping accesses by that one. `T: Send` because the value may be created, used and dropped by different
// threads.
unsafe impl<T: Send> Sync for Confined<T> {}

impl<T> Confined<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { owner: AtomicU64::new(0), lock: parking_lot::RawMutex::INIT, value: RefCell::new(value) }
    }

    /// Opens the cell. Nobody else has it open meanwhile: nothing that waits may be done before it is closed.
    ///
    /// # Panics
    ///
    /// Panics if the cell belongs to another run.
    #[inline]
    #[track_caller]
    pub(crate) fn open(&self, owner: impl Into<Owner>) -> Open<'_, T> {
        let owner = owner.into();
        self.claim(owner);
        let lock = owner.is_parallel.then(|| {
            self.lock.lock();
            Locked(&self.lock)
        });
        Open { value: self.value.borrow_mut(), _lock: lock }
    }

    /// Makes the cell one of the caller's run, unless it is so already.
    ///
    /// # Panics
    ///
    /// Panics if the cell belongs to another run.
    #[inline]
    #[track_caller]
    pub(crate) fn claim(&self, owner: impl Into<Owner>) {
        let run = owner.into().run;
        let owner = self.owner.load(Ordering::Acquire);
        if owner != run {
            self.claim_first(owner, run);
        }
    }

    #[cold]
    #[track_caller]
    fn claim_first(&self, owner: u64, run: u64) {
        let claimed = owner == 0
            && match self.owner.compare_exchange(0, run, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => true,
                Err(other) => other == run, // another thread of the same run was faster
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
        // SAFETY: made by `open` alone, right after it has locked; the guard does not leave the thread,
        // because `RefMut`, which lies beside it, does not.
        unsafe { self.0.unlock() };
    }
}
