//! [`Context`]: the run and thread of the caller, in a simulation or on real threads.
//!
//! Every primitive of labrt gets the context first, and is built on its few operations: scheduling points,
//! tickets, waiting and waking. The backends implement them: [`Sim`] and [`threads::Thread`].

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::nanos;
use crate::raw::confined::Owner;
use crate::rng::StreamRng;
use crate::run::failure::{FailureKind, Panic};
use crate::run::local::Local;
use crate::sim::simulation::{SIM, Sim};
use crate::threads::{self, Thread};
use crate::traffic::RemoteCall;
use crate::wait::{Blocker, SourceLocation, ThreadId, Ticket, Wait, Woken};

/// The run and thread of the caller.
#[derive(Clone, Copy)]
pub(crate) enum Context<'a> {
    Sim(&'a Sim),
    Threads(&'a Thread),
}

impl From<Context<'_>> for Owner {
    #[inline]
    fn from(context: Context<'_>) -> Self {
        match context {
            Context::Sim(sim) => sim.into(),
            Context::Threads(thread) => Self::threads(thread.run_id()),
        }
    }
}

/// Calls `f` with the context of the caller.
///
/// # Panics
///
/// Panics outside every run.
#[inline(always)] // a frame of its own would be unwound at each kill
#[track_caller]
pub(crate) fn with<R>(f: impl FnOnce(Context<'_>) -> R) -> R {
    match try_with(f) {
        Some(value) => value,
        None => outside(),
    }
}

/// As [`with`], but `None` outside every run.
#[inline(always)]
pub(crate) fn try_with<R>(f: impl FnOnce(Context<'_>) -> R) -> Option<R> {
    SIM.with(|scope| {
        scope.with(|sim| match sim {
            Some(sim) => Some(f(Context::Sim(sim))),
            None => threads::try_with(|thread| f(Context::Threads(thread))),
        })
    })
}

#[cold]
#[track_caller]
fn outside() -> ! {
    panic!("labrt was used outside a run: start the code with `labrt::world::simulate`")
}

/// Defines methods that both backends have, with the same meaning.
macro_rules! forward {
    ($($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)?;)*) => {
        impl Context<'_> {
            $(
                $(#[$attribute])*
                #[inline]
                pub(crate) fn $name(self $(, $argument: $type)*) $(-> $answer)? {
                    match self {
                        Context::Sim(sim) => sim.$name($($argument),*),
                        Context::Threads(thread) => thread.$name($($argument),*),
                    }
                }
            )*
        }
    };
}

// Scheduling points and waits.
forward! {
    /// The number of the run, unique in the process.
    fn run_id() -> u64;
    /// A scheduling point: another thread may run here, and a kill of the caller takes effect.
    fn scheduling_point();
    /// A [`scheduling_point`](Self::scheduling_point) before an access to the object at this address.
    fn scheduling_point_on(object: usize);
    /// A [`scheduling_point`](Self::scheduling_point) before an access to the lock or the atomic at this
    /// address.
    fn access_point(object: usize);
    /// A [`scheduling_point`](Self::scheduling_point) before a release. No kill takes effect here, because
    /// the release would not happen.
    fn scheduling_point_before_release();
    /// Unwinds the current thread if its node was killed and it does not unwind yet.
    fn throw_if_killed();
    /// Lets another thread run, if one can.
    fn yield_now();
    /// A ticket for the wait that the current thread is about to begin. The wait can be ended from now on.
    fn ticket() -> Ticket;
    /// Waits until `ticket` is woken, or until `deadline`.
    ///
    /// No time passes for a thread that unwinds: its wait ends at once if it has a deadline or depends on
    /// something outside its node.
    fn park(ticket: Ticket, wait: Wait, deadline: Option<u64>) -> Woken;
    /// As [`park`](Self::park), but a kill does not unwind from it: for waits after which the caller must
    /// clean up first.
    fn park_without_throw(ticket: Ticket, wait: Wait, deadline: Option<u64>) -> Woken;
    /// As [`park`](Self::park), for a wait that only `blocker` can end. A simulation fails if this closes a
    /// cycle of waiting threads.
    fn park_behind(ticket: Ticket, wait: Wait, blocker: Blocker);
    /// Takes the token that `unpark_thread` left for the current thread, and returns whether there was one.
    /// If not, the next `unpark_thread` ends the wait of `ticket`, which must be a [`Wait::Park`] and begin
    /// before the next scheduling point.
    fn take_token(ticket: Ticket) -> bool;
    /// Wakes `thread` if it is parked, and leaves a token for it otherwise. No scheduling point.
    fn unpark_thread(thread: ThreadId);
    /// Ends the wait of `ticket`. Returns whether it had not ended before. No scheduling point.
    fn unpark(ticket: Ticket) -> bool;
    /// Whether the wait of `ticket` has not ended.
    fn waits(ticket: Ticket) -> bool;
    /// A random number below `count`.
    fn choose(count: usize) -> usize;
    /// Nanoseconds since the run began, on the clock of the current thread's node. Lab code sees only this
    /// clock, and all deadlines are on it.
    fn now() -> u64;
    /// Nanoseconds since the run began, on the run's clock.
    fn run_now() -> u64;
}

// Threads.
forward! {
    /// Adds a thread to `node`. `location` is the line of lab code that starts it. A `probe` does not count
    /// as activity of its node. Returns `None` and drops the body if the node is dead, or if there are too
    /// many threads; the run then fails.
    fn spawn(
        node: u32,
        name: Cow<'static, str>,
        location: Option<SourceLocation>,
        probe: bool,
        body: Box<dyn FnOnce() + Send>
    ) -> Option<ThreadId>;
    /// Waits for a thread to end.
    fn join(thread: ThreadId, location: SourceLocation);
    /// Whether `thread` has not ended.
    fn is_alive(thread: ThreadId) -> bool;
    fn current_thread() -> ThreadId;
    fn current_name() -> Cow<'static, str>;
    fn current_node() -> u32;
    /// As [`current_node`](Self::current_node), but `None` in an event.
    fn thread_node() -> Option<u32>;
    /// The trace context of the current thread; 0 in an event.
    fn trace_context() -> u64;
    /// Does nothing in an event.
    fn set_trace_context(context: u64);
    /// Whether the current thread is being killed.
    fn is_dying() -> bool;
}

// Nodes.
forward! {
    fn add_node(name: String) -> (u32, Arc<str>);
    fn is_node_alive(node: u32) -> bool;
    /// Kills `node` and waits until its threads are gone.
    fn kill(node: u32);
    /// Kills `node` when its threads have passed `points` more scheduling points, or at `deadline` if that
    /// comes first.
    fn kill_after(node: u32, points: u32, deadline: u64);
    /// Brings a crash of `node` that `kill_after` waits for forward, to `points` scheduling points from now.
    fn hasten_kill(node: u32, points: u32);
    fn pause(node: u32);
    fn resume(node: u32);
    /// Sets the rate of `node`'s clock from now on.
    fn set_clock_rate(node: u32, per_million: u32);
    /// Registers the wait of a call into `node`, which ends when the node has died.
    fn await_call(node: u32, ticket: Ticket);
    /// Removes what `await_call` has registered.
    fn forget_call(node: u32, ticket: Ticket);
    /// Waits for the next moment at which the probe of `node` is to be called.
    fn wait_quiet(node: u32);
}

// The run.
forward! {
    /// The random stream `name` of the run, from its start.
    fn stream(name: &str) -> StreamRng;
    /// Schedules `event` to run outside every thread, `delay` from now.
    fn schedule(delay: Duration, event: Box<dyn FnOnce() + Send>);
    /// Records that a message was sent or an entry applied.
    fn record_event(hash: u64);
    /// Records a remote call.
    fn remote_call(call: &RemoteCall<'_>);
    /// Records the bytes of a message that is no new call.
    fn record_bytes(end: u32, bytes: usize);
    /// The most frequent remote calls, for messages.
    fn busiest_calls() -> String;
    /// Ends the run with this verdict, unless it has one already.
    fn fail(kind: FailureKind, message: String, location: Option<SourceLocation>);
    /// Suspends the current thread until the end of the run, which is near.
    fn wait_forever(wait: Wait) -> !;
    /// Adds a warning.
    fn warn(message: String);
    /// A line for each thread that waits for a lock.
    fn lock_waits() -> Vec<String>;
    /// Attaches a value to the run.
    ///
    /// Panics if there is one already.
    fn set_local(value: Arc<Local>);
    /// The memory of the run, in bytes.
    fn heap_bytes() -> u64;
    /// Whether the log is kept.
    fn recording() -> bool;
    /// Adds a line to the log of a recorded run.
    fn record(level: ::log::Level, target: &str, text: &str);
}

impl Context<'_> {
    /// The time `delay` from now, on the clock of the current thread's node.
    #[inline]
    pub(crate) fn deadline(self, delay: Duration) -> u64 {
        self.now().saturating_add(nanos(delay))
    }

    /// Calls `f` with the value that is attached to the run, if there is one.
    pub(crate) fn with_local<R>(self, f: impl FnOnce(&Arc<Local>) -> R) -> Option<R> {
        match self {
            Context::Sim(sim) => sim.with_local(f),
            Context::Threads(thread) => thread.with_local(f),
        }
    }

    /// Draws from the random stream of the node of the current thread.
    pub(crate) fn draw<R>(self, draw: impl FnOnce(&mut StreamRng) -> R) -> R {
        match self {
            Context::Sim(sim) => sim.draw(draw),
            Context::Threads(thread) => thread.draw(draw),
        }
    }

    /// Makes a panic of the current thread the run's verdict. Returns whether the caller is a thread of the
    /// run. The argument of `describe` says whether a backtrace is wanted.
    pub(crate) fn panicked(self, describe: impl FnOnce(bool) -> Panic) -> bool {
        match self {
            Context::Sim(sim) => sim.panicked(describe),
            Context::Threads(thread) => thread.panicked(describe),
        }
    }

    /// Calls `f` without a trace in a simulation; see [`look`](crate::world::look).
    pub(crate) fn look_if_simulated<R>(self, f: impl FnOnce() -> R) -> Option<R> {
        match self {
            Context::Sim(sim) => sim.look(f),
            Context::Threads(_) => Some(f()),
        }
    }

    /// Calls `f` without switching to another simulated thread.
    pub(crate) fn without_switching<R>(self, f: impl FnOnce() -> R) -> R {
        match self {
            Context::Sim(sim) => sim.without_switching(f),
            Context::Threads(_) => f(),
        }
    }
}
