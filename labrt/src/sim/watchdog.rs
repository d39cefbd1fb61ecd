//! The watchdog: watches a run from another OS thread, in real time. A run that blocks its OS thread,
//! overflows a stack or uses too much memory is abandoned, and the process continues.
//!
//! Elapsed real time alone is no evidence. A thread that computes is judged by its processor time since the
//! last scheduling point, and a thread that sleeps by how long it was observed sleeping. A busy or suspended
//! machine delays a verdict but does not make it wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::frames::{self, Frame, SymbolLock};
use super::os_thread::OsThread;
use super::scheduler::Scheduler;
use crate::clock::since_start;
use crate::raw::heap;
use crate::raw::process::{self, Activity};
use crate::raw::run_monitor::{RunMonitor, StopCause, StopRequest};
use crate::raw::watched::Watched;
use crate::run::failure::{Failure, FailureKind};
use crate::run::limits::growth_message;
use crate::run::options::Options;
use crate::run::outcome::Run;

/// The longest interval between two polls of a run.
const POLL_INTERVAL_MAX: Duration = Duration::from_millis(50);

/// The time that a run has for ending after it was asked to because of its memory.
const MEMORY_GRACE: Duration = Duration::from_secs(2);

/// The same for a run that passes no scheduling point, and so does not notice the request.
const UNRESPONSIVE_GRACE: Duration = Duration::from_millis(100);

/// The most times that a thread which holds a global lock is resumed before it is stopped nevertheless.
const RESUMES_MAX: u32 = 200;

/// The memory limit of runs after a run was abandoned, whose memory is lost.
const MAX_MEMORY_AFTER_ABANDONED: u64 = 256 << 20;

/// On systems without per-thread processor time, the limit of real time as a multiple of that of processor
/// time.
const REAL_TIME_FACTOR: u32 = 10;

/// The running simulations of this process.
static RUNNING: Mutex<Vec<Arc<RunMonitor>>> = Mutex::new(Vec::new());

/// The number of abandoned runs.
static ABANDONED_RUNS: Mutex<u32> = Mutex::new(0);

/// The memory of runs that were abandoned because of it, in bytes. It stays resident, and is not the memory
/// of runs that go on beside them.
static LOST_MEMORY: AtomicU64 = AtomicU64::new(0);

/// The note that the process prints below the verdict when it has to abort with a run.
pub const ABORT_NOTE: &str =
    "(the thread was stopped while it was printing, so that no other thread can print: the process ends)";

/// The number of runs of this process that were abandoned. Each has leaked its OS thread and its memory.
///
/// Such a run has failed as blocked, as a stack overflow, or for lack of memory. A process that has many more
/// tests to run should be replaced by a new one.
#[must_use]
pub fn abandoned_runs() -> u32 {
    *ABANDONED_RUNS.lock()
}

/// Waits for the end of a run, and abandons it if necessary.
pub(super) fn wait<T>(
    thread: OsThread,
    results: &Receiver<(Run<T>, bool)>,
    watched: &Watched<Scheduler>,
    options: &Options,
) -> Run<T> {
    let _registration = Registration::new(watched.monitor());
    let mut watchdog = Watchdog::new(&thread, watched, options);
    let mut interval = Duration::from_millis(1);
    loop {
        match results.recv_timeout(interval) {
            Ok((run, is_reusable)) => {
                thread.finish(is_reusable);
                return run;
            }
            Err(RecvTimeoutError::Disconnected) => {
                thread.join();
                unreachable!("a run that brings no result has panicked");
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(run) = watchdog.poll(interval) {
            return run;
        }
        interval = (interval * 2).min(POLL_INTERVAL_MAX);
    }
}

/// Registers a run in [`RUNNING`] until it is dropped.
struct Registration<'a>(&'a Arc<RunMonitor>);

impl<'a> Registration<'a> {
    fn new(monitor: &'a Arc<RunMonitor>) -> Self {
        RUNNING.lock().push(monitor.clone());
        Self(monitor)
    }
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        RUNNING.lock().retain(|monitor| !Arc::ptr_eq(monitor, self.0));
    }
}

/// The reason for abandoning a run.
#[derive(Clone)]
enum Reason {
    /// It has computed for this much processor time, or slept for this long, without a scheduling point.
    Stalled { running: Duration, sleeping: Duration },
    /// The process has grown by this many bytes.
    Memory(u64),
    /// Its OS thread has stopped by itself.
    Stopped(StopCause),
}

/// The observations of one run.
struct Watchdog<'a> {
    thread: &'a OsThread,
    watched: &'a Watched<Scheduler>,
    monitor: &'a Arc<RunMonitor>,
    options: &'a Options,
    began: Instant,
    last_poll: Instant,
    /// At the last poll.
    progress: u64,
    cpu: Option<Duration>,
    /// Processor time and sleep since the last scheduling point.
    running: Duration,
    sleeping: Duration,
    /// The resident memory of the process at the first poll; `None` before. The first poll comes soon, and
    /// most runs end before it.
    memory_before: Option<u64>,
    /// The lost memory of the process at the start of the run.
    lost_at_start: u64,
    /// The uncounted memory of the process at the start of the run.
    uncounted_at_start: i64,
    /// The largest growth of the uncounted memory since then: freed memory may still be resident.
    uncounted_growth_max: u64,
    /// The time since the run was asked to end because of its memory.
    since_stop_request: Option<Duration>,
    /// The number of times that the thread was resumed because it held a global lock.
    resumes: u32,
}

impl<'a> Watchdog<'a> {
    fn new(thread: &'a OsThread, watched: &'a Watched<Scheduler>, options: &'a Options) -> Self {
        let now = Instant::now();
        Self {
            thread,
            watched,
            monitor: watched.monitor(),
            options,
            began: now,
            last_poll: now,
            progress: 0,
            cpu: None,
            running: Duration::ZERO,
            sleeping: Duration::ZERO,
            memory_before: None,
            lost_at_start: LOST_MEMORY.load(Ordering::Relaxed),
            uncounted_at_start: heap::held_uncounted(),
            uncounted_growth_max: 0,
            since_stop_request: None,
            resumes: 0,
        }
    }

    /// Checks the run, `nominal` after the last poll. Returns its outcome if it is abandoned.
    fn poll<T>(&mut self, nominal: Duration) -> Option<Run<T>> {
        if let Some(stop) = self.monitor.stopped() {
            return Some(self.abandon(&SymbolLock::try_acquire()?, Reason::Stopped(stop)));
        }
        // A longer time means that the watchdog did not run, and then the run may not have run either.
        let passed = self.last_poll.elapsed().min(nominal * 2);
        self.last_poll = Instant::now();
        let reason = self.check_stall(passed).or_else(|| self.check_memory(passed));
        if reason.is_none() && self.is_out_of_time() {
            // A run that does not notice the request is abandoned as stalled.
            self.monitor.request_stop(StopRequest::CpuTime);
        }
        let reason = reason?;
        // A thread that reads symbols must not be stopped, because this thread will read some.
        let symbols = SymbolLock::try_acquire()?;
        if !self.monitor.pause(self.thread.id(), self.progress) {
            return None;
        }
        // A thread that is stopped while it prints or allocates would block others.
        let computing = !matches!(reason, Reason::Stalled { running, sleeping } if sleeping > running);
        let holds_lock =
            computing && frames::holds_global_lock(&frames::resolve(&symbols, &self.monitor.stack().inner));
        if holds_lock && self.resumes < RESUMES_MAX {
            self.resumes += 1;
            self.monitor.resume();
            return None;
        }
        self.monitor.stop();
        Some(self.abandon(&symbols, self.monitor.stopped().map_or(reason, Reason::Stopped)))
    }

    fn check_stall(&mut self, passed: Duration) -> Option<Reason> {
        let progress = self.monitor.progress();
        let cpu = process::cpu_time(self.thread.id());
        let worked = match (cpu, self.cpu) {
            (Some(now), Some(before)) => now.saturating_sub(before),
            _ => Duration::ZERO,
        };
        self.cpu = cpu;
        if progress != self.progress {
            self.progress = progress;
            (self.running, self.sleeping) = (Duration::ZERO, Duration::ZERO);
            return None;
        }
        if worked > passed / 10 {
            self.running += worked;
        } else {
            match self.monitor.thread_id().map_or(Activity::Unknown, process::activity) {
                Activity::Sleeps => self.sleeping += passed,
                // Without processor times, only elapsed time is known.
                Activity::Unknown if cpu.is_none() => self.running += passed,
                Activity::Runs | Activity::Writes | Activity::Unknown => {}
            }
        }
        let (running, sleeping) = (self.running, self.sleeping);
        (running + sleeping >= self.options.stall_timeout).then_some(Reason::Stalled { running, sleeping })
    }

    /// Whether the run has exceeded its processor time.
    fn is_out_of_time(&self) -> bool {
        let limit = self.options.max_cpu_time;
        match self.cpu {
            Some(cpu) => self.monitor.cpu_of_run(cpu) > limit,
            // Without processor times, only elapsed time is known, and the machine may be busy.
            None => self.began.elapsed() > limit.saturating_mul(REAL_TIME_FACTOR),
        }
    }

    fn check_memory(&mut self, passed: Duration) -> Option<Reason> {
        let limit = if abandoned_runs() > 0 {
            self.options.max_memory.min(MAX_MEMORY_AFTER_ABANDONED)
        } else {
            self.options.max_memory
        };
        let uncounted = heap::held_uncounted().saturating_sub(self.uncounted_at_start);
        self.uncounted_growth_max = self.uncounted_growth_max.max(u64::try_from(uncounted).unwrap_or(0));
        let lost = LOST_MEMORY.load(Ordering::Relaxed) - self.lost_at_start;
        let resident = process::resident_bytes()?;
        let before = *self.memory_before.get_or_insert_with(|| {
            self.monitor.count_pages();
            resident
        });
        let growth = resident.saturating_sub(before + self.uncounted_growth_max + lost);
        if growth <= limit {
            return None;
        }
        match self.since_stop_request {
            None if self.uses_most_memory() => {
                self.monitor.request_stop(StopRequest::Memory(growth));
                self.since_stop_request = Some(Duration::ZERO);
                None
            }
            None => None,
            Some(since) => {
                self.since_stop_request = Some(since + passed);
                let unresponsive =
                    self.running + self.sleeping >= UNRESPONSIVE_GRACE && since >= UNRESPONSIVE_GRACE;
                (unresponsive || since >= MEMORY_GRACE).then_some(Reason::Memory(growth))
            }
        }
    }

    /// Whether no other run of the process has touched more memory.
    fn uses_most_memory(&self) -> bool {
        let mine = self.monitor.pages_touched();
        // Not compared with itself: it may touch more pages between the two readings.
        let others = RUNNING.lock().clone();
        others.iter().all(|other| Arc::ptr_eq(other, self.monitor) || other.pages_touched() <= mine)
    }

    /// Abandons the run, which is stopped for good. Returns its outcome.
    fn abandon<T>(&self, symbols: &SymbolLock, reason: Reason) -> Run<T> {
        *ABANDONED_RUNS.lock() += 1;
        let stack = self.monitor.stack();
        let inner = frames::resolve(symbols, &stack.inner);
        let (kind, message) = match reason {
            Reason::Stalled { running, sleeping } => stall_failure(&inner, running, sleeping),
            Reason::Memory(bytes) => {
                LOST_MEMORY.fetch_add(bytes, Ordering::Relaxed);
                (FailureKind::Memory, growth_message(bytes))
            }
            Reason::Stopped(StopCause::StackOverflow) => overflow_failure(&inner),
            Reason::Stopped(StopCause::Panic(words)) => (
                FailureKind::Panic,
                format!("{words}: a panic within labrt, after which the run cannot continue"),
            ),
            Reason::Stopped(StopCause::Memory(bytes)) => (
                FailureKind::Memory,
                format!(
                    "the system has no memory for {bytes} bytes more. Look for a length or a capacity that \
                     is computed: a difference below zero wraps around to a very large number"
                ),
            ),
        };
        if holds_output_lock(symbols, &inner, &stack.outer) {
            abort_process(self.watched, kind, &message);
        }
        let look = |scheduler: &Scheduler, consistent: bool| {
            let seen = Failure {
                location: frames::innermost_lab_frame(&inner).map(Frame::location),
                backtrace: frames::backtrace(&inner),
                // The machine determines when memory runs out; the other reasons depend on the seed alone.
                from_outside: kind == FailureKind::Memory,
                ..scheduler.failure(kind, message.clone())
            };
            let (failure, warnings) = match &scheduler.verdict {
                // The run had failed before, and blocked during clean-up.
                Some(first) if consistent => (first.clone(), vec![format!("after that: {seen}")]),
                _ => (seen, Vec::new()),
            };
            let known = if consistent { scheduler.warnings.clone() } else { Vec::new() };
            Run {
                fingerprint: scheduler.final_fingerprint(Some(&failure)),
                result: Err(failure),
                virtual_time: since_start(scheduler.now),
                cpu_time: self.cpu.map_or_else(|| self.began.elapsed(), |cpu| self.monitor.cpu_of_run(cpu)),
                steps: scheduler.steps,
                warnings: known.into_iter().chain(warnings).collect(),
                log: if consistent { scheduler.log.lines() } else { Vec::new() },
            }
        };
        self.watched.inspect_stopped(look).expect("the OS thread is stopped")
    }
}

/// Whether the stopped thread holds the lock of an output stream, so that no other thread can print.
fn holds_output_lock(symbols: &SymbolLock, inner: &[Frame], outer: &[usize]) -> bool {
    frames::holds_output_lock(inner) || frames::holds_output_lock(&frames::resolve(symbols, outer))
}

/// Prints the failure and aborts the process, which would hang at the next output.
fn abort_process(watched: &Watched<Scheduler>, kind: FailureKind, message: &str) -> ! {
    let failure = watched.inspect_stopped(|scheduler, _| scheduler.failure(kind, message.to_owned()));
    let failure = failure.map(|failure| failure.to_string()).unwrap_or_default();
    process::abort_with_message(&format!("{failure}\n{ABORT_NOTE}\n"))
}

/// The failure of a thread that has not called labrt for too long.
fn stall_failure(frames: &[Frame], running: Duration, sleeping: Duration) -> (FailureKind, String) {
    let message = match frames::blocking_call(frames) {
        Some(call) if sleeping > running => blocked_message(call, sleeping),
        _ if sleeping > running => format!(
            "the thread has been waiting in a system call for {:.1} s of real time, and no other thread of \
             the run can continue: they all share one OS thread. Wait by labrt only: its locks, its \
             channels, its `thread::sleep`",
            sleeping.as_secs_f64()
        ),
        _ => format!(
            "the thread has been computing for {:.1} s of real time without a call of labrt, so no other \
             thread can run: an endless loop? A loop that waits for another thread must wait by labrt (a \
             condition variable, a channel, `labrt::thread::sleep`): atomics and `yield_now` of std do not \
             let other threads run",
            running.as_secs_f64()
        ),
    };
    (FailureKind::Blocked, message)
}

/// The message for a thread that waits in a call which a simulation does not support.
pub(super) fn blocked_message(blocking: frames::BlockingCall, since: Duration) -> String {
    let frames::BlockingCall { call, advice } = blocking;
    format!(
        "the thread has been waiting in {call} for {:.1} s of real time. No other thread can wake it: all \
         simulated threads share one OS thread, which this wait blocks. {advice}",
        since.as_secs_f64()
    )
}

/// The failure of a thread whose stack is full.
fn overflow_failure(frames: &[Frame]) -> (FailureKind, String) {
    let repeated: Vec<String> = frames::repeated(frames)
        .into_iter()
        .map(|frame| format!("\n  {} ({})", frame.function, frame.location()))
        .collect();
    let size = crate::raw::coroutine::STACK_SIZE / 1024;
    let message = if repeated.is_empty() {
        format!(
            "the thread's stack of {size} KiB is full. Keep large values on the heap (`Vec`, `Box`), and \
             look for a function that calls itself without end"
        )
    } else {
        format!(
            "the thread's stack of {size} KiB is full: an endless recursion? These functions call each other \
             or themselves:{}",
            repeated.concat()
        )
    };
    (FailureKind::Overflow, message)
}
