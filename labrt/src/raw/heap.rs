//! A global allocator that counts the memory of each OS thread.
//!
//! A simulation runs on one OS thread, so that thread's memory is the simulation's, whatever else the process
//! does.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};

use super::run_monitor::stop_out_of_memory;

/// The system's allocator with a count.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    // No destructor and a constant initializer, so that the allocator may use it at any time of a thread's
    // life.
    static HELD: Cell<i64> = const { Cell::new(0) };
}

/// Bytes that all threads of the process have allocated in [`uncounted`], minus those that they have freed
/// there.
static UNCOUNTED: AtomicI64 = AtomicI64::new(0);

/// Bytes that the calling OS thread has allocated, minus those that it has freed. Negative if it frees memory
/// of other threads.
pub(crate) fn held() -> i64 {
    HELD.get()
}

/// Makes [`held`] 0: what the calling OS thread has allocated until now does not count.
pub(crate) fn count_from_here() {
    HELD.set(0);
}

/// Bytes that the process has allocated in [`uncounted`], minus those that it has freed there. May be
/// negative.
pub(crate) fn held_uncounted() -> i64 {
    UNCOUNTED.load(Ordering::Relaxed)
}

/// Calls `f`, whose allocations change [`held_uncounted`] instead of [`held`].
#[inline]
pub(crate) fn uncounted<R>(f: impl FnOnce() -> R) -> R {
    /// Restores the count even if `f` panics.
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

/// Returns `memory`, the result of an allocation of `bytes`. If that failed, a simulation stops itself here:
/// the caller would end the process, and every other run with it.
#[inline]
fn checked(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() {
        stop_out_of_memory(bytes);
    }
    memory
}

// SAFETY: every method calls the system allocator's with the caller's arguments. Counting, and the handling
// of failed allocations, neither allocate nor unwind.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller guarantees what the system allocator requires.
        checked(unsafe { System.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller guarantees what the system allocator requires.
        unsafe { System.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller guarantees what the system allocator requires.
        checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller guarantees what the system allocator requires.
        checked(unsafe { System.realloc(pointer, layout, size) }, size)
    }
}
