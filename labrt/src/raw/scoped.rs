//! [`Scoped`]: a reference that a thread-local holds for the time of a call.

use std::cell::Cell;
use std::ptr;

/// A place for a reference, in a thread-local without a destructor: reading it takes one instruction.
pub(crate) struct Scoped<T> {
    value: Cell<*const T>,
}

impl<T> Scoped<T> {
    pub(crate) const fn new() -> Self {
        Self { value: Cell::new(ptr::null()) }
    }

    /// Calls `f`. Until it returns or unwinds, [`with`](Self::with) gives `value`.
    pub(crate) fn set<R>(&self, value: &T, f: impl FnOnce() -> R) -> R {
        struct Restore<'a, T>(&'a Scoped<T>, *const T);
        impl<T> Drop for Restore<'_, T> {
            fn drop(&mut self) {
                self.0.value.set(self.1);
            }
        }
        let _restore = Restore(self, self.value.replace(value));
        f()
    }

    /// Calls `f` with the value; `None` outside [`set`](Self::set).
    #[inline(always)] // at each call of labrt, and a frame of its own would be unwound at each kill
    pub(crate) fn with<R>(&self, f: impl FnOnce(Option<&T>) -> R) -> R {
        // SAFETY: a pointer that is not null is that of a `set` on this thread which has not returned,
        // because the type is not `Sync`, and that `set` borrows the value. `f` ends before `set` does, or
        // never goes on: the frames of `set` are below those of `f` on the OS thread's stack, or `f` is on
        // the stack of a coroutine that only runs while they are. `f` cannot keep the reference, as its
        // lifetime is unknown to it.
        f(unsafe { self.value.get().as_ref() })
    }
}
