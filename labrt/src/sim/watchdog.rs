//! What is seen of a run from outside, in real time: a run that blocks its OS thread, whose stack overflows,
//! or that eats memory is given up, and the process goes on.
//!
//! Real time accuses nobody by itself. A thread that runs is judged by the processor time that it took since
//! its last scheduling point, one that sleeps by how often it was seen asleep: a machine that is busy or was
//! asleep makes the verdict come later, not wrong.

use std::os::unix::thread::JoinHandleExt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::frames::{self, Frame, SymbolLock};
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

/// How often a run is looked at when it has lasted for a while.
const POLL_INTERVAL_MAX: Duration = Duration::from_millis(50);

/// A run that was asked to end because of its memory is given so long for it.
const MEMORY_GRACE: Duration = Duration::from_secs(2);

/// The same while it passes no scheduling point, and so does not hear.
const UNRESPONSIVE_GRACE: Duration = Duration::from_millis(100);

/// How often a thread that holds what others need is let go again before it is stopped all the same.
const RESUMES_MAX: u32 = 200;

/// Once memory has been lost with a run that was given up, the next runs may take less.
const MAX_MEMORY_AFTER_ABANDONED: u64 = 256 << 20;

/// How many times the processor time that it may take a run may last, where nobody can tell how much it
/// takes.
const REAL_TIME_FACTOR: u32 = 10;

/// The runs that are going on in this process.
static RUNNING: Mutex<Vec<Arc<RunMonitor>>> = Mutex::new(Vec::new());

/// Runs that were given up, and their OS threads with them.
static ABANDONED_RUNS: Mutex<u32> = Mutex::new(0);

/// What a process prints, below the verdict, that a run takes along.
pub const ABORT_NOTE: &str = "(the thread was printing, and nobody else can print now: the process ends)";

/// How many runs of this process were given up, together with the OS thread and the memory that they had.
///
/// Such a run has failed as blocked, or for want of stack or memory. A process that is to run many more tests
/// may want to make way for a fresh one.
#[must_use]
pub fn abandoned_runs() -> u32 {
    *ABANDONED_RUNS.lock()
}

/// Waits for a run to end, by itself or not.
pub(super) fn wait<T>(
    thread: JoinHandle<()>,
    results: &Receiver<Run<T>>,
    watched: &Watched<Scheduler>,
    options: &Options,
) -> Run<T> {
    let _registration = Registration::new(watched.monitor());
    let mut watchdog = Watchdog::new(&thread, watched, options);
    let mut interval = Duration::from_millis(1);
    loop {
        match results.recv_timeout(interval) {
            Ok(run) => {
                thread.join().unwrap_or_else(|panic| resume_unwind(panic));
                return run;
            }
            Err(RecvTimeoutError::Disconnected) => {
                let panic = thread.join().expect_err("a run that brings no result has panicked");
                resume_unwind(panic);
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(run) = watchdog.poll(interval) {
            return run;
        }
        interval = (interval * 2).min(POLL_INTERVAL_MAX);
    }
}

/// The run's place among those that are going on.
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

/// Why a run is given up.
#[derive(Clone)]
enum Reason {
    /// It has run without a scheduling point for so much processor time, or slept for so long.
    Stalled { running: Duration, sleeping: Duration },
    /// It has grown too much.
    Memory(u64),
    /// It has stopped by itself.
    Stopped(StopCause),
}

/// What is known of one run from outside.
struct Watchdog<'a> {
    thread: &'a JoinHandle<()>,
    watched: &'a Watched<Scheduler>,
    monitor: &'a Arc<RunMonitor>,
    options: &'a Options,
    began: Instant,
    last_poll: Instant,
    /// At the last look.
    progress: u64,
    cpu: Option<Duration>,
    /// Since the last scheduling point.
    running: Duration,
    sleeping: Duration,
    /// Resident bytes of the process at the start.
    memory_at_start: u64,
    /// Bytes that the process held at the start and that no run is charged with.
    uncounted_at_start: i64,
    /// By how much that has grown since, at the most: what was freed may still be resident.
    uncounted_growth_max: u64,
    /// How long it has been asked to end.
    since_stop_request: Option<Duration>,
    resumes: u32,
}

impl<'a> Watchdog<'a> {
    fn new(thread: &'a JoinHandle<()>, watched: &'a Watched<Scheduler>, options: &'a Options) -> Self {
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
            memory_at_start: process::resident_bytes().unwrap_or(0),
            uncounted_at_start: heap::held_uncounted(),
            uncounted_growth_max: 0,
            since_stop_request: None,
            resumes: 0,
        }
    }

    /// Looks at the run after `nominal`. Answers what it came to if it is given up.
    fn poll<T>(&mut self, nominal: Duration) -> Option<Run<T>> {
        if let Some(stop) = self.monitor.stopped() {
            return Some(self.give_up(&SymbolLock::try_acquire()?, Reason::Stopped(stop)));
        }
        // If we were stopped in between, or kept from running, so was the run.
        let passed = self.last_poll.elapsed().min(nominal * 2);
        self.last_poll = Instant::now();
        let reason = self.check_stall(passed).or_else(|| self.check_memory(passed));
        if reason.is_none() && self.is_out_of_time() {
            // Who does not hear is charged with that.
            self.monitor.request_stop(StopRequest::CpuTime);
        }
        let reason = reason?;
        // Who reads symbols is not stopped: we are going to read some ourselves.
        let symbols = SymbolLock::try_acquire()?;
        if !self.monitor.pause(self.thread.as_pthread_t(), self.progress) {
            return None;
        }
        // A thread that stands still in the midst of printing or allocating would make others stand still.
        let moves = !matches!(reason, Reason::Stalled { running, sleeping } if sleeping > running);
        let holds_lock =
            moves && frames::holds_global_lock(&frames::resolve(&symbols, &self.monitor.stack().inner));
        if holds_lock && self.resumes < RESUMES_MAX {
            self.resumes += 1;
            self.monitor.resume();
            return None;
        }
        self.monitor.stop();
        Some(self.give_up(&symbols, self.monitor.stopped().map_or(reason, Reason::Stopped)))
    }

    fn check_stall(&mut self, passed: Duration) -> Option<Reason> {
        let progress = self.monitor.progress();
        let cpu = process::cpu_time(self.thread.as_pthread_t());
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
                // Without the evidence only time is left.
                Activity::Unknown if cpu.is_none() => self.running += passed,
                Activity::Runs | Activity::Writes | Activity::Unknown => {}
            }
        }
        let (running, sleeping) = (self.running, self.sleeping);
        (running + sleeping >= self.options.stall_timeout).then_some(Reason::Stalled { running, sleeping })
    }

    /// Whether the run has taken all the processor time that it may.
    fn is_out_of_time(&self) -> bool {
        let limit = self.options.max_cpu_time;
        match self.cpu {
            Some(cpu) => cpu > limit,
            // Without the evidence only time is left, and the machine may be busy.
            None => self.began.elapsed() > limit.saturating_mul(REAL_TIME_FACTOR),
        }
    }

    fn check_memory(&mut self, passed: Duration) -> Option<Reason> {
        let lost = abandoned_runs() > 0;
        let limit = if lost {
            self.options.max_memory.min(MAX_MEMORY_AFTER_ABANDONED)
        } else {
            self.options.max_memory
        };
        let uncounted = heap::held_uncounted().saturating_sub(self.uncounted_at_start);
        self.uncounted_growth_max = self.uncounted_growth_max.max(u64::try_from(uncounted).unwrap_or(0));
        let growth =
            process::resident_bytes()?.saturating_sub(self.memory_at_start + self.uncounted_growth_max);
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

    /// Whether no other run of the process has touched so much memory.
    fn uses_most_memory(&self) -> bool {
        let touched =
            |monitor: &Arc<RunMonitor>| monitor.thread_id().and_then(process::pages_touched).unwrap_or(0);
        let mine = touched(self.monitor);
        RUNNING.lock().iter().all(|other| touched(other) <= mine)
    }

    /// The run stands still for ever: what it came to.
    fn give_up<T>(&self, symbols: &SymbolLock, reason: Reason) -> Run<T> {
        *ABANDONED_RUNS.lock() += 1;
        let stack = self.monitor.stack();
        let inner = frames::resolve(symbols, &stack.inner);
        let (kind, message) = match reason {
            Reason::Stalled { running, sleeping } => stall_failure(&inner, running, sleeping),
            Reason::Memory(bytes) => (FailureKind::Memory, growth_message(bytes)),
            Reason::Stopped(StopCause::StackOverflow) => overflow_failure(&inner),
            Reason::Stopped(StopCause::Panic(words)) => (
                FailureKind::Panic,
                format!("{words}: a panic within labrt, after which the run cannot go on"),
            ),
            Reason::Stopped(StopCause::Memory(bytes)) => (
                FailureKind::Memory,
                format!(
                    "the system has no memory for {bytes} bytes more. Look for a length or a capacity that is computed, \
                     for a difference below zero is a very large number"
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
                // When memory runs out is the machine's choice; where a thread stops to go on is the run's
                // own.
                from_outside: kind == FailureKind::Memory,
                ..scheduler.failure(kind, message.clone())
            };
            let (failure, warnings) = match &scheduler.verdict {
                // It had failed already, and blocked while it was taken down.
                Some(first) if consistent => (first.clone(), vec![format!("after that: {seen}")]),
                _ => (seen, Vec::new()),
            };
            let known = if consistent { scheduler.warnings.clone() } else { Vec::new() };
            Run {
                fingerprint: scheduler.final_fingerprint(Some(&failure)),
                result: Err(failure),
                virtual_time: since_start(scheduler.now),
                cpu_time: self.cpu.unwrap_or_else(|| self.began.elapsed()),
                steps: scheduler.steps,
                warnings: known.into_iter().chain(warnings).collect(),
                log: if consistent { scheduler.log.lines() } else { Vec::new() },
            }
        };
        self.watched.inspect_stopped(look).expect("it stands still")
    }
}

/// What a thread that stands still in the midst of printing takes along: everything that prints.
fn holds_output_lock(symbols: &SymbolLock, inner: &[Frame], outer: &[usize]) -> bool {
    frames::holds_output_lock(inner) || frames::holds_output_lock(&frames::resolve(symbols, outer))
}

/// Says what happened, and ends the process: it could only hang.
fn abort_process(watched: &Watched<Scheduler>, kind: FailureKind, message: &str) -> ! {
    let failure = watched.inspect_stopped(|scheduler, _| scheduler.failure(kind, message.to_owned()));
    let failure = failure.map(|failure| failure.to_string()).unwrap_or_default();
    process::abort_with_message(&format!("{failure}\n{ABORT_NOTE}\n"))
}

/// A thread that has not come back to labrt.
fn stall_failure(frames: &[Frame], running: Duration, sleeping: Duration) -> (FailureKind, String) {
    let message = match frames::blocking_call(frames) {
        Some(blocking) if sleeping > running => blocked_message(blocking, sleeping),
        _ if sleeping > running => format!(
            "the thread waits in a call of the system for {:.1} s of real time, and no other thread of the run can go on \
             meanwhile: they all share one OS thread. Wait by labrt alone: its locks, its channels, its \
             `thread::sleep`",
            sleeping.as_secs_f64()
        ),
        _ => format!(
            "the thread has been computing for {:.1} s of real time without a call of labrt, so no other thread can \
             run: an endless loop? A loop that waits for another thread must wait by labrt (a condition variable, a \
             channel, `labrt::thread::sleep`): atomics and `yield_now` of std let nobody else run",
            running.as_secs_f64()
        ),
    };
    (FailureKind::Blocked, message)
}

/// A thread that waits in something that knows nothing of the simulation.
pub(super) fn blocked_message(blocking: frames::BlockingCall, since: Duration) -> String {
    let frames::BlockingCall { call, advice } = blocking;
    format!(
        "the thread waits in {call} for {:.1} s of real time. Nobody can wake it: all simulated threads share one OS \
         thread, and this wait stops them all. {advice}",
        since.as_secs_f64()
    )
}

/// A stack that came to its end.
fn overflow_failure(frames: &[Frame]) -> (FailureKind, String) {
    let repeated: Vec<String> = frames::repeated(frames)
        .into_iter()
        .map(|frame| format!("\n  {} ({})", frame.function, frame.location()))
        .collect();
    let size = crate::raw::coroutine::STACK_SIZE / 1024;
    let message = if repeated.is_empty() {
        format!(
            "the thread's stack of {size} KiB is full. Keep big values on the heap (`Vec`, `Box`), and look for a \
             function that calls itself without end"
        )
    } else {
        format!(
            "the thread's stack of {size} KiB is full: a recursion without end? These functions call each other, or \
             themselves, again and again:{}",
            repeated.concat()
        )
    };
    (FailureKind::Overflow, message)
}
