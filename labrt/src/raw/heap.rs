//! How much memory a thread of the system holds: the allocator of the whole program counts along.
//!
//! A simulation runs on one thread of the system, so that what this holds is what the simulation holds,
//! whatever else the process does.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};

use super::run_monitor::stop_out_of_memory;

/// The system's allocator, with a count.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    // Without a destructor and without an initializer that runs: the allocator may use it at any time of a
    // thread's life.
    static HELD: Cell<i64> = const { Cell::new(0) };
}

/// Bytes that all threads of the process have allocated in [`uncounted`], less those that they have freed
/// there.
static UNCOUNTED: AtomicI64 = AtomicI64::new(0);

/// Bytes that the calling thread of the system has allocated, less those that it has freed: below zero if it
/// frees what others have allocated.
pub(crate) fn held() -> i64 {
    HELD.get()
}

/// Bytes that the process holds and that were allocated in [`uncounted`]: below zero if it freed others
/// there.
pub(crate) fn held_uncounted() -> i64 {
    UNCOUNTED.load(Ordering::Relaxed)
}

/// Calls `f`; what it allocates and frees is not [`held`], but [`held_uncounted`].
#[inline]
pub(crate) fn uncounted<R>(f: impl FnOnce() -> R) -> R {
    /// Also when `f` panics.
    struct Restore(i64);
    impl Drop for Restore {
        #[inline]
        fn drop(&mut self) {
            let bytes = HELD.replace(self.0).wrapping_sub(self.0);
            if bytes != 0 {
                UNCOUNTED.fetch_add(bytes, Ordering::Relaxed);
            }
        }
    }
    let _restore = Restore(HELD.get());
    f()
}

#[inline]
fn count(allocated: usize, freed: usize) {
    HELD.set(HELD.get().wrapping_add(allocated as i64).wrapping_sub(freed as i64));
}

/// What the system answered to a request for so many bytes. If it has none, whoever asked would end the
/// process, and every other run with it; so a simulation ends itself.
#[inline]
fn checked(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() {
        stop_out_of_memory(bytes);
    }
    memory
}

// SAFETY: every method is the system allocator's, called with the caller's own arguments; counting allocates
// nothing and cannot unwind, nor does what is done when there is no memory.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promises are passed on.
        checked(unsafe { System.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promises are passed on.
        checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller's promises are passed on.
        checked(unsafe { System.realloc(pointer, layout, size) }, size)
    }
}
