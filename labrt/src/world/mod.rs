//! The interface of the harness: starting a run, and control over what happens in it.
//!
//! [`simulate`](fn@simulate) starts a run and passes a [`World`] to its main function. The world makes nodes
//! (each incarnation of a server is a node), kills, pauses and calls into them, provides the run's random
//! streams, and ends the run with a verdict. Lab code is given none of this, and cannot reach it from what it
//! is given.
//!
//! ```
//! use std::time::Duration;
//!
//! use labrt::world::{NodeDied, Options, simulate};
//!
//! let run = simulate(Options::new(1), |world| {
//!     let server = world.node("server 0");
//!     assert_eq!(server.call("add", || 1 + 1), Ok(2));
//!
//!     // The crash comes in the middle of the call, after one virtual second.
//!     let crashing = server.clone();
//!     labrt::thread::spawn(move || {
//!         labrt::thread::sleep(Duration::from_secs(1));
//!         crashing.kill();
//!     });
//!     let answer = server.call("slow", || labrt::thread::sleep(Duration::from_secs(3600)));
//!     assert_eq!(answer, Err(NodeDied));
//!     world.now()
//! });
//! assert_eq!(run.result.unwrap().as_secs(), 1);
//! ```

mod node;
pub mod oneshot;
mod simulate;

use std::any::Any;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::since_start;
use crate::context::{self, Context};
use crate::run::log::is_kept;
use crate::wait::Wait;

/// The name of version 0.1.
#[doc(hidden)]
pub use self::scheduling_point as point;
pub use node::{Node, NodeDied};
pub use simulate::simulate;

pub use crate::rng::StreamRng;
pub use crate::run::backend::{Backend, UnknownBackend};
pub use crate::run::failure::{Failure, FailureKind, UnknownKind};
pub use crate::run::log::{LogLine, RUST_LOG, Tap, log_filter};
pub use crate::run::options::Options;
pub use crate::run::outcome::Run;
pub use crate::run::policy::{Policy, UnknownPolicy};
pub use crate::run::source_path::{in_workspace, name_lab_folders};
pub use crate::run::truncate::{LONGEST_MESSAGE, truncated};
pub use crate::sim::os_thread::{confine_simulations, keep_os_threads};
pub use crate::sim::run::hash_keys_are_separate;
pub use crate::sim::watchdog::{ABORT_NOTE, abandoned_runs};
pub use crate::traffic::RemoteCall;

/// Control over one run. Clones control the same run.
///
/// All methods panic if they are called outside the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The id of the run.
    id: u64,
}

impl World {
    pub(crate) fn new(id: u64) -> Self {
        Self { id }
    }

    #[inline]
    #[track_caller]
    fn in_run<R>(&self, f: impl FnOnce(Context<'_>) -> R) -> R {
        context::with(|context| {
            assert!(context.run_id() == self.id, "the handle of one run was used in another one");
            f(context)
        })
    }

    /// Adds a node. Its name is for messages and need not be unique.
    pub fn node(&self, name: impl Into<String>) -> Node {
        let (id, name) = self.in_run(|context| context.add_node(name.into()));
        Node::new(self.clone(), id, name)
    }

    /// The backend of the run.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.in_run(|context| match context {
            Context::Sim(_) => Backend::Simulation,
            Context::Threads(_) => Backend::Threads,
        })
    }

    /// The random stream `stream` of the run, from its start. Streams of different names are independent.
    #[must_use]
    pub fn rng(&self, stream: &str) -> StreamRng {
        self.in_run(|context| context.stream(stream))
    }

    /// The virtual time since the run began. No scheduling point.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.in_run(|context| since_start(context.run_now()))
    }

    /// The bytes of memory that the run has allocated and not freed, without [`uncounted`] memory. On real
    /// threads the resident memory of the whole process, or 0 if the system does not provide it. Meant for
    /// comparing two moments. No scheduling point.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        self.in_run(|context| context.heap_bytes())
    }

    /// Whether the calling thread is being killed. The caller is then one of its destructors, whose effects
    /// must stay local to the node. No scheduling point.
    #[must_use]
    pub fn is_dying(&self) -> bool {
        self.in_run(|context| context.is_dying())
    }

    /// Schedules `event` to run once, `delay` from now, outside every thread.
    ///
    /// An event may lock plain mutexes, send on a [`oneshot`] channel, start threads on nodes and schedule
    /// further events. It must not wait, take a lock of lab code, or panic. No scheduling point.
    pub fn schedule(&self, delay: Duration, event: impl FnOnce() + Send + 'static) {
        self.in_run(|context| context.schedule(delay, Box::new(event)));
    }

    /// Records that a message was sent or an entry applied: mixes `hash` into the run's fingerprint, and
    /// counts as progress for the livelock detection. No scheduling point.
    #[inline]
    pub fn record_event(&self, hash: u64) {
        self.in_run(|context| context.record_event(hash));
    }

    /// Records a remote call. A run in which a server does nothing but call others, while hardly any virtual
    /// time passes, fails as a [`FailureKind::Timeout`]. No scheduling point.
    #[inline]
    pub fn remote_call(&self, call: &RemoteCall<'_>) {
        self.in_run(|context| context.remote_call(call));
    }

    /// Records the bytes of a message that belongs to a call through the end point `end` but is no new call:
    /// a reply, or a duplicate of the request. No scheduling point.
    #[inline]
    pub fn record_bytes(&self, end: u32, bytes: usize) {
        self.in_run(|context| context.record_bytes(end, bytes));
    }

    /// The most frequent remote calls so far, for the messages of runs that do not end: each on a line of its
    /// own, which begins with a line break. No scheduling point.
    #[must_use]
    pub fn busiest_calls(&self) -> String {
        self.in_run(|context| context.busiest_calls())
    }

    /// Ends the run with this verdict and the caller's source location.
    #[track_caller]
    pub fn fail(&self, kind: FailureKind, message: impl Into<String>) -> ! {
        let location = Location::caller();
        self.in_run(|context| {
            context.fail(kind, message.into(), Some(location));
            context.wait_forever(Wait::Ended)
        })
    }

    /// As [`fail`](Self::fail), but returns: the run ends at the next scheduling point. For events, and for
    /// callers that have to clean up first.
    #[track_caller]
    pub fn fail_later(&self, kind: FailureKind, message: impl Into<String>) {
        let location = Location::caller();
        self.in_run(|context| context.fail(kind, message.into(), Some(location)));
    }

    /// A line for each thread that waits for a lock: the line that waits, the holder, the line that locked,
    /// and what the holder is doing. For messages about runs without progress. No scheduling point.
    #[must_use]
    pub fn lock_waits(&self) -> Vec<String> {
        self.in_run(|context| context.lock_waits())
    }

    /// Adds a warning to the run, unless it has the same one already. No scheduling point.
    pub fn warn(&self, message: impl Into<String>) {
        self.in_run(|context| context.warn(message.into()));
    }

    /// Attaches a value to the run. [`with_local`] and [`local`] return it in all threads of the run and in
    /// events. It is dropped at the end of the run, before [`simulate`](fn@simulate) returns, unless the run
    /// was [abandoned](abandoned_runs). No scheduling point.
    ///
    /// # Panics
    ///
    /// Panics if the run has such a value already.
    pub fn set_local(&self, value: Arc<dyn Any + Send + Sync>) {
        self.in_run(|context| context.set_local(value));
    }

    /// Whether the run's log is kept.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.in_run(|context| context.recording())
    }

    /// Adds a line to the log of a recorded run. Other runs do not call `text`. No scheduling point.
    pub fn note(&self, target: &str, text: impl FnOnce() -> String) {
        self.in_run(|context| {
            if context.recording() && is_kept(log::Level::Info, target) {
                let text = context.without_switching(text);
                context.record(log::Level::Info, target, &text);
            }
        });
    }
}

/// Calls `f` with the clock, locks, threads and randomness of std being the system's own, as they are outside
/// a simulation.
///
/// For work that concerns the process and not the run: measuring real time in a run, a cache that all runs
/// share. The result of `f` must not influence the run.
pub fn with_real_std<R>(f: impl FnOnce() -> R) -> R {
    crate::raw::run_monitor::with_real_std(f)
}

/// Calls `f`. Memory that `f` allocates or frees counts neither in [`World::heap_bytes`] nor against
/// [`Options::max_memory`]. This costs a few nanoseconds, may be nested, and may be used outside a run.
///
/// For the harness's records of a run: events, contents of messages. Memory that was allocated in `f` must
/// also be freed or reallocated in an `uncounted`, or the run's count becomes too small. `f` must be short,
/// because its memory counts until it returns, and must not pass a scheduling point, because the allocations
/// of other threads would not count either.
#[inline]
pub fn uncounted<R>(f: impl FnOnce() -> R) -> R {
    crate::raw::heap::uncounted(f)
}

/// Calls lab code for what it returns, without a trace in the run: in a simulation no other thread runs
/// meanwhile, and neither memory, nor reads of clocks, nor new hash maps count.
///
/// `None` if `f` panics, or begins to do what might change the run: wait for a lock that is held, use a
/// channel or a condition variable, wake a thread, start one, sleep, draw a random number. It ends there by
/// unwinding. It may take locks that are free, and read atomics. What lab code changes in its own state is
/// its own affair. The result was allocated in an [`uncounted`], and must be dropped in one. On real threads
/// `f` is called like any other code.
pub fn look<R>(f: impl FnOnce() -> R) -> Option<R> {
    uncounted(|| context::try_with(|context| context.look_if_simulated(f)).flatten())
}

/// The time of the system's monotonic clock, read past the interposed function: for the benchmark that
/// compares the two.
#[must_use]
#[doc(hidden)]
pub fn system_clock() -> Duration {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    return crate::raw::interpose::system_clock();
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    return Duration::ZERO;
}

/// Whether the calling thread is being killed; see [`World::is_dying`]. `false` outside every run.
#[must_use]
pub fn is_dying() -> bool {
    context::try_with(|context| context.is_dying()).unwrap_or(false)
}

/// The [`Node::id`] of the calling thread's node; `None` in an event and outside every run. No scheduling
/// point.
#[must_use]
pub fn current_node() -> Option<u32> {
    context::try_with(|context| context.thread_node()).flatten()
}

/// Calls `f` with the value that [`World::set_local`] attached to the caller's run, and returns its result.
/// `None` outside every run, and if there is no value. No scheduling point.
#[inline]
pub fn with_local<R>(f: impl FnOnce(&(dyn Any + Send + Sync)) -> R) -> Option<R> {
    context::try_with(|context| context.with_local(|value| f(&**value))).flatten()
}

/// The value that [`World::set_local`] attached to the caller's run; `None` outside every run, and if there
/// is no value. [`with_local`] is cheaper. No scheduling point.
#[must_use]
pub fn local() -> Option<Arc<dyn Any + Send + Sync>> {
    context::try_with(|context| context.with_local(Arc::clone)).flatten()
}

/// The calling thread's trace context: a number by which the harness tells on whose behalf the thread runs. A
/// new thread inherits that of the thread that started it, or 0 from an event. 0 in an event and outside
/// every run. No scheduling point.
#[must_use]
#[inline]
pub fn trace_context() -> u64 {
    context::try_with(|context| context.trace_context()).unwrap_or(0)
}

/// Sets the calling thread's [`trace_context`], which does not influence the run. Does nothing in an event
/// and outside every run. No scheduling point.
#[inline]
pub fn set_trace_context(value: u64) {
    let _ = context::try_with(|context| context.set_trace_context(value));
}

/// A scheduling point: another thread may run here. For operations of the harness that lab code calls.
#[inline]
#[track_caller]
pub fn scheduling_point() {
    context::with(|context| context.scheduling_point());
}
