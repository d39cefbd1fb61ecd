//! [`Watched`]: a value of a simulation's OS thread that somebody else looks at when that thread stands still
//! for ever.

use std::cell::RefCell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::run_monitor::{HandlerStack, RunMonitor, detach};

/// A [`RunMonitor`], and the value that is looked at when it has stopped.
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

    /// While the answer lives, the calling OS thread can be stopped from outside, and notices the end of a
    /// stack.
    ///
    /// `value` is a thread-local's of the calling OS thread.
    pub(crate) fn attach<'a>(&'a self, value: &RefCell<T>) -> Attached<'a> {
        let stack = HandlerStack::new();
        self.value.store(ptr::from_ref(value).cast_mut(), Ordering::Release);
        self.monitor.attach();
        Attached { _stack: stack, _monitor: &self.monitor }
    }

    /// The value, if the OS thread stands still for ever, and whether that left it in order.
    pub(crate) fn inspect_stopped<R>(&self, look: impl FnOnce(&T, bool) -> R) -> Option<R> {
        let value = self.value.load(Ordering::Acquire);
        if !self.monitor.is_stopped() || value.is_null() {
            return None;
        }
        // SAFETY: `value` lives in a thread-local of the simulation's OS thread. That thread is in a signal
        // handler or in one of the functions of `run_monitor` that never return, so the thread-local is never
        // dropped and nobody else touches it. They wrote their state with `Release` after all that the thread
        // did, and `is_stopped` read it with `Acquire`.
        let cell = unsafe { &*value };
        let consistent = cell.try_borrow().is_ok() && !self.monitor.has_panicked();
        // SAFETY: as above; whoever borrowed the value mutably stands still for ever, too. It may have been
        // in the midst of a change: what is read of it then is checked by whoever reads, and only names and
        // numbers are.
        let value = unsafe { &*cell.as_ptr() };
        Some(look(value, consistent))
    }
}

/// See [`Watched::attach`].
pub(crate) struct Attached<'a> {
    _stack: HandlerStack,
    _monitor: &'a RunMonitor,
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        detach();
    }
}
