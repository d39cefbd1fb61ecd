//! Starts and ends a run on real threads, and holds the state that its threads share.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use parking_lot::{Condvar, Mutex, RwLock};

use super::events::Events;
use super::node::Node;
use super::worker;
use super::{CURRENT, Job, Thread};
use crate::clock::since_start;
use crate::raw::heap;
use crate::run::failure::{Failure, FailureKind, Panic};
use crate::run::ids::{TESTER, next_run_id};
use crate::run::limits::time_message;
use crate::run::local::Local;
use crate::run::log::{LogBuffer, LogLine};
use crate::run::options::Options;
use crate::run::outcome::Run;
use crate::thread_limit::{self, LimitReached, LiveThread, THREADS_MAX};
use crate::traffic::{RemoteCall, Traffic};
use crate::wait::{SourceLocation, ThreadId, Wait};

/// The time after which a kill abandons the remaining threads of the node.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// The interval at which the processor time of the run is checked.
const CPU_CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// The longest delay of an event or a timer, longer than any run: the system's clock cannot represent all
/// delays in nanoseconds.
pub(super) const MAX_DELAY: Duration = Duration::from_secs(100 * 365 * 86400);

/// The state that the threads of a run share.
pub(super) struct Shared {
    pub(super) id: u64,
    pub(super) options: Options,
    pub(super) started: Instant,
    pub(super) events: Events,
    nodes: Mutex<Vec<Arc<Node>>>,
    /// The number of threads that were started and have not ended.
    pub(super) living: AtomicUsize,
    /// The processor time of the process at the start of the run.
    cpu: ProcessTime,
    /// The uncounted memory of the process at the start of the run, in bytes.
    pub(super) uncounted: i64,
    state: Mutex<State>,
    /// The value that the harness has attached to the run, until its end.
    local: RwLock<Option<Arc<Local>>>,
    /// Notified at the end of the run, for which the thread that started it waits.
    over: Condvar,
}

#[derive(Default)]
struct State {
    /// The main function has returned, or there is a verdict.
    over: bool,
    verdict: Option<Failure>,
    warnings: Vec<String>,
    /// The log is also kept for runs that pass: a run on real threads cannot be repeated for it.
    log: LogBuffer,
    traffic: Traffic,
}

/// Runs `main`, whose argument is the number of the run, on real threads. See
/// [`simulate`](crate::world::simulate).
pub(crate) fn run<T: Send + 'static>(
    options: Options,
    main: impl FnOnce(u64) -> T + Send + 'static,
) -> Run<T> {
    let cpu = ProcessTime::now();
    let started = Instant::now();
    let run = Arc::new(Shared {
        id: next_run_id(),
        options,
        started,
        events: Events::new(started),
        nodes: Mutex::new(Vec::new()),
        living: AtomicUsize::new(0),
        cpu,
        uncounted: heap::held_uncounted(),
        state: Mutex::new(State::default()),
        local: RwLock::new(None),
        over: Condvar::new(),
    });
    let tester = run.add_node("tester".to_owned());
    let events = thread::Builder::new().name("labrt events".to_owned());
    let events = {
        let (run, tester) = (Arc::clone(&run), Arc::clone(&tester));
        events.spawn(move || run.run_events(tester)).expect("the system can start a thread")
    };
    let returned = Arc::new(Mutex::new(None));
    {
        let shared = &run;
        let (run, returned) = (Arc::clone(&run), Arc::clone(&returned));
        let body = move || {
            let value = main(run.id);
            *returned.lock() = Some(value);
            run.end();
        };
        let main = shared.spawn(TESTER, Cow::Borrowed("main"), None, 0, Box::new(body));
        assert!(main.is_some(), "the tester's node is alive when the run begins");
    }
    run.wait_over();
    let virtual_time = started.elapsed();
    run.clean_up();
    run.events.end();
    if let Err(panic) = events.join() {
        resume_unwind(panic); // before the verdict is taken, because there is none
    }
    run.drop_local();
    let mut state = run.state.lock();
    let result = match (state.verdict.take(), returned.lock().take()) {
        (Some(failure), _) => Err(failure),
        (None, Some(value)) => Ok(value),
        (None, None) => unreachable!("a run without a verdict ends when its main function returns"),
    };
    Run {
        result,
        fingerprint: 0,
        virtual_time,
        cpu_time: cpu.elapsed(),
        steps: 0,
        warnings: std::mem::take(&mut state.warnings),
        log: std::mem::take(&mut state.log).into_lines(),
    }
}

/// Start and end.
impl Shared {
    /// Waits until the main function has returned or there is a verdict. Sets a verdict when the time is up.
    fn wait_over(&self) {
        let limit = self.options.max_virtual_time;
        let deadline = self.started + limit;
        let mut state = self.state.lock();
        while !state.over {
            let wake_at = deadline.min(Instant::now() + CPU_CHECK_INTERVAL);
            if !self.over.wait_until(&mut state, wake_at).timed_out() || state.over {
                continue;
            }
            let busy = self.cpu.elapsed() > self.options.max_cpu_time;
            if !busy && Instant::now() < deadline {
                continue;
            }
            drop(state);
            let mut message = if busy {
                time_message(self.options.max_cpu_time)
            } else {
                format!("the run has not ended after {} seconds", limit.as_secs_f64())
            };
            for line in self.waits() {
                message.push_str("\n  ");
                message.push_str(&line);
            }
            message.push_str(&self.busiest_calls());
            return self.fail(Failure {
                kind: FailureKind::Timeout,
                message,
                at: self.started.elapsed(),
                node: "tester".to_owned(),
                thread: "main".to_owned(),
                location: None,
                backtrace: None,
                from_outside: true,
            });
        }
    }

    fn end(&self) {
        self.state.lock().over = true;
        self.over.notify_all();
    }

    /// Ends the run with this verdict, unless it has ended already.
    pub(super) fn fail(&self, failure: Failure) {
        let mut state = self.state.lock();
        if !state.over {
            state.verdict = Some(failure);
            state.over = true;
        }
        self.over.notify_all();
        drop(state);
    }

    /// Unwinds every thread, so that everything that lab code owns is dropped.
    fn clean_up(&self) {
        let nodes = self.nodes.lock().clone();
        for node in &nodes {
            node.begin_kill();
        }
        let deadline = Instant::now() + KILL_TIMEOUT;
        for node in &nodes {
            self.reap_until(node, deadline);
        }
    }

    /// Waits until the threads of a killed node have ended, and abandons those that do not end in time.
    pub(super) fn reap(&self, node: &Node) {
        self.reap_until(node, Instant::now() + KILL_TIMEOUT);
    }

    fn reap_until(&self, node: &Node, deadline: Instant) {
        for abandoned in node.wait_empty(deadline) {
            self.warn(abandoned);
        }
    }

    fn run_events(self: &Arc<Self>, tester: Arc<Node>) {
        CURRENT.set(Some(Arc::new(Thread {
            run: Arc::clone(self),
            node: tester,
            name: Cow::Borrowed("events"),
            started_at: None,
            serial: 0,
            worker: None,
            wait: Mutex::new(None),
            throws: AtomicU32::new(0),
            trace_context: AtomicU64::new(0),
        })));
        let outcome = catch_unwind(AssertUnwindSafe(|| self.events.run()));
        CURRENT.set(None);
        if let Err(panic) = outcome {
            self.end(); // threads may wait for events that will not run
            resume_unwind(panic);
        }
    }
}

/// Nodes and threads.
impl Shared {
    pub(super) fn add_node(&self, name: String) -> Arc<Node> {
        let mut nodes = self.nodes.lock();
        let id = u32::try_from(nodes.len()).expect("fewer than 2^32 nodes");
        let node = Arc::new(Node::new(id, name, self.options.seed));
        nodes.push(Arc::clone(&node));
        drop(nodes);
        if self.state.lock().over {
            node.begin_kill(); // after the end of the run, when nothing else would end its threads
        }
        node
    }

    pub(super) fn node(&self, id: u32) -> Arc<Node> {
        Arc::clone(&self.nodes.lock()[id as usize])
    }

    /// Starts a thread. On a dead node the body is dropped. If there are too many threads, the run fails.
    pub(super) fn spawn(
        self: &Arc<Self>,
        node: u32,
        name: Cow<'static, str>,
        started_at: Option<SourceLocation>,
        trace_context: u64,
        body: Box<dyn FnOnce() + Send>,
    ) -> Option<ThreadId> {
        let node = self.node(node);
        if !node.begin_start() {
            return None;
        }
        let serial = node.next_serial();
        let at_limit = self.living.fetch_add(1, Ordering::Relaxed) >= THREADS_MAX;
        let job = Job { run: Arc::clone(self), node, name, started_at, serial, trace_context, body };
        let (full, job) = match if at_limit { Err((None, job)) } else { worker::start(job) } {
            Ok(thread) => return Some(thread),
            Err((error, job)) => (error, job),
        };
        self.refuse_thread(full.as_ref().map_or(LimitReached::Limit, LimitReached::System), &job);
        self.living.fetch_sub(1, Ordering::Relaxed);
        job.node.cancel_start();
        None
    }

    /// Fails the run because this thread cannot be started.
    fn refuse_thread(&self, full: LimitReached<'_>, job: &Job) {
        let nodes = self.nodes.lock().clone();
        let threads: Vec<Arc<Thread>> = nodes.iter().flat_map(|node| node.threads()).collect();
        let members = threads.iter().map(|thread| LiveThread {
            node: thread.node.name_str(),
            name: &thread.name,
            started_at: thread.started_at,
        });
        self.fail(Failure {
            kind: FailureKind::Threads,
            message: thread_limit::message(full, members),
            at: self.started.elapsed(),
            node: job.node.name().to_string(),
            thread: job.name.to_string(),
            location: job.started_at.map(ToString::to_string),
            backtrace: None,
            from_outside: true,
        });
    }

    /// A line for each thread that waits.
    fn waits(&self) -> Vec<String> {
        let nodes = self.nodes.lock().clone();
        let waits = nodes.iter().flat_map(|node| node.waits());
        waits.filter_map(|(thread, wait)| wait.map(|wait| format!("{thread} {wait}"))).collect()
    }

    /// A line for each thread that waits for a lock.
    pub(super) fn lock_waits(&self) -> Vec<String> {
        let nodes = self.nodes.lock().clone();
        let waits = nodes.iter().flat_map(|node| node.waits());
        waits
            .filter_map(|(thread, wait)| match wait {
                Some(wait @ Wait::Lock(_)) => Some(format!("{thread} {wait}")),
                _ => None,
            })
            .collect()
    }
}

/// The value attached to the run.
impl Shared {
    pub(super) fn set_local(&self, value: Arc<Local>) {
        let before = self.local.write().replace(value);
        assert!(before.is_none(), "`World::set_local` was called twice in a run");
    }

    pub(super) fn local(&self) -> Option<Arc<Local>> {
        self.local.read().clone()
    }

    fn drop_local(&self) {
        let value = self.local.write().take();
        drop(value);
    }
}

/// Time, warnings, traffic and log.
impl Shared {
    /// Nanoseconds since the run began.
    #[inline]
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The moment `nanos` nanoseconds after the start of the run.
    pub(super) fn moment(&self, nanos: u64) -> Instant {
        self.started + since_start(nanos).min(MAX_DELAY)
    }

    pub(super) fn warn(&self, message: String) {
        let mut state = self.state.lock();
        if !state.warnings.contains(&message) {
            state.warnings.push(message);
        }
    }

    pub(super) fn remote_call(&self, node: (u32, &Arc<str>), call: &RemoteCall<'_>) {
        let now = self.now();
        // No limit: the rate depends on the machine.
        self.state.lock().traffic.call(now, node, call);
    }

    pub(super) fn record_bytes(&self, end: u32, bytes: usize) {
        let now = self.now();
        self.state.lock().traffic.record_bytes(now, end, bytes);
    }

    pub(super) fn busiest_calls(&self) -> String {
        let now = self.now();
        self.state.lock().traffic.busiest_message(now)
    }

    /// Adds a line to the log, with the present time.
    pub(super) fn record(&self, line: LogLine) {
        let at = self.started.elapsed();
        self.state.lock().log.push(LogLine { at, ..line });
    }
}

/// Verdicts.
impl Thread {
    /// A failure that this thread detects now.
    pub(super) fn failure(&self, kind: FailureKind, message: String, location: Option<String>) -> Failure {
        Failure {
            kind,
            message,
            at: self.run.started.elapsed(),
            node: self.node.name().to_string(),
            thread: self.name.to_string(),
            location,
            backtrace: None,
            from_outside: true,
        }
    }

    /// Makes a panic of the current thread the run's verdict, unless it is being killed. Returns whether the
    /// caller is a thread of the run.
    pub(crate) fn panicked(&self, describe: impl FnOnce(bool) -> Panic) -> bool {
        if self.worker.is_none() {
            return false; // an event: a bug of the harness
        }
        if self.is_dying() {
            return true;
        }
        let at = self.run.started.elapsed(); // before the backtrace, which takes long
        let panic = describe(true);
        let failure = self.failure(panic.kind, panic.message, panic.location);
        self.run.fail(Failure { at, backtrace: panic.backtrace, ..failure });
        true
    }
}
