//! The threads backend: real threads, the system's clock.
//!
//! A thread of a run is an OS thread of a pool ([`worker`](mod@worker)). It waits with tickets, as a
//! simulated one does, so that channels, condition variables and oneshot channels are the same code on both
//! backends, and a kill ends every wait except one for a lock, which is divided into short slices ([`lock`]).
//! Locks are `parking_lot`'s.
//!
//! A node that is killed, paused or about to be killed sets a signal, which its threads check at every
//! scheduling point ([`node`]). A run ends when its main function returns or at the first verdict, by killing
//! all nodes ([`run`](mod@run)).

mod events;
pub(crate) mod lock;
mod node;
mod run;
mod worker;

use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use crate::raw::{heap, process};
use crate::rng::StreamRng;
use crate::run::failure::FailureKind;
use crate::run::ids::TESTER;
use crate::run::local::Local;
use crate::run::log::LogLine;
use crate::traffic::RemoteCall;
use crate::wait::{Blocker, SourceLocation, ThreadId, Ticket, Wait, Woken};
use node::Node;
pub(crate) use run::run;
use run::{MAX_DELAY, Shared};
use worker::{Worker, worker};

/// The most times that a kill is thrown into one thread. Lab code that has caught it that often always will.
const THROWS_MAX: u32 = 100;

thread_local! {
    /// The thread of a run that this OS thread runs.
    static CURRENT: RefCell<Option<Arc<Thread>>> = const { RefCell::new(None) };
}

/// Calls `f` with the calling thread; `None` if it is not a thread of a run.
#[inline]
pub(crate) fn try_with<R>(f: impl FnOnce(&Thread) -> R) -> Option<R> {
    CURRENT
        .try_with(|current| current.try_borrow().ok().and_then(|current| current.as_deref().map(f)))
        .ok()
        .flatten()
}

/// One thread of a run.
pub(crate) struct Thread {
    run: Arc<Shared>,
    node: Arc<Node>,
    name: Cow<'static, str>,
    /// The line of lab code that started it.
    started_at: Option<SourceLocation>,
    serial: u64,
    /// `None` for the thread that runs events, which must not wait.
    worker: Option<&'static Worker>,
    /// Its present wait, for messages.
    wait: Mutex<Option<Wait>>,
    /// The number of times that a kill was thrown into it.
    throws: AtomicU32,
    /// The harness's number for the task on whose behalf it runs.
    trace_context: AtomicU64,
}

/// The panic payload of a kill. It does not reach the panic hook, but lab code can catch it by
/// `catch_unwind`.
struct Killed;

/// A thread that has not begun.
struct Job {
    run: Arc<Shared>,
    node: Arc<Node>,
    name: Cow<'static, str>,
    started_at: Option<SourceLocation>,
    serial: u64,
    trace_context: u64,
    body: Box<dyn FnOnce() + Send>,
}

impl Job {
    fn serial(&self) -> u64 {
        self.serial
    }

    /// Runs the thread from its beginning to its end.
    fn run(self, worker: &'static Worker) {
        let Self { run, node, name, started_at, serial, trace_context, body } = self;
        let thread = Arc::new(Thread {
            run,
            node,
            name,
            started_at,
            serial,
            worker: Some(worker),
            wait: Mutex::new(None),
            throws: AtomicU32::new(0),
            trace_context: AtomicU64::new(trace_context),
        });
        thread.node.thread_began(&thread);
        CURRENT.set(Some(Arc::clone(&thread)));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            if thread.is_dying() {
                // Killed before it ran: drop everything that it owns, as unwinding would.
                drop(body);
            } else {
                thread.handle_signals();
                body();
            }
        }));
        // A panic payload of lab code may call labrt when it is dropped, and may panic again.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(outcome)));
        CURRENT.set(None);
        worker.ended();
        thread.run.living.fetch_sub(1, Ordering::Relaxed);
        thread.node.thread_ended(&thread);
    }
}

/// Scheduling points and waits: see [`Context`](crate::context::Context).
impl Thread {
    pub(crate) fn run_id(&self) -> u64 {
        self.run.id
    }

    #[inline]
    pub(crate) fn scheduling_point(&self) {
        if self.node.signals() {
            self.handle_signals();
        }
    }

    #[inline]
    pub(crate) fn scheduling_point_on(&self, _object: usize) {
        self.scheduling_point();
    }

    #[inline]
    pub(crate) fn access_point(&self, _object: usize) {
        self.scheduling_point();
    }

    #[inline]
    pub(crate) fn scheduling_point_before_release(&self) {}

    pub(crate) fn throw_if_killed(&self) {
        self.scheduling_point();
    }

    /// Handles the node's signals.
    #[cold]
    fn handle_signals(&self) {
        if self.worker.is_none() {
            return; // events are not killed with the tester's node at the end of the run
        }
        if self.node.tick_scheduled_crash() {
            self.node.begin_kill();
        }
        if !self.is_dying() {
            self.node.wait_while_paused();
        }
        // In a destructor during unwinding, another panic would abort the process.
        if self.is_dying() && !thread::panicking() {
            self.throw();
        }
    }

    /// Unwinds the thread, whose node was killed.
    fn throw(&self) -> ! {
        if self.throws.fetch_add(1, Ordering::Relaxed) < THROWS_MAX {
            let killed: Box<dyn Any + Send> = Box::new(Killed);
            resume_unwind(killed);
        }
        *self.wait.lock() = Some(Wait::CatchesKill);
        loop {
            thread::park();
        }
    }

    pub(crate) fn yield_now(&self) {
        self.scheduling_point();
        thread::yield_now();
    }

    fn worker(&self) -> &'static Worker {
        self.worker.expect("an event must not wait")
    }

    #[inline]
    pub(crate) fn ticket(&self) -> Ticket {
        self.worker().ticket()
    }

    pub(crate) fn park(&self, ticket: Ticket, wait: Wait, deadline: Option<u64>) -> Woken {
        if self.is_dying() && !thread::panicking() {
            self.worker().cancel(ticket);
            self.throw();
        }
        let woken = self.park_without_throw(ticket, wait, deadline);
        self.scheduling_point();
        woken
    }

    pub(crate) fn park_without_throw(&self, ticket: Ticket, wait: Wait, deadline: Option<u64>) -> Woken {
        let worker = self.worker();
        // Checked after the ticket was made: a kill first marks the node and then ends waits.
        if self.is_dying() {
            let from_outside = deadline.is_some() || matches!(wait, Wait::Reply | Wait::Save | Wait::Call(_));
            let unwinding = thread::panicking();
            if from_outside || !unwinding {
                worker.cancel(ticket);
                return if unwinding { Woken::TimedOut } else { Woken::Notified };
            }
        }
        let deadline = || deadline.map(|deadline| self.run.moment(self.node.run_time(deadline)));
        let spin = !matches!(wait, Wait::Sleep(_) | Wait::Quiet | Wait::Kill);
        self.waiting_for(wait, || worker.park(ticket, deadline, spin))
    }

    /// Records the wait of the thread while `f` runs.
    fn waiting_for<R>(&self, wait: Wait, f: impl FnOnce() -> R) -> R {
        struct Over<'a>(&'a Thread);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                *self.0.wait.lock() = None;
            }
        }
        *self.wait.lock() = Some(wait);
        let _over = Over(self);
        f()
    }

    /// As `park`: there is no deadlock detection on this backend.
    pub(crate) fn park_behind(&self, ticket: Ticket, wait: Wait, _blocker: Blocker) {
        self.park(ticket, wait, None);
    }

    pub(crate) fn take_token(&self, ticket: Ticket) -> bool {
        self.worker().take_token(ticket)
    }

    pub(crate) fn unpark_thread(&self, thread: ThreadId) {
        worker(thread.slot).unpark_thread(thread.serial);
    }

    #[inline]
    pub(crate) fn unpark(&self, ticket: Ticket) -> bool {
        worker(ticket.slot).unpark(ticket)
    }

    pub(crate) fn waits(&self, ticket: Ticket) -> bool {
        worker(ticket.slot).waits(ticket)
    }

    pub(crate) fn choose(&self, count: usize) -> usize {
        use rand::RngExt as _;
        self.draw(|rng| rng.random_range(0..count))
    }

    pub(crate) fn now(&self) -> u64 {
        self.node.reading_at(self.run.now())
    }

    pub(crate) fn run_now(&self) -> u64 {
        self.run.now()
    }

    /// Suspends the thread until the end of the run, which is near.
    pub(crate) fn wait_forever(&self, wait: Wait) -> ! {
        loop {
            let ticket = self.ticket();
            self.park(ticket, wait, None);
        }
    }
}

/// Threads.
impl Thread {
    pub(crate) fn spawn(
        &self,
        node: u32,
        name: Cow<'static, str>,
        location: Option<SourceLocation>,
        _probe: bool,
        body: Box<dyn FnOnce() + Send>,
    ) -> Option<ThreadId> {
        self.run.spawn(node, name, location, self.trace_context(), body)
    }

    pub(crate) fn join(&self, thread: ThreadId, location: SourceLocation) {
        let ticket = self.ticket();
        if worker(thread.slot).add_joiner(thread.serial, ticket) {
            self.park(ticket, Wait::Join(location), None);
        } else {
            self.worker().cancel(ticket);
        }
    }

    pub(crate) fn is_alive(&self, thread: ThreadId) -> bool {
        worker(thread.slot).runs(thread.serial)
    }

    pub(crate) fn current_thread(&self) -> ThreadId {
        ThreadId { slot: self.worker().slot(), serial: self.serial }
    }

    pub(crate) fn current_name(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    pub(crate) fn current_node(&self) -> u32 {
        self.node.id()
    }

    pub(crate) fn thread_node(&self) -> Option<u32> {
        self.worker.map(|_| self.node.id())
    }

    pub(crate) fn trace_context(&self) -> u64 {
        self.trace_context.load(Ordering::Relaxed) // only this thread writes it
    }

    pub(crate) fn set_trace_context(&self, context: u64) {
        if self.worker.is_some() {
            self.trace_context.store(context, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(crate) fn is_dying(&self) -> bool {
        self.node.is_dead()
    }

    fn node_name(&self) -> String {
        if self.worker.is_some() { self.node.name().to_string() } else { String::new() }
    }

    /// `thread` of `node`, for messages.
    fn describe(&self) -> String {
        format!("thread `{}` of {}", self.name, self.node.name())
    }

    /// The present wait of the thread.
    fn waits_for(&self) -> Option<Wait> {
        *self.wait.lock()
    }
}

/// Nodes.
impl Thread {
    pub(crate) fn add_node(&self, name: String) -> (u32, Arc<str>) {
        let node = self.run.add_node(name);
        (node.id(), node.name())
    }

    pub(crate) fn is_node_alive(&self, node: u32) -> bool {
        !self.run.node(node).is_dead()
    }

    pub(crate) fn kill(&self, node: u32) {
        assert!(node != TESTER, "the tester cannot kill itself");
        self.scheduling_point();
        self.kill_now(&self.run.node(node));
    }

    fn kill_now(&self, node: &Node) {
        node.begin_kill();
        if self.is_dying() {
            // The caller kills its own node, or is a destructor, for which the killer of its node waits.
            return self.scheduling_point();
        }
        self.run.reap(node);
    }

    pub(crate) fn kill_after(&self, node: u32, points: u32, deadline: u64) {
        assert!(node != TESTER, "the tester cannot kill itself");
        self.scheduling_point();
        let node = self.run.node(node);
        let ticket = self.ticket();
        if node.schedule_crash(points, ticket) {
            self.park(ticket, Wait::Kill, Some(deadline));
        } else {
            self.worker().cancel(ticket);
        }
        self.kill_now(&node);
    }

    pub(crate) fn hasten_kill(&self, node: u32, points: u32) {
        self.run.node(node).hasten_crash(points);
    }

    pub(crate) fn pause(&self, node: u32) {
        self.run.node(node).pause();
    }

    pub(crate) fn resume(&self, node: u32) {
        self.run.node(node).resume();
    }

    pub(crate) fn set_clock_rate(&self, node: u32, per_million: u32) {
        self.run.node(node).set_clock_rate(self.run.now(), per_million);
    }

    pub(crate) fn await_call(&self, node: u32, ticket: Ticket) {
        self.run.node(node).add_caller(ticket);
    }

    pub(crate) fn forget_call(&self, node: u32, ticket: Ticket) {
        self.run.node(node).remove_caller(ticket);
    }

    /// Waits for a fixed time: on this backend it is not known when all threads of a node wait.
    pub(crate) fn wait_quiet(&self, _node: u32) {
        const INTERVAL: Duration = Duration::from_millis(20);
        let ticket = self.ticket();
        let deadline = self.now() + INTERVAL.as_nanos() as u64;
        self.park(ticket, Wait::Quiet, Some(deadline));
    }

    pub(crate) fn draw<R>(&self, draw: impl FnOnce(&mut StreamRng) -> R) -> R {
        self.node.draw(draw)
    }
}

/// The run.
impl Thread {
    pub(crate) fn stream(&self, name: &str) -> StreamRng {
        StreamRng::new(self.run.options.seed, name)
    }

    pub(crate) fn schedule(&self, delay: Duration, event: Box<dyn FnOnce() + Send>) {
        self.run.events.add(self.run.started.elapsed() + delay.min(MAX_DELAY), event);
    }

    /// Does nothing: runs on real threads have no fingerprint.
    #[inline]
    pub(crate) fn record_event(&self, _hash: u64) {}

    pub(crate) fn remote_call(&self, call: &RemoteCall<'_>) {
        self.run.remote_call((self.node.id(), &self.node.name()), call);
    }

    pub(crate) fn record_bytes(&self, end: u32, bytes: usize) {
        self.run.record_bytes(end, bytes);
    }

    pub(crate) fn busiest_calls(&self) -> String {
        self.run.busiest_calls()
    }

    pub(crate) fn fail(&self, kind: FailureKind, message: String, location: Option<SourceLocation>) {
        self.run.fail(self.failure(kind, message, location.map(ToString::to_string)));
    }

    pub(crate) fn warn(&self, message: String) {
        self.run.warn(message);
    }

    pub(crate) fn lock_waits(&self) -> Vec<String> {
        self.run.lock_waits()
    }

    pub(crate) fn set_local(&self, value: Arc<Local>) {
        self.run.set_local(value);
    }

    /// Holds no lock during `f`: a thread that is abandoned there must not block the end of the run.
    pub(crate) fn with_local<R>(&self, f: impl FnOnce(&Arc<Local>) -> R) -> Option<R> {
        self.run.local().as_ref().map(f)
    }

    /// The memory of the process: that of its threads cannot be told apart.
    pub(crate) fn heap_bytes(&self) -> u64 {
        let uncounted = heap::held_uncounted().saturating_sub(self.run.uncounted);
        process::resident_bytes().unwrap_or(0).saturating_add_signed(uncounted.saturating_neg())
    }

    pub(crate) fn recording(&self) -> bool {
        self.run.options.record
    }

    pub(crate) fn record(&self, level: log::Level, target: &str, text: &str) {
        heap::uncounted(|| {
            let thread = if self.worker.is_some() { self.name.to_string() } else { String::new() };
            let cause = self.trace_context();
            self.run.record(LogLine {
                at: Duration::ZERO,
                node: self.node_name(),
                thread,
                level,
                target: target.to_owned(),
                text: text.to_owned(),
                cause,
                after: cause,
            });
        });
    }
}
