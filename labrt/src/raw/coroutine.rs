//! Stackful coroutines: what a simulated thread runs on.
//!
//! ```text
//!             resume                 suspend
//!   fresh ───────────► running ◄───────────────► waiting
//!                         │        resume
//!                         ▼ the body returns
//!                       done ──► its stack goes back to the pool
//! ```
//!
//! A coroutine is resumed by the scheduler alone, and suspends only itself. It always ends by
//! returning: a kill makes the body unwind to its own base, never from outside, for a forced
//! unwinding aborts the process when a destructor waits.

use std::cell::Cell;
use std::io;
use std::mem;
use std::ptr;

use corosensei::stack::{DefaultStack, Stack as _};
use corosensei::{Coroutine as Raw, CoroutineResult, Yielder};
use parking_lot::Mutex;

use super::run_monitor;

/// Bytes reserved for a stack; a page is committed when it is first touched.
///
/// Enough for a panic's backtrace and for `serde` in a debug build with room to spare.
pub(crate) const STACK_SIZE: usize = 512 * 1024;

/// Stacks that no coroutine uses. Making one costs three system calls, taking one from here none.
static POOL: Mutex<Vec<DefaultStack>> = Mutex::new(Vec::new());

/// So many stacks are kept in the pool.
const POOL_MAX: usize = 4096;

type CoroutineYielder = Yielder<(), ()>;

/// The stacks of one simulation: its own first, then the process's, then fresh ones.
#[derive(Default)]
pub(crate) struct Stacks {
    idle: Vec<DefaultStack>,
}

impl Stacks {
    /// Makes sure that there is a stack for one more coroutine.
    ///
    /// # Errors
    ///
    /// When the system has no memory left for it, or no memory map.
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
        // What is left is given back to the system: a run with very many threads is rare, and memory maps are
        // few.
        self.idle.clear();
    }
}

/// A simulated thread's body and stack.
pub(crate) struct Coroutine {
    raw: Raw<(), (), (), DefaultStack>,
    /// The lowest address of the stack.
    end: usize,
}

thread_local! {
    /// The way out of the coroutine that runs on this OS thread; null while none does.
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
    // SAFETY: `way` was set by the coroutine that runs now (when its body starts, and on the line below when
    // it goes on) and cleared by `resume` whenever none runs on this OS thread. The yielder lives at the base
    // of that coroutine's stack until its body returns.
    unsafe { (*yielder).suspend(()) };
    YIELDER.set(yielder);
}

impl Coroutine {
    /// A coroutine that will run `body`, which must not unwind, on a stack of `stacks`.
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

    /// Runs the coroutine until it suspends or returns; says whether it returned.
    #[inline]
    pub(crate) fn resume(&mut self) -> bool {
        run_monitor::set_stack_end(self.end);
        let returned = matches!(self.raw.resume(()), CoroutineResult::Return(()));
        run_monitor::set_stack_end(0);
        YIELDER.set(ptr::null());
        returned
    }

    /// Gives the stack of a coroutine that has returned back to the pool.
    pub(crate) fn recycle(self, stacks: &mut Stacks) {
        stacks.idle.push(self.raw.into_stack());
    }

    /// Gives up a coroutine that cannot end: its stack and what lives on it stay for ever.
    pub(crate) fn abandon(self) {
        mem::forget(self);
    }
}
