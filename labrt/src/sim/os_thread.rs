//! [`OsThread`]: the OS thread on which a simulation runs.

use std::cell::Cell;
use std::os::unix::thread::JoinHandleExt;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, mpsc};
use std::thread::JoinHandle;

use crate::raw::hash_keys::{KeySlot, Keys};
use crate::raw::heap;
use crate::raw::run_monitor::HandlerStack;
use crate::raw::thread_locals::ThreadLocals;

/// The function that each OS thread of a simulation calls first.
static FIRST: OnceLock<fn()> = OnceLock::new();

/// Whether an OS thread is kept for the next simulation.
static IS_KEPT: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The thread of the last simulation that the calling thread has waited for, if another one can run on
    /// it.
    static KEPT: Cell<Option<OsThread>> = const { Cell::new(None) };
}

/// Makes each OS thread of a simulation call `first` before it runs any lab code. `first` may drop privileges
/// of the calling thread, such as system calls, before untrusted code runs. To be called once, before the
/// first run of the process.
///
/// # Panics
///
/// Panics if it was called before. If `first` panics, [`simulate`](crate::world::simulate) panics.
pub fn confine_simulations(first: fn()) {
    assert!(FIRST.set(first).is_ok(), "`confine_simulations` was called twice");
}

/// From now on, simulations that one thread starts one after the other run on the same OS thread, for as long
/// as they leave the thread-locals of the program as they have found them, to the last byte. After one that
/// has changed them the next gets a new OS thread. So a run never finds what an earlier one has left in a
/// `thread_local!`.
///
/// For a program that makes many short runs: a new OS thread takes longer than a simulated second. On systems
/// other than Linux with glibc it has no effect. What std captures of the output of a `#[test]` would be that
/// of the first one.
pub fn keep_os_threads() {
    IS_KEPT.store(true, Ordering::Relaxed);
}

/// A simulation to run. It gets the stack for the handlers of signals, and a function to call at its end:
/// whether another simulation can run on this OS thread.
type Task = Box<dyn FnOnce(&HandlerStack, &mut dyn FnMut() -> bool) + Send>;

/// An OS thread that runs simulations, one at a time.
pub(super) struct OsThread {
    handle: JoinHandle<()>,
    tasks: mpsc::Sender<Task>,
}

impl OsThread {
    /// The thread that the caller has kept, or a new one. It runs the task.
    pub(super) fn run(task: Task) -> Self {
        let thread = KEPT.take().unwrap_or_else(Self::new);
        // A thread that is new or was kept waits for a task. If it has ended meanwhile, it was by a panic of
        // `FIRST`, and the caller finds out by joining it.
        let _ = thread.tasks.send(task);
        thread
    }

    fn new() -> Self {
        let (tasks, incoming) = mpsc::channel();
        let thread = std::thread::Builder::new().name("simulation".to_owned());
        let handle = thread.spawn(move || serve(&incoming)).expect("the system can start a thread");
        Self { handle, tasks }
    }

    /// The identity of the thread, valid until it is joined.
    pub(super) fn id(&self) -> libc::pthread_t {
        self.handle.as_pthread_t()
    }

    /// Ends the use of the thread after its task: keeps it for the next one of the caller if that
    /// `is_reusable` there, and else waits for its end.
    pub(super) fn finish(self, is_reusable: bool) {
        if is_reusable {
            KEPT.set(Some(self));
        } else {
            self.join();
        }
    }

    /// Waits for the end of the thread. Panics as it does.
    pub(super) fn join(self) {
        drop(self.tasks);
        self.handle.join().unwrap_or_else(|panic| resume_unwind(panic));
    }
}

/// Runs tasks until one leaves something behind.
fn serve(tasks: &mpsc::Receiver<Task>) {
    let stack = HandlerStack::new();
    if let Some(first) = FIRST.get() {
        first();
    }
    let keys = KeySlot::of_this_thread();
    let mut thread_locals =
        if IS_KEPT.load(Ordering::Relaxed) { ThreadLocals::of_this_thread() } else { None };
    // What a run changes and is of no importance to the next one.
    let reset = || {
        keys.replace(Keys::default());
        heap::count_from_here();
    };
    while let Ok(task) = tasks.recv() {
        reset();
        if let Some(thread_locals) = &mut thread_locals {
            thread_locals.note();
        }
        let mut is_reusable = false;
        task(&stack, &mut || {
            reset();
            is_reusable = thread_locals.as_mut().is_some_and(ThreadLocals::are_unchanged);
            is_reusable
        });
        if !is_reusable {
            return;
        }
    }
}
