//! The harness's face: starting a run, and control over what happens in it.
//!
//! [`simulate`] starts a run and hands its main function a [`World`]. Whoever holds the world makes nodes (a
//! server is a node, and its next life after a crash is another one), kills, pauses and calls into them,
//! draws from the run's random streams, and ends the run with a verdict. Lab code is given none of this, and
//! there is no way from what it is given to here.

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

pub use node::{Node, NodeDied};
pub use simulate::simulate;

pub use crate::rng::StreamRng;
pub use crate::run::backend::{Backend, UnknownBackend};
pub use crate::run::failure::{Failure, FailureKind, UnknownKind};
pub use crate::run::log::{LogLine, RUST_LOG, Tap, log_filter};
pub use crate::run::options::Options;
pub use crate::run::outcome::Run;
pub use crate::run::policy::{Policy, UnknownPolicy};
pub use crate::run::truncate::{LONGEST_MESSAGE, truncated};
pub use crate::sim::run::{confine_simulations, hash_keys_are_separate};
pub use crate::sim::watchdog::{ABORT_NOTE, abandoned_runs};
pub use crate::traffic::RemoteCall;

/// Control over one run. Clones control the same run.
///
/// All methods panic when they are called from outside the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The run that this is the handle of.
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

    /// Makes a node. Its name is for messages and need not be unique.
    pub fn node(&self, name: impl Into<String>) -> Node {
        let (id, name) = self.in_run(|context| context.add_node(name.into()));
        Node::new(self.clone(), id, name)
    }

    /// What the run's threads are.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.in_run(|context| match context {
            Context::Sim(_) => Backend::Simulation,
            Context::Threads(_) => Backend::Threads,
        })
    }

    /// The random stream of that name, from its start. Streams of other names are independent of it.
    #[must_use]
    pub fn rng(&self, stream: &str) -> StreamRng {
        self.in_run(|context| context.stream(stream))
    }

    /// The virtual time since the run began. No scheduling point.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.in_run(|context| since_start(context.run_now()))
    }

    /// Bytes of memory that the run holds: those that were allocated in it and not freed. On real threads,
    /// and on systems that tell it, those that the whole process holds; otherwise 0. What was allocated in
    /// [`uncounted`] does not count. For comparing two moments. No scheduling point.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        self.in_run(|context| context.heap_bytes())
    }

    /// Whether the calling thread is being killed: this is one of its destructors, and what it does now
    /// must not reach anybody. No scheduling point.
    #[must_use]
    pub fn is_dying(&self) -> bool {
        self.in_run(|context| context.is_dying())
    }

    /// Lets `event` run once, `delay` from now, outside every thread.
    ///
    /// An event may lock plain mutexes, send on a [`oneshot`] channel, start threads on nodes and set further events. It must
    /// not wait, take a lock of lab code, or panic. No scheduling point.
    pub fn schedule(&self, delay: Duration, event: impl FnOnce() + Send + 'static) {
        self.in_run(|context| context.schedule(delay, Box::new(event)));
    }

    /// Says that a message was sent or an entry applied: `hash` goes into the run's fingerprint, and
    /// what came before was not a livelock. No scheduling point.
    #[inline]
    pub fn record_event(&self, hash: u64) {
        self.in_run(|context| context.record_event(hash));
    }

    /// Says that a remote call is being made. A run in which servers do nothing but call each other, and
    /// hardly any virtual time passes, fails as a [`FailureKind::Timeout`]. No scheduling point.
    #[inline]
    pub fn remote_call(&self, call: &RemoteCall<'_>) {
        self.in_run(|context| context.remote_call(call));
    }

    /// Says that a message of so many bytes was sent that is no call, but belongs to one through this end
    /// point: a reply, or a request that arrives again. No scheduling point.
    #[inline]
    pub fn record_bytes(&self, end: u32, bytes: usize) {
        self.in_run(|context| context.record_bytes(end, bytes));
    }

    /// The busiest remote calls so far, for failures that say why a run does not end: each on a line of its
    /// own that begins with a line break. No scheduling point.
    #[must_use]
    pub fn busiest_calls(&self) -> String {
        self.in_run(|context| context.busiest_calls())
    }

    /// Ends the run with this verdict; the location is the caller's.
    #[track_caller]
    pub fn fail(&self, kind: FailureKind, message: impl Into<String>) -> ! {
        let location = Location::caller();
        self.in_run(|context| {
            context.fail(kind, message.into(), Some(location));
            context.wait_forever(Wait::Ended)
        })
    }

    /// As [`fail`](Self::fail), but returns: the run ends at the next scheduling point. For events, and where
    /// something must be put in order first.
    #[track_caller]
    pub fn fail_later(&self, kind: FailureKind, message: impl Into<String>) {
        let location = Location::caller();
        self.in_run(|context| context.fail(kind, message.into(), Some(location)));
    }

    /// A line for each thread that waits for a lock at this moment: for which, who holds it since which line,
    /// and what that one is doing meanwhile. For failures that say why nothing goes on. No scheduling point.
    #[must_use]
    pub fn lock_waits(&self) -> Vec<String> {
        self.in_run(|context| context.lock_waits())
    }

    /// Says that something is strange. Said twice, it is kept once. No scheduling point.
    pub fn warn(&self, message: impl Into<String>) {
        self.in_run(|context| context.warn(message.into()));
    }

    /// Keeps a value of the harness's own for the run, which [`with_local`] and [`local`] find on all of its
    /// threads and in events. It is dropped when the run is over, before [`simulate`] returns, unless the run
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

    /// Adds a line to the log of a recorded run; `text` is not called in any other. No scheduling point.
    pub fn note(&self, target: &str, text: impl FnOnce() -> String) {
        self.in_run(|context| {
            if context.recording() && is_kept(log::Level::Info, target) {
                let text = context.without_switching(text);
                context.record(log::Level::Info, target, &text);
            }
        });
    }
}

/// Calls `f`, during which std's clock, locks, threads and randomness are the system's, as they are outside a
/// simulation.
///
/// For what concerns the process and not the run: a benchmark that measures real time in a run, a cache that
/// all runs share. What `f` returns must not decide what the run does.
pub fn with_real_std<R>(f: impl FnOnce() -> R) -> R {
    crate::raw::run_monitor::with_real_std(f)
}

/// Calls `f`: memory that it allocates or frees counts neither in [`World::heap_bytes`] nor against
/// [`Options::max_memory`]. It costs a few nanoseconds, may be nested, and does no harm outside a run.
///
/// For what the harness is_kept of a run: events, contents of messages. What was allocated in `f` must also be
/// freed or reallocated in an `uncounted`, or it counts as memory that was given back without ever having
/// been held. `f` must be brief, for only when it returns is it known that its memory does not count, and
/// must not come to a scheduling point: what other threads allocate meanwhile would not count either.
#[inline]
pub fn uncounted<R>(f: impl FnOnce() -> R) -> R {
    crate::raw::heap::uncounted(f)
}

/// The time of the system's monotonic clock, without what stands before it: for the benchmark that compares
/// the two.
#[must_use]
#[doc(hidden)]
pub fn system_clock() -> Duration {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    return crate::raw::interpose::system_clock();
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    return Duration::ZERO;
}

/// Whether the calling thread is being killed; see [`World::is_dying`]. `false` outside a run.
#[must_use]
pub fn is_dying() -> bool {
    context::try_with(|context| context.is_dying()).unwrap_or(false)
}

/// The number of the node that the calling thread runs on, as [`Node::id`] tells it; `None` in an event and
/// outside a run. No scheduling point.
#[must_use]
pub fn current_node() -> Option<u32> {
    context::try_with(|context| context.thread_node()).flatten()
}

/// Calls `f` with the value that [`World::set_local`] is_kept for the caller's run, and answers what `f`
/// returns; `None` outside a run, and where no value is kept. No scheduling point.
#[inline]
pub fn with_local<R>(f: impl FnOnce(&(dyn Any + Send + Sync)) -> R) -> Option<R> {
    context::try_with(|context| context.with_local(|value| f(&**value))).flatten()
}

/// The value that [`World::set_local`] is_kept for the caller's run; `None` outside a run, and where no value
/// is kept. To look at it, [`with_local`] is cheaper. No scheduling point.
#[must_use]
pub fn local() -> Option<Arc<dyn Any + Send + Sync>> {
    context::try_with(|context| context.with_local(Arc::clone)).flatten()
}

/// The calling thread's trace context: the number that the harness last gave it, to tell on whose behalf the
/// thread runs. A thread begins with that of the thread that started it, and with 0 if an event did. 0 in an
/// event and outside a run. No scheduling point.
#[must_use]
#[inline]
pub fn trace_context() -> u64 {
    context::try_with(|context| context.trace_context()).unwrap_or(0)
}

/// Sets the calling thread's [`trace_context`], which decides nothing in the run. Does nothing in an event
/// and outside a run. No scheduling point.
#[inline]
pub fn set_trace_context(value: u64) {
    let _ = context::try_with(|context| context.set_trace_context(value));
}

/// A scheduling point: another thread may run here. For the harness's own operations that lab code calls.
#[inline]
#[track_caller]
pub fn scheduling_point() {
    context::with(|context| context.scheduling_point());
}
