//! [`SchedulerCell`]: the scheduler in a `RefCell`.

use std::cell::{BorrowError, BorrowMutError, Ref, RefCell, RefMut};

use super::scheduler::Scheduler;
use crate::raw::run_monitor;

/// A `RefCell` that handles re-entry after a panic within the scheduler: a destructor that runs while that
/// panic unwinds would panic again and end the process, so the run's OS thread is stopped instead.
pub(crate) struct SchedulerCell(RefCell<Scheduler>);

impl SchedulerCell {
    pub(crate) fn new(scheduler: Scheduler) -> Self {
        Self(RefCell::new(scheduler))
    }

    /// # Panics
    ///
    /// Panics while it is borrowed mutably.
    #[inline]
    #[track_caller]
    pub(crate) fn borrow(&self) -> Ref<'_, Scheduler> {
        self.0.try_borrow().unwrap_or_else(|error| conflict(error.to_string()))
    }

    /// # Panics
    ///
    /// Panics while it is borrowed.
    #[inline]
    #[track_caller]
    pub(crate) fn borrow_mut(&self) -> RefMut<'_, Scheduler> {
        self.0.try_borrow_mut().unwrap_or_else(|error| conflict(error.to_string()))
    }

    pub(crate) fn try_borrow(&self) -> Result<Ref<'_, Scheduler>, BorrowError> {
        self.0.try_borrow()
    }

    pub(crate) fn try_borrow_mut(&self) -> Result<RefMut<'_, Scheduler>, BorrowMutError> {
        self.0.try_borrow_mut()
    }

    /// The cell itself, which the watchdog reads once the OS thread is stopped.
    pub(crate) fn inner(&self) -> &RefCell<Scheduler> {
        &self.0
    }
}

#[cold]
#[track_caller]
fn conflict(error: String) -> ! {
    run_monitor::stop_if_panicked();
    panic!("the scheduler is in use: {error}")
}
