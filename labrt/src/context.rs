//! [`Context`]: where the calling thread runs, in a simulation or on real threads.
//!
//! Every primitive of labrt asks this first, and is built on the few things that it offers: scheduling
//! points, tickets, waiting and waking. What they mean is the backend's affair: [`Sim`] or
//! [`threads::Thread`].

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

/// Where the calling thread runs.
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

/// Calls `f` with where the caller runs.
///
/// # Panics
///
/// Panics outside every run.
#[inline(always)] // its frames would be unwound at each kill
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
    SIM.try_with(|sim| match sim.get() {
        Some(sim) => Some(f(Context::Sim(sim))),
        None => threads::try_with(|thread| f(Context::Threads(thread))),
    })
    .ok()
    .flatten()
}

#[cold]
#[track_caller]
fn outside() -> ! {
    panic!("labrt was used outside a run: start the code with `labrt::world::simulate`")
}

/// Both backends have these methods, with the same meaning.
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

// Points and waits.
forward! {
    /// Tells the run from every other one of the process.
    fn run_id() -> u64;
    /// A scheduling point: another thread may run here, and a kill is heeded.
    fn scheduling_point();
    /// As [`scheduling_point`](Self::scheduling_point), before something is released. No kill is thrown here,
    /// because what is being released would be lost with it.
    fn scheduling_point_before_release();
    /// Unwinds the current thread if it is dying and does not unwind yet.
    fn throw_if_killed();
    /// Gives way to the others.
    fn yield_now();
    /// A ticket for the wait that the current thread is about to begin. It may be woken from now on.
    fn ticket() -> Ticket;
    /// Waits until somebody wakes `ticket`, or until `deadline`.
    ///
    /// A thread that unwinds does not wait for time to pass: its wait is over at once if it has a deadline or
    /// is for something from outside its node.
    fn park(ticket: Ticket, wait: Wait, deadline: Option<u64>) -> Woken;
    /// As [`park`](Self::park), for a wait after which something must be put in order before a kill may be
    /// thrown.
    fn park_without_throw(ticket: Ticket, wait: Wait, deadline: Option<u64>) -> Woken;
    /// As [`park`](Self::park), for a wait that only `blocker` can end. A simulation fails when threads wait
    /// for each other so.
    fn park_behind(ticket: Ticket, wait: Wait, blocker: Blocker);
    /// Takes the token that `unpark_thread` left for the current thread. If there is none, the wait of
    /// `ticket`, which must be a [`Wait::Park`] and begin before the next scheduling point, is ended by it.
    fn take_token(ticket: Ticket) -> bool;
    /// Wakes a thread that is parked; for another one a token is left. No scheduling point.
    fn unpark_thread(thread: ThreadId);
    /// Ends the wait that `ticket` names. Says whether it still lasted. No scheduling point.
    fn unpark(ticket: Ticket) -> bool;
    /// Whether the wait that `ticket` names still lasts.
    fn waits(ticket: Ticket) -> bool;
    /// One of `count` possibilities, at random.
    fn choose(count: usize) -> usize;
    /// Nanoseconds since the run began, on the clock of the current thread's node. All that lab code sees of
    /// time, and all deadlines, are on that clock.
    fn now() -> u64;
    /// Nanoseconds since the run began.
    fn run_now() -> u64;
}

// Threads.
forward! {
    /// Adds a thread to `node`. On a dead node the body is dropped and the answer is `None`. A `probe`
    /// watches its node, and does not count as activity there. `location` is the line of lab code that starts
    /// it. If there are too many threads the run fails, and the answer is `None`.
    fn spawn(
        node: u32,
        name: Cow<'static, str>,
        location: Option<SourceLocation>,
        probe: bool,
        body: Box<dyn FnOnce() + Send>
    ) -> Option<ThreadId>;
    /// Waits for a thread to end.
    fn join(thread: ThreadId, location: SourceLocation);
    /// Whether the thread has not ended.
    fn is_alive(thread: ThreadId) -> bool;
    fn current_thread() -> ThreadId;
    fn current_name() -> Cow<'static, str>;
    fn current_node() -> u32;
    /// The same, but `None` in an event.
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
    /// Kills `node` when its threads have passed `points` more scheduling points, but at `deadline` at the
    /// latest.
    fn kill_after(node: u32, points: u32, deadline: u64);
    fn pause(node: u32);
    fn resume(node: u32);
    /// Lets the clock of `node` go at another rate from now on.
    fn set_clock_rate(node: u32, per_million: u32);
    /// The caller waits with this ticket for a call into `node`, and is to be woken when the node has died.
    fn await_call(node: u32, ticket: Ticket);
    /// The call has ended, one way or another.
    fn forget_call(node: u32, ticket: Ticket);
    /// Waits for the moment when a probe of `node` looks at it next.
    fn wait_quiet(node: u32);
}

// The run.
forward! {
    /// The random stream of that name, from its start.
    fn stream(name: &str) -> StreamRng;
    /// Lets `event` run outside every thread, `delay` from now.
    fn schedule(delay: Duration, event: Box<dyn FnOnce() + Send>);
    /// A message was sent or an entry applied.
    fn record_event(hash: u64);
    /// A remote call is being made.
    fn remote_call(call: &RemoteCall<'_>);
    /// A message of so many bytes was sent that is no call.
    fn record_bytes(end: u32, bytes: usize);
    /// The busiest remote calls, for messages.
    fn busiest_calls() -> String;
    /// Ends the run with this verdict, unless it has one.
    fn fail(kind: FailureKind, message: String, location: Option<SourceLocation>);
    /// Waits for the end of the run, which is near.
    fn wait_forever(wait: Wait) -> !;
    /// Says that something is strange.
    fn warn(message: String);
    /// A line for each thread that waits for a lock.
    fn lock_waits() -> Vec<String>;
    /// Keeps a value of the harness's for the run.
    ///
    /// Panics if there is one.
    fn set_local(value: Arc<Local>);
    /// Memory that the run holds, in bytes.
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

    /// Calls `f` with the value of the harness's, if there is one.
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

    /// Takes the panic of the current thread as the run's verdict. Says whether there is such a thread.
    /// `tell` is told whether a backtrace is worth its while.
    pub(crate) fn panicked(self, tell: impl FnOnce(bool) -> Panic) -> bool {
        match self {
            Context::Sim(sim) => sim.panicked(tell),
            Context::Threads(thread) => thread.panicked(tell),
        }
    }

    /// Runs `f` without letting another simulated thread run in between.
    pub(crate) fn without_switching<R>(self, f: impl FnOnce() -> R) -> R {
        match self {
            Context::Sim(sim) => sim.without_switching(f),
            Context::Threads(_) => f(),
        }
    }
}
