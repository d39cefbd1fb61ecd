//! Stackful coroutines, on which simulated threads run.
//!
//! ```text
//!             resume                 suspend
//!   fresh ───────────► running ◄───────────────► waiting
//!                         │        resume
//!                         ▼ the body returns
//!                       done ──► its stack goes back to the pool
//! ```
//!
//! Only the scheduler resumes a coroutine, and a coroutine only suspends itself. It always ends by returning:
//! a kill makes the body unwind by itself. Forced unwinding from outside would abort the process if a
//! destructor waits.

use std::cell::Cell;
use std::io;
use std::mem;
use std::ptr;

use corosensei::stack::{DefaultStack, Stack as _};
use corosensei::{Coroutine as Raw, CoroutineResult, Yielder};
use parking_lot::Mutex;

use super::run_monitor;

/// Bytes of address space for a stack; pages are committed when they are first touched.
///
/// More than enough for a panic's backtrace and for `serde` in a debug build.
pub(crate) const STACK_SIZE: usize = 512 * 1024;

/// Unused stacks. Making a stack takes three system calls, taking one from here none.
static POOL: Mutex<Vec<DefaultStack>> = Mutex::new(Vec::new());

/// The most stacks in the pool.
const POOL_MAX: usize = 4096;

type CoroutineYielder = Yielder<(), ()>;

/// The stacks of one simulation. It uses its own idle ones first, then those of the pool, then new ones.
#[derive(Default)]
pub(crate) struct Stacks {
    idle: Vec<DefaultStack>,
}

impl Stacks {
    /// Ensures that there is a stack for one more coroutine.
    ///
    /// # Errors
    ///
    /// The system has no memory, or no memory map, for another stack.
    pub(crate) fn reserve(&mut self) -> io::Result<()> {
        if self.idle.is_empty() {
            let used_before = run_monitor::with_real_std(|| POOL.lock().pop());
            self.idle.push(used_before.map_or_else(|| DefaultStack::new(STACK_SIZE), Ok)?);
        }
        Ok(())
    }
}

impl Drop for Stacks {
    fn drop(&mut self) {
        let mut pool = POOL.lock();
        let room = POOL_MAX.saturating_sub(pool.len()).min(self.idle.len());
        pool.extend(self.idle.drain(..room));
        drop(pool);
        // The rest is returned to the system: runs with very many threads are rare, and memory maps are
        // limited.
        self.idle.clear();
    }
}

/// The body and the stack of a simulated thread.
pub(crate) struct Coroutine {
    raw: Raw<(), (), (), DefaultStack>,
    /// The lowest address of the stack.
    end: usize,
}

thread_local! {
    /// The yielder of the coroutine that runs on this OS thread; null while none does.
    static YIELDER: Cell<*const CoroutineYielder> = const { Cell::new(ptr::null()) };
}

/// Suspends the running coroutine until it is resumed.
///
/// # Panics
///
/// Panics outside a coroutine.
#[inline]
pub(crate) fn suspend() {
    let yielder = YIELDER.get();
    assert!(!yielder.is_null(), "only a simulated thread can wait");
    // SAFETY: `yielder` was set by the coroutine that runs now (when its body starts, and on the line below
    // when it is resumed) and cleared by `resume` whenever none runs on this OS thread. The yielder lives at
    // the base of that coroutine's stack until its body returns.
    unsafe { (*yielder).suspend(()) };
    YIELDER.set(yielder);
}

impl Coroutine {
    /// Makes a coroutine that will run `body`, which must not unwind, on a stack of `stacks`.
    ///
    /// # Panics
    ///
    /// Panics if no stack was [reserved](Stacks::reserve).
    pub(crate) fn new(stacks: &mut Stacks, body: impl FnOnce() + 'static) -> Self {
        let stack = stacks.idle.pop().expect("a stack was reserved");
        let end = stack.limit().get();
        let raw = Raw::with_stack(stack, move |yielder: &CoroutineYielder, ()| {
            YIELDER.set(ptr::from_ref(yielder));
            body();
        });
        Self { raw, end }
    }

    /// Runs the coroutine until it suspends or returns. Returns whether it has returned.
    #[inline]
    pub(crate) fn resume(&mut self) -> bool {
        run_monitor::set_stack_end(self.end);
        let returned = matches!(self.raw.resume(()), CoroutineResult::Return(()));
        run_monitor::set_stack_end(0);
        YIELDER.set(ptr::null());
        returned
    }

    /// Returns the stack of a finished coroutine to `stacks`.
    pub(crate) fn recycle(self, stacks: &mut Stacks) {
        stacks.idle.push(self.raw.into_stack());
    }

    /// Leaks a coroutine that cannot end, with its stack and everything on it.
    pub(crate) fn abandon(self) {
        mem::forget(self);
    }
}
