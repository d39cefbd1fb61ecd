//! [`Watched`]: a value of a simulation that other threads may read once its OS thread is stopped for good.

use std::cell::RefCell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::run_monitor::{HandlerStack, RunMonitor, detach};

/// A [`RunMonitor`], and the value that may be read when the monitored thread is stopped.
pub(crate) struct Watched<T> {
    monitor: Arc<RunMonitor>,
    /// Null until [`attach`](Self::attach).
    value: AtomicPtr<RefCell<T>>,
}

impl<T> Watched<T> {
    pub(crate) fn new() -> Self {
        Self { monitor: Arc::new(RunMonitor::new()), value: AtomicPtr::new(ptr::null_mut()) }
    }

    pub(crate) fn monitor(&self) -> &Arc<RunMonitor> {
        &self.monitor
    }

    /// While the result lives, the calling OS thread can be stopped by others and detects stack overflows, on
    /// the stack for its handlers.
    pub(crate) fn attach<'a>(&'a self, value: &'a RefCell<T>, _: &'a HandlerStack) -> Attached<'a, T> {
        self.value.store(ptr::from_ref(value).cast_mut(), Ordering::Release);
        self.monitor.attach();
        Attached { _watched: self, _value: value }
    }

    /// Calls `look` with the value, if the OS thread is stopped for good. The second argument says whether
    /// the value is consistent: no change of it was interrupted.
    pub(crate) fn inspect_stopped<R>(&self, look: impl FnOnce(&T, bool) -> R) -> Option<R> {
        let value = self.value.load(Ordering::Acquire);
        if !self.monitor.is_stopped() || value.is_null() {
            return None;
        }
        // SAFETY: the simulation's OS thread is attached to the monitor, for otherwise it cannot be stopped,
        // and so it borrows `value` for the time of a call (see `Attached`). That thread is in a signal
        // handler or in a function of `run_monitor` that never returns, so the borrow never ends, and that
        // thread does not access the value any more. It has stored its state with `Release` after everything
        // else, and `is_stopped` loads the state with `Acquire`.
        let cell = unsafe { &*value };
        let consistent = cell.try_borrow().is_ok() && !self.monitor.has_panicked();
        // SAFETY: as above; a mutable borrow can only be that of the stopped thread. It may have been in the
        // middle of a change: readers then use only names and numbers, and check them.
        let value = unsafe { &*cell.as_ptr() };
        Some(look(value, consistent))
    }
}

/// See [`Watched::attach`].
pub(crate) struct Attached<'a, T> {
    _watched: &'a Watched<T>,
    _value: &'a RefCell<T>,
}

impl<T> Drop for Attached<'_, T> {
    fn drop(&mut self) {
        detach();
    }
}
