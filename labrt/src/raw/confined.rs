//! [`Confined`]: a cell that is confined to the threads of one run.

use std::cell::{RefCell, RefMut};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};

use lock_api::RawMutex as _;

/// The run of the calling thread.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    /// The unique number of the run; not 0.
    run: u64,
    /// Whether its threads are OS threads. Otherwise all of them run on one OS thread.
    is_parallel: bool,
    /// Makes the type `!Send`: it describes the calling thread.
    _of_one_thread: PhantomData<*const ()>,
}

impl Owner {
    /// A simulation, all of whose threads run on the calling OS thread.
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
/// All threads of a simulation run on one OS thread, so no lock is needed within it; on real threads there is
/// one. A value that two runs share, such as a `static` of lab code, would make them depend on each other and
/// break replay, so a second run cannot open it.
pub(crate) struct Confined<T> {
    /// The run that owns the value; 0 while none has opened it.
    owner: AtomicU64,
    /// Held while the value is open on real threads; unused in a simulation.
    lock: parking_lot::RawMutex,
    value: RefCell<T>,
}

// SAFETY: `value` is accessed only through `open`, which compares `owner` with the number of the calling
// thread's run: only the two backends make an `Owner`, for the calling thread, and it is `!Send`. `owner` is
// set once, by compare-and-swap, to the number of one run. That run is either a simulation, which stays on
// one OS thread (`Sim` is on its stack), so that all accesses come from this OS thread; or a run on real
// threads, where `open` holds `lock` for as long as the `RefMut` lives. Either way `RefCell` sees one thread
// at a time, and guards against overlapping accesses by that one. `T: Send` because the value may be created,
// used and dropped by different threads.
unsafe impl<T: Send> Sync for Confined<T> {}

impl<T> Confined<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { owner: AtomicU64::new(0), lock: parking_lot::RawMutex::INIT, value: RefCell::new(value) }
    }

    /// Opens the cell exclusively. The caller must not wait before it drops the result.
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

    /// Assigns the cell to the caller's run, if it has no owner yet.
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
             thread-locals, and create a new one for every server"
        );
    }
}

/// Access to the value of a [`Confined`].
pub(crate) struct Open<'a, T> {
    // Before the lock: fields are dropped in this order.
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
        // SAFETY: only `open` makes a `Locked`, right after it has locked; the guard stays on its thread,
        // because the `RefMut` beside it is `!Send`.
        unsafe { self.0.unlock() };
    }
}
