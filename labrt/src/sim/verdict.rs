//! Failures that the scheduler detects, verdicts and warnings.

use super::frames;
use super::scheduler::{LIVELOCK_BOUND, SPIN_BOUND, Scheduler};
use crate::clock::since_start;
use crate::raw::run_monitor::{StopRequest, with_real_std};
use crate::run::failure::{Failure, FailureKind};
use crate::run::ids::TESTER;
use crate::run::limits::{growth_message, time_message};
use crate::traffic::RemoteCall;
use crate::wait::SourceLocation;

impl Scheduler {
    /// Fails the run because it makes no progress: the current thread spins, threads wake each other, or the
    /// limit of scheduling points is exceeded.
    #[cold]
    pub(super) fn report_livelock(&mut self, slot: u32) {
        let spins = self.threads[slot].spins;
        let (kind, message) = if spins > SPIN_BOUND {
            let message = format!(
                "the thread passed {SPIN_BOUND} scheduling points without waiting once: it spins. Wait on a \
                 condition variable or a channel, or sleep between two checks{}",
                self.busiest_calls()
            );
            (FailureKind::Livelock, message)
        } else if self.steps > self.options.max_steps {
            let message = format!(
                "the run has not ended after {} scheduling points, though only {:.3} virtual seconds have \
                 passed: threads wake each other, or servers exchange messages, with hardly any delay. Look \
                 for a message that is always answered by another one{}",
                self.options.max_steps,
                since_start(self.now).as_secs_f64(),
                self.busiest_calls()
            );
            (FailureKind::Timeout, message)
        } else {
            let message = format!(
                "{LIVELOCK_BOUND} scheduling points passed without a message and without a moment when all \
                 threads wait: threads wake each other without making progress{}",
                self.busiest_calls()
            );
            (FailureKind::Livelock, message)
        };
        self.fail_here(kind, message);
    }

    /// Fails the run because the watchdog has requested its end.
    #[cold]
    pub(super) fn handle_stop_request(&mut self) {
        if self.stop {
            return;
        }
        match self.monitor.stop_request() {
            Some(StopRequest::Memory(bytes)) => self.fail_here(FailureKind::Memory, growth_message(bytes)),
            Some(StopRequest::CpuTime) => {
                let message = time_message(self.options.max_cpu_time) + &self.busiest_calls();
                self.fail(FailureKind::Timeout, message, None);
                if let Some(failure) = &mut self.verdict {
                    failure.from_outside = true;
                }
            }
            None => {}
        }
    }

    /// The most frequent remote calls so far, for messages.
    pub(crate) fn busiest_calls(&self) -> String {
        self.traffic.busiest_message(self.now)
    }

    /// Records a remote call of the current thread.
    #[inline]
    pub(crate) fn remote_call(&mut self, call: &RemoteCall<'_>) {
        let node = self.current.map_or(TESTER, |slot| self.threads[slot].node);
        let caller = (node, &self.nodes[node].name);
        if self.traffic.call(self.now, caller, call) && !self.stop {
            let message = self.traffic.storm_message(self.now);
            self.fail(FailureKind::Timeout, message, Some(call.location));
        }
    }

    /// Fails the run at the current line of lab code.
    pub(crate) fn fail_here(&mut self, kind: FailureKind, message: String) {
        if self.verdict.is_some() {
            return;
        }
        let frames = with_real_std(frames::capture);
        let failure = Failure {
            location: frames::innermost_lab_frame(&frames).map(frames::Frame::location),
            backtrace: frames::backtrace(&frames),
            ..self.failure(kind, message)
        };
        self.verdict = Some(failure);
        self.stop = true;
    }

    /// Ends the run with this verdict, unless it has one already.
    pub(crate) fn fail(&mut self, kind: FailureKind, message: String, location: Option<SourceLocation>) {
        let failure = Failure { location: location.map(ToString::to_string), ..self.failure(kind, message) };
        self.verdict.get_or_insert(failure);
        self.stop = true;
    }

    /// A failure that the current thread detects now.
    pub(crate) fn failure(&self, kind: FailureKind, message: String) -> Failure {
        let (node, thread) = match self.current {
            Some(slot) => {
                let thread = &self.threads[slot];
                (self.nodes[thread.node].name.to_string(), thread.name.to_string())
            }
            None => (self.nodes[TESTER].name.to_string(), "scheduler".to_owned()),
        };
        let at = since_start(self.now);
        Failure { kind, message, at, node, thread, location: None, backtrace: None, from_outside: false }
    }

    pub(crate) fn warn(&mut self, message: String) {
        if !self.warnings.contains(&message) {
            self.warnings.push(message);
        }
    }

    /// `thread` of `node`, for messages.
    pub(crate) fn describe(&self, slot: u32) -> String {
        let thread = &self.threads[slot];
        format!("thread `{}` of {}", thread.name, self.nodes[thread.node].name)
    }
}
