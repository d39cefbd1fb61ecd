//! [`SchedulerCell`]: the scheduler, borrowed by one at a time.

use std::cell::{BorrowError, BorrowMutError, Ref, RefCell, RefMut};

use super::scheduler::Scheduler;
use crate::raw::run_monitor;

/// A `RefCell`, but for who comes back into the scheduler after a panic in the midst of a change of it: a
/// destructor that runs while that panic unwinds would end the process with another one, so the run's thread
/// of the system stands still.
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

    /// The cell itself, for who looks at it from outside when nobody is left to borrow it.
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
