//! [`Confined`]: a cell that may be shared by simulated threads without a lock.

use std::cell::{RefCell, RefMut};
use std::sync::atomic::{AtomicU64, Ordering};

/// A value that belongs to the first simulation that opens it.
///
/// All threads of a simulation live on one OS thread, so within it no lock is needed. What two
/// simulations both reach, such as a `static` of lab code, would tie their runs together and
/// break replay: opening it from a second simulation is refused.
pub(crate) struct Confined<T> {
    /// The simulation that owns the value; 0 while none has opened it.
    home: AtomicU64,
    value: RefCell<T>,
}

// SAFETY: `value` is reached only through `open`, which compares `home` with the id of a simulation
// that runs on the calling OS thread. `home` is set once, by compare-and-swap, to the id of one
// simulation, and a simulation runs on one OS thread for all its life (`sim::Sim` lives in a
// thread-local that is set once a thread). So all accesses come from one OS thread, and `RefCell` guards
// against overlapping ones. `T: Send` because the cell may be created and dropped elsewhere.
unsafe impl<T: Send> Sync for Confined<T> {}

impl<T> Confined<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { home: AtomicU64::new(0), value: RefCell::new(value) }
    }

    /// Opens the cell for the simulation of the calling thread, `sim`.
    ///
    /// # Panics
    ///
    /// Panics if the cell belongs to another simulation.
    #[inline]
    #[track_caller]
    pub(crate) fn open(&self, sim: &crate::sim::Sim) -> RefMut<'_, T> {
        let id = sim.id();
        let home = self.home.load(Ordering::Acquire);
        if home != id {
            self.claim(home, id);
        }
        self.value.borrow_mut()
    }

    #[cold]
    #[track_caller]
    fn claim(&self, home: u64, id: u64) {
        let claimed =
            home == 0 && self.home.compare_exchange(0, id, Ordering::AcqRel, Ordering::Acquire).is_ok();
        assert!(
            claimed,
            "a lock, channel or condition variable was used by two runs: keep it out of statics and \
             thread-locals, and make it anew for every server"
        );
    }
}
