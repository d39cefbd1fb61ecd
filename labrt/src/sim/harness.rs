//! Operations of [`Sim`] for the harness: nodes, events, verdicts and the log.

use std::sync::Arc;
use std::time::Duration;

use super::simulation::Sim;
use super::timers::Due;
use crate::clock::{nanos, since_start};
use crate::raw::heap;
use crate::raw::run_monitor::{is_inside, record_panic, with_real_std};
use crate::rng::StreamRng;
use crate::run::failure::{Failure, FailureKind, Panic};
use crate::run::local::Local;
use crate::run::log::LogLine;
use crate::traffic::RemoteCall;
use crate::wait::{SourceLocation, Ticket};

/// Nodes.
impl Sim {
    pub(crate) fn add_node(&self, name: String) -> (u32, Arc<str>) {
        let mut scheduler = self.scheduler.borrow_mut();
        let seed = scheduler.options.seed;
        let id = scheduler.nodes.add(name, seed);
        (id, scheduler.nodes[id].name.clone())
    }

    pub(crate) fn is_node_alive(&self, node: u32) -> bool {
        self.scheduler.borrow().nodes[node].alive
    }

    pub(crate) fn pause(&self, node: u32) {
        self.scheduler.borrow_mut().pause(node);
    }

    pub(crate) fn resume(&self, node: u32) {
        self.scheduler.borrow_mut().resume(node);
    }

    pub(crate) fn set_clock_rate(&self, node: u32, per_million: u32) {
        self.scheduler.borrow_mut().set_clock_rate(node, per_million);
    }

    /// Does nothing: the scheduler finds the callers of a dead node by their waits.
    pub(crate) fn await_call(&self, _node: u32, _ticket: Ticket) {}

    pub(crate) fn forget_call(&self, _node: u32, _ticket: Ticket) {}

    pub(crate) fn draw<R>(&self, draw: impl FnOnce(&mut StreamRng) -> R) -> R {
        let node = self.current_node();
        draw(&mut self.scheduler.borrow_mut().nodes[node].rng)
    }
}

/// The run.
impl Sim {
    pub(crate) fn stream(&self, name: &str) -> StreamRng {
        StreamRng::new(self.scheduler.borrow().options.seed, name)
    }

    /// Schedules `event` to run outside every thread, `delay` from now.
    pub(crate) fn schedule(&self, delay: Duration, event: Box<dyn FnOnce() + Send>) {
        let at = self.run_now().saturating_add(nanos(delay));
        self.scheduler.borrow_mut().timers.add(at, Due::Event(event));
    }

    /// Records that a message was sent or an entry applied, as progress and in the fingerprint.
    #[inline]
    pub(crate) fn record_event(&self, hash: u64) {
        let mut scheduler = self.scheduler.borrow_mut();
        scheduler.mix(hash);
        scheduler.progressed();
    }

    /// Records a remote call.
    #[inline]
    pub(crate) fn remote_call(&self, call: &RemoteCall<'_>) {
        self.scheduler.borrow_mut().remote_call(call);
    }

    /// Records the bytes of a message that is no new call.
    #[inline]
    pub(crate) fn record_bytes(&self, end: u32, bytes: usize) {
        let mut scheduler = self.scheduler.borrow_mut();
        let now = scheduler.now;
        scheduler.traffic.record_bytes(now, end, bytes);
    }

    pub(crate) fn busiest_calls(&self) -> String {
        self.scheduler.borrow().busiest_calls()
    }

    pub(crate) fn lock_waits(&self) -> Vec<String> {
        self.scheduler.borrow().lock_waits()
    }

    /// The memory of the simulation, in bytes.
    pub(crate) fn heap_bytes(&self) -> u64 {
        u64::try_from(heap::held()).unwrap_or(0)
    }

    pub(crate) fn set_local(&self, value: Arc<Local>) {
        let before = self.local.borrow_mut().replace(value);
        assert!(before.is_none(), "`World::set_local` was called twice in a run");
    }

    #[inline]
    pub(crate) fn with_local<R>(&self, f: impl FnOnce(&Arc<Local>) -> R) -> Option<R> {
        self.local.borrow().as_ref().map(f)
    }

    /// Drops the value of the harness, unless a thread was abandoned while it used the value.
    pub(crate) fn drop_local(&self) {
        let value = self.local.try_borrow_mut().ok().and_then(|mut local| local.take());
        drop(value);
    }
}

/// Verdicts and warnings.
impl Sim {
    /// Ends the run with this verdict, unless it has one already.
    pub(crate) fn fail(&self, kind: FailureKind, message: String, location: Option<SourceLocation>) {
        self.scheduler.borrow_mut().fail(kind, message, location);
    }

    /// Makes a panic of the current thread the run's verdict. Returns whether the caller is a simulated
    /// thread.
    pub(crate) fn panicked(&self, describe: impl FnOnce(bool) -> Panic) -> bool {
        let Ok(mut scheduler) = self.scheduler.try_borrow_mut() else {
            if !is_inside() {
                return false;
            }
            // labrt itself has panicked while it changed the scheduler. The OS thread cannot be stopped here,
            // because it holds the lock of the panic hook. It is stopped when a destructor waits or enters
            // the scheduler, or at the base of the thread.
            let panic = describe(false);
            let location = panic.location.map(|location| format!(" at {location}")).unwrap_or_default();
            record_panic(panic.message + &location);
            self.atomic.set(true); // no other thread may run
            return true;
        };
        let Some(slot) = scheduler.current else { return false };
        let thread = &mut scheduler.threads[slot];
        thread.unwinding = true;
        if thread.dying {
            return true;
        }
        let recording = scheduler.options.record;
        drop(scheduler);
        let panic = describe(recording);
        let mut scheduler = self.scheduler.borrow_mut();
        let failure = Failure {
            location: panic.location,
            backtrace: panic.backtrace,
            ..scheduler.failure(panic.kind, panic.message)
        };
        scheduler.verdict.get_or_insert(failure);
        scheduler.stop = true;
        true
    }

    pub(crate) fn warn(&self, message: String) {
        self.scheduler.borrow_mut().warn(message);
    }
}

/// The log.
impl Sim {
    pub(crate) fn recording(&self) -> bool {
        self.scheduler.try_borrow().is_ok_and(|scheduler| scheduler.options.record)
    }

    /// Adds a line to the log of a recorded run. Its memory is uncounted, so that recording does not change
    /// the run.
    pub(crate) fn record(&self, level: ::log::Level, target: &str, text: &str) {
        heap::uncounted(|| self.record_line(level, target, text));
    }

    fn record_line(&self, level: ::log::Level, target: &str, text: &str) {
        let mut scheduler = self.scheduler.borrow_mut();
        let (cause, after) = (scheduler.trace_context(), scheduler.newest_context);
        let (node, thread) = match scheduler.current {
            Some(slot) => {
                let thread = &scheduler.threads[slot];
                (scheduler.nodes[thread.node].name.to_string(), thread.name.to_string())
            }
            None => (String::new(), String::new()),
        };
        let at = since_start(scheduler.now);
        let (target, text) = (target.to_owned(), text.to_owned());
        let line = LogLine { at, node, thread, level, target, text, cause, after };
        match scheduler.options.tap {
            Some(tap) => {
                drop(scheduler);
                // The tap concerns the process, not the run.
                with_real_std(|| tap.take(&line));
            }
            None => scheduler.log.push(line),
        }
    }
}
