//! [`Sim::look`]: calls lab code for what it returns, without a trace in the run.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use super::simulation::Sim;

/// The panic payload of a call that does more than look. It does not reach the panic hook.
struct DoesMore;

impl Sim {
    /// Calls `f` without switching to another thread, and undoes what it changes of std's clock and of the
    /// keys of hash maps. `None` if it panics, or begins to do what would change the run: wait, wake a
    /// thread, start one, draw a random number, schedule an event.
    pub(crate) fn look<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        if self.looking.replace(true) {
            // A look within a look.
            return Some(f());
        }
        let keys = self.scheduler.borrow().hash_keys();
        let look = || self.without_switching(|| catch_unwind(AssertUnwindSafe(f)));
        let result = self.std_clock.without_reads(look);
        self.scheduler.borrow().set_hash_keys(keys);
        self.looking.set(false);
        result.ok()
    }

    /// Ends a [look](Self::look) that would change the run. Destructors that unwinding calls go on.
    #[inline]
    pub(super) fn refuse_if_looking(&self) {
        if self.looking.get() && !thread::panicking() {
            resume_unwind(Box::new(DoesMore));
        }
    }
}
