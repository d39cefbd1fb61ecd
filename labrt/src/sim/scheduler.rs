//! The scheduler: who runs next, what time it is, and what it all amounts to.
//!
//! Everything here is bookkeeping: nothing in this file runs lab code or switches stacks. `Sim`
//! asks what to do next, does it, and asks again.

use std::borrow::Cow;
use std::sync::Arc;

use super::choice::{self, Choose};
use super::frames;
use super::kill_state::{KillInProgress, ScheduledCrash};
use super::nodes::Nodes;
use super::preemption::Preemption;
use super::threads::{ThreadState, Threads};
use super::timers::{Due, Timers};
use crate::clock::{nanos, since_start};
use crate::raw::coroutine::{Coroutine, Stacks};
use crate::raw::hash_keys::KeySlot;
use crate::raw::run_monitor::{RunMonitor, StopRequest, with_real_std};
use crate::run::failure::{Failure, FailureKind};
use crate::run::ids::TESTER;
use crate::run::limits::{growth_message, time_message};
use crate::run::log::LogBuffer;
use crate::run::options::Options;
use crate::thread_limit::{self, LimitReached, LiveThread, THREADS_MAX};
use crate::traffic::{RemoteCall, Traffic};
use crate::wait::{SourceLocation, ThreadId, Ticket, Wait, Woken};

/// Virtual nanoseconds that a scheduling point costs, so that a thread that never waits still
/// sees time pass.
const STEP: u64 = 20;

/// A thread that passes so many scheduling points without waiting once will never wait.
const SPIN_BOUND: u32 = 1_000_000;

/// So many scheduling points without a message, an apply or a moment when everyone waits: nothing
/// will ever come of it.
const LIVELOCK_BOUND: u64 = 2_000_000;

/// How many of the threads that wait for locks are listed when the time is up.
const LOCK_WAITS_SHOWN: usize = 5;

/// What a thread does at a scheduling point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It goes on.
    Continue,
    /// Another one goes on.
    Switch,
    /// Its node was killed: it unwinds.
    Throw,
    /// It was killed long ago and does not end: it never goes on.
    Abandon,
}

/// What the simulation does next.
pub(crate) enum Next {
    Run(u32, Coroutine),
    Event(Box<dyn FnOnce() + Send>),
    /// The main function has returned, or there is a verdict.
    End,
}

pub(crate) struct Scheduler {
    /// Virtual nanoseconds since the run began.
    pub(crate) now: u64,
    /// Scheduling points so far.
    pub(crate) steps: u64,
    /// The run fails when `steps` comes to this.
    step_limit: u64,
    /// What is seen of the run from outside.
    pub(crate) monitor: Arc<RunMonitor>,
    pub(crate) timers: Timers,
    pub(crate) threads: Threads,
    pub(crate) nodes: Nodes,
    pub(crate) stacks: Stacks,
    /// Threads that can run, except the one that runs.
    pub(crate) ready: Vec<u32>,
    pub(crate) current: Option<u32>,
    /// Where std has the keys of the node at hand.
    hash_keys: KeySlot,
    /// The node whose keys these are.
    keys_node: u32,
    /// Chosen at the last scheduling point to run next.
    chosen: Option<u32>,
    tickets: u64,
    policy: Box<dyn Choose>,
    preemption: Preemption,
    pub(crate) fingerprint: u64,
    /// The run is over: only dying threads run from now on.
    pub(crate) stop: bool,
    /// The fingerprint of the run, once it is over. How it is taken down is no part of it.
    sealed: Option<u64>,
    pub(crate) verdict: Option<Failure>,
    pub(crate) kill: Option<KillInProgress>,
    pub(crate) scheduled_crash: Option<ScheduledCrash>,
    pub(crate) options: Options,
    pub(crate) log: LogBuffer,
    pub(crate) traffic: Traffic,
    pub(crate) warnings: Vec<String>,
}

impl Scheduler {
    pub(crate) fn new(options: Options, monitor: Arc<RunMonitor>) -> Self {
        let mut nodes = Nodes::default();
        let tester = nodes.add("tester".to_owned(), options.seed);
        let hash_keys = KeySlot::of_this_thread();
        hash_keys.replace(nodes[tester].hash_keys);
        Self {
            now: 0,
            steps: 0,
            step_limit: LIVELOCK_BOUND.min(options.max_steps),
            monitor,
            timers: Timers::default(),
            threads: Threads::default(),
            nodes,
            stacks: Stacks::default(),
            ready: Vec::new(),
            current: None,
            hash_keys,
            keys_node: tester,
            chosen: None,
            tickets: 0,
            policy: choice::start(options.policy, options.seed),
            preemption: Preemption::new(options.seed, options.preempt_every),
            fingerprint: options.seed,
            stop: false,
            sealed: None,
            verdict: None,
            kill: None,
            scheduled_crash: None,
            options,
            log: LogBuffer::default(),
            traffic: Traffic::default(),
            warnings: Vec::new(),
        }
    }

    /// Mixes one decision or message into the fingerprint.
    #[inline]
    pub(crate) fn mix(&mut self, value: u64) {
        self.fingerprint = mix_hash(self.fingerprint, value);
    }

    /// The run is over, before it is taken down: its fingerprint stands.
    pub(crate) fn seal(&mut self) {
        self.sealed = Some(self.fingerprint_now(self.verdict.as_ref().map(|failure| failure.kind)));
    }

    /// The fingerprint of a run that came to this verdict; 0 if something besides the seed decided when that
    /// was.
    pub(crate) fn final_fingerprint(&self, verdict: Option<&Failure>) -> u64 {
        match verdict {
            Some(failure) if !failure.is_repeatable() => 0,
            _ => self.sealed.unwrap_or_else(|| self.fingerprint_now(verdict.map(|failure| failure.kind))),
        }
    }

    fn fingerprint_now(&self, verdict: Option<FailureKind>) -> u64 {
        let fingerprint = mix_hash(self.fingerprint, self.steps);
        match verdict {
            // A thread that does not come back looks at the clock of std as often as the machine lets it.
            Some(FailureKind::Blocked | FailureKind::Overflow) => fingerprint,
            _ => mix_hash(fingerprint, self.now),
        }
    }

    /// Something happened: what came before was not a livelock.
    #[inline]
    pub(crate) fn progressed(&mut self) {
        self.step_limit = (self.steps + LIVELOCK_BOUND).min(self.options.max_steps);
    }

    pub(crate) fn current_id(&self) -> Option<ThreadId> {
        self.current.map(|slot| ThreadId { slot, serial: self.threads[slot].serial })
    }

    /// The node of the current thread; the tester's outside every thread.
    pub(crate) fn current_node(&self) -> u32 {
        self.current.map_or(TESTER, |slot| self.threads[slot].node)
    }

    /// The trace context of the current thread; 0 outside every thread.
    #[inline]
    pub(crate) fn trace_context(&self) -> u64 {
        self.current.map_or(0, |slot| self.threads[slot].trace_context)
    }

    /// A scheduling point of the current thread.
    #[inline]
    pub(crate) fn step(&mut self) -> Step {
        let Some(slot) = self.current else { return Step::Continue };
        let thread = &mut self.threads[slot];
        if thread.dying | thread.unwinding {
            return self.step_dying(slot);
        }
        thread.spins += 1;
        self.now += STEP;
        self.steps += 1;
        if thread.spins > SPIN_BOUND || self.steps > self.step_limit {
            self.report_livelock(slot);
        }
        if self.monitor.record_progress() {
            self.handle_stop_request();
        }
        if self.scheduled_crash.is_some() && self.tick_scheduled_crash(slot) {
            return Step::Switch;
        }
        if self.preemption.is_due() && self.preempt(slot) {
            return Step::Switch;
        }
        if self.stop || self.now >= self.timers.next_at() {
            self.ready.push(slot);
            return Step::Switch;
        }
        let others = self.ready.len();
        if others == 0 {
            return Step::Continue;
        }
        let choice = self.policy.choose(others + 1);
        if choice == others {
            self.mix(self.threads[slot].serial);
            return Step::Continue;
        }
        let chosen = std::mem::replace(&mut self.ready[choice], slot);
        self.chosen = Some(chosen);
        Step::Switch
    }

    /// One of `count` possibilities.
    pub(crate) fn decide(&mut self, count: usize) -> usize {
        let choice = self.policy.choose(count);
        self.mix(choice as u64);
        choice
    }

    /// The position in the ready list of a thread that runs instead of the current one, chosen to run next.
    pub(crate) fn choose_other(&mut self) -> usize {
        let count = self.ready.len();
        let choice = if count == 1 { 0 } else { self.policy.choose(count) };
        self.chosen = Some(self.ready[choice]);
        choice
    }

    #[cold]
    fn report_livelock(&mut self, slot: u32) {
        let spins = self.threads[slot].spins;
        let (kind, message) = if spins > SPIN_BOUND {
            let message = format!(
                "the thread passed {SPIN_BOUND} scheduling points without waiting once: it spins. Wait on a \
                 condition variable or a channel, or sleep between two looks{}",
                self.busiest_calls()
            );
            (FailureKind::Livelock, message)
        } else if self.steps > self.options.max_steps {
            let message = format!(
                "the run has not ended after {} scheduling points, though only {:.3} virtual seconds have passed: \
                 threads keep waking each other, or messages go to and fro, with hardly any delay. Find out who \
                 answers every message with another one{}",
                self.options.max_steps,
                since_start(self.now).as_secs_f64(),
                self.busiest_calls()
            );
            (FailureKind::Timeout, message)
        } else {
            let message = format!(
                "{LIVELOCK_BOUND} scheduling points passed without a message or a moment of rest: threads keep \
                 waking each other and nothing comes of it{}",
                self.busiest_calls()
            );
            (FailureKind::Livelock, message)
        };
        self.fail_here(kind, message);
    }

    /// Somebody who looks from outside wants the run to end.
    #[cold]
    fn handle_stop_request(&mut self) {
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

    /// The busiest remote calls so far.
    pub(crate) fn busiest_calls(&self) -> String {
        self.traffic.busiest_message(self.now)
    }

    /// The current thread makes a remote call.
    #[inline]
    pub(crate) fn remote_call(&mut self, call: &RemoteCall<'_>) {
        let node = self.current.map_or(TESTER, |slot| self.threads[slot].node);
        let caller = (node, &self.nodes[node].name);
        if self.traffic.call(self.now, caller, call) && !self.stop {
            let message = self.traffic.storm_message(self.now);
            self.fail(FailureKind::Timeout, message, Some(call.location));
        }
    }

    /// Fails the run, with the line of lab code where the current thread is.
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

    /// Decides what runs next, and lets time pass when nothing can run.
    pub(crate) fn next(&mut self) -> Next {
        self.current = None;
        loop {
            self.monitor.record_progress();
            if self.kill.is_some() {
                match self.next_dying() {
                    Some(slot) => return self.run(slot),
                    None => continue,
                }
            }
            if self.stop {
                return Next::End;
            }
            if let Some(slot) = self.chosen.take() {
                return self.run(slot);
            }
            match self.timers.pop_due(self.now) {
                Some(Due::Wake(ticket)) => {
                    self.wake(ticket, Woken::TimedOut);
                    continue;
                }
                Some(Due::Resume(thread)) => {
                    self.end_preemption(thread);
                    continue;
                }
                Some(Due::Event(event)) => {
                    self.switch_node(TESTER);
                    return Next::Event(event);
                }
                None => {}
            }
            match self.ready.len() {
                0 => self.pass_time(),
                1 => {
                    let slot = self.ready.swap_remove(0);
                    return self.run(slot);
                }
                count => {
                    let choice = self.policy.choose(count);
                    let slot = self.ready.swap_remove(choice);
                    return self.run(slot);
                }
            }
        }
    }

    fn run(&mut self, slot: u32) -> Next {
        let thread = &mut self.threads[slot];
        let coroutine = thread.coroutine.take().expect("a thread that is not running has its coroutine");
        let (serial, node) = (thread.serial, thread.node);
        self.switch_node(node);
        self.current = Some(slot);
        self.mix(serial);
        Next::Run(slot, coroutine)
    }

    /// Another node may go on: what std keeps for the OS thread is now that node's.
    #[inline]
    fn switch_node(&mut self, node: u32) {
        if node != self.keys_node {
            let keys = self.hash_keys.replace(self.nodes[node].hash_keys);
            self.nodes[self.keys_node].hash_keys = keys;
            self.keys_node = node;
        }
    }

    /// Moves the clock to the next timer: nothing can run before it.
    fn pass_time(&mut self) {
        let at = self.timers.next_at();
        if at == u64::MAX {
            self.report_standstill();
        } else if at > nanos(self.options.max_virtual_time) {
            let limit = self.options.max_virtual_time.as_secs_f64();
            let mut message = format!("the run has not ended after {limit} virtual seconds");
            for wait in self.lock_waits().into_iter().take(LOCK_WAITS_SHOWN) {
                message.push_str("\n  ");
                message.push_str(&wait);
            }
            message.push_str(&self.busiest_calls());
            self.fail(FailureKind::Timeout, message, None);
        } else {
            self.now = self.now.max(at);
            // That a thread was preempted does not mean that everyone waits.
            if !self.timers.next_is_resume() {
                self.progressed();
            }
        }
    }

    /// Makes sure that a thread can be added. Fails the run if there are too many already; says whether there
    /// is room.
    pub(crate) fn reserve_thread(&mut self, location: Option<SourceLocation>) -> bool {
        let full = self.threads.count() >= THREADS_MAX;
        let error = if full { None } else { self.stacks.reserve().err() };
        if !full && error.is_none() {
            return true;
        }
        let message = {
            let members = self.threads.living().map(|(_, thread)| LiveThread {
                node: &self.nodes[thread.node].name,
                name: &thread.name,
                started_at: thread.started_at,
            });
            thread_limit::message(error.as_ref().map_or(LimitReached::Limit, LimitReached::System), members)
        };
        // Once it has failed it is over, and what is started then is for the taking down.
        let first = self.verdict.is_none();
        self.fail(FailureKind::Threads, message, location);
        if let Some(failure) = self.verdict.as_mut().filter(|_| first) {
            // How many maps the system has left is not the seed's to decide.
            failure.from_outside = error.is_some();
        }
        false
    }

    /// Adds a thread to a node that is alive, after [`reserve_thread`](Self::reserve_thread); its body, which must not
    /// unwind, runs when it is first chosen.
    pub(crate) fn spawn(
        &mut self,
        node: u32,
        name: Cow<'static, str>,
        location: Option<SourceLocation>,
        probe: bool,
        body: impl FnOnce() + 'static,
    ) -> ThreadId {
        let coroutine = Coroutine::new(&mut self.stacks, body);
        let started = &mut self.nodes[node].started;
        *started = started.checked_add(1).expect("fewer than 2^32 threads of a node");
        let serial = u64::from(node) << 32 | u64::from(*started);
        let id = self.threads.add(serial, node, name, location, coroutine);
        let trace_context = self.trace_context();
        let thread = &mut self.threads[id.slot];
        thread.probe = probe;
        thread.trace_context = trace_context;
        self.make_ready(id.slot);
        id
    }

    /// Puts a thread that has just stopped waiting, or has just been made, where it will be chosen.
    fn make_ready(&mut self, slot: u32) {
        let thread = &mut self.threads[slot];
        thread.state = ThreadState::Ready;
        let node = &mut self.nodes[thread.node];
        if !thread.probe {
            node.runnable += 1;
            node.ran_since_probe = true;
        }
        match &mut self.kill {
            Some(kill) if thread.dying => kill.runnable.push(slot),
            _ if node.paused => node.paused_ready.push(slot),
            _ => self.ready.push(slot),
        }
    }

    /// A ticket for the wait that the current thread is about to begin.
    #[inline]
    pub(crate) fn ticket(&mut self) -> Ticket {
        let slot = self.current.expect("only a simulated thread can wait");
        self.tickets += 1;
        self.threads[slot].ticket = self.tickets;
        Ticket { slot, number: self.tickets }
    }

    /// Begins the wait of the current thread; the caller then suspends. The deadline is on its node's clock.
    pub(crate) fn park(&mut self, wait: Wait, deadline: Option<u64>) {
        let slot = self.current.expect("only a simulated thread can wait");
        let deadline = deadline.map(|time| self.run_time(time));
        let thread = &mut self.threads[slot];
        thread.state = ThreadState::Parked;
        thread.wait = wait;
        thread.parked_at = self.now;
        thread.spins = 0;
        thread.timed = deadline.is_some();
        if let Some(at) = deadline {
            let ticket = Ticket { slot, number: thread.ticket };
            self.timers.add(at, Due::Wake(ticket));
        }
        self.thread_rests(slot);
    }

    /// Ends the wait that `ticket` names. Says whether it still lasted.
    #[inline]
    pub(crate) fn wake(&mut self, ticket: Ticket, woken: Woken) -> bool {
        if !self.threads.waits(ticket) {
            return false;
        }
        let thread = &mut self.threads[ticket.slot];
        thread.woken = woken;
        if thread.timed && woken == Woken::Notified && self.timers.mark_stale() {
            let threads = &self.threads;
            self.timers.purge(|ticket| threads.waits(ticket));
        }
        self.make_ready(ticket.slot);
        true
    }

    /// The thread waits or has ended: perhaps its node is quiet now.
    fn thread_rests(&mut self, slot: u32) {
        let thread = &self.threads[slot];
        if thread.probe {
            return;
        }
        let node = &mut self.nodes[thread.node];
        node.runnable -= 1;
        if node.runnable == 0
            && node.ran_since_probe
            && let Some(probe) = node.probe.take()
        {
            node.ran_since_probe = false;
            self.wake(probe, Woken::Notified);
        }
    }

    /// Removes a thread whose body has returned.
    pub(crate) fn finish(&mut self, slot: u32, coroutine: Coroutine) {
        coroutine.recycle(&mut self.stacks);
        self.thread_rests(slot);
        for joiner in std::mem::take(&mut self.threads[slot].joiners) {
            self.wake(joiner, Woken::Notified);
        }
        self.threads.remove(slot);
    }

    /// Records the verdict and ends the run; the first verdict stands.
    pub(crate) fn fail(&mut self, kind: FailureKind, message: String, location: Option<SourceLocation>) {
        let failure = Failure { location: location.map(ToString::to_string), ..self.failure(kind, message) };
        self.verdict.get_or_insert(failure);
        self.stop = true;
    }

    /// A failure that the current thread sees now.
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

#[inline]
fn mix_hash(fingerprint: u64, value: u64) -> u64 {
    let mixed = (fingerprint ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// Threads that lose the processor.
impl Scheduler {
    /// Preempts the current thread, unless it is the harness's. Says whether it did.
    #[cold]
    fn preempt(&mut self, slot: u32) -> bool {
        let Some(lasts) = self.preemption.begin() else { return false };
        let thread = &mut self.threads[slot];
        if self.stop || thread.probe || thread.node == TESTER {
            return false;
        }
        thread.preempted = true;
        let id = ThreadId { slot, serial: thread.serial };
        self.timers.add(self.now + lasts, Due::Resume(id));
        true
    }

    /// Lets a preempted thread run again. One that has been killed meanwhile runs already.
    fn end_preemption(&mut self, id: ThreadId) {
        let Some(thread) = self.threads.get_mut(id) else { return };
        if !std::mem::take(&mut thread.preempted) || thread.dying {
            return;
        }
        let node = &mut self.nodes[thread.node];
        if node.paused {
            node.paused_ready.push(id.slot);
        } else {
            self.ready.push(id.slot);
        }
    }
}

/// Nodes that stand still, and nodes that are watched.
impl Scheduler {
    pub(crate) fn pause(&mut self, node: u32) {
        self.nodes[node].paused = true;
        let threads = &self.threads;
        let paused_ready = &mut self.nodes[node].paused_ready;
        self.ready.retain(|slot| {
            let stays = threads[*slot].node != node;
            if !stays {
                paused_ready.push(*slot);
            }
            stays
        });
    }

    pub(crate) fn resume(&mut self, node: u32) {
        self.nodes[node].paused = false;
        let paused_ready = std::mem::take(&mut self.nodes[node].paused_ready);
        self.ready.extend(paused_ready);
    }
}
