//! The scheduler: chooses the next thread, keeps the virtual time, and records fingerprint and verdict.
//!
//! Nothing in this file runs lab code or switches stacks. `Sim` asks for the next action, executes it, and
//! asks again.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use super::choice::{self, Choose};
use super::kill_state::{KillInProgress, ScheduledCrash};
use super::nodes::Nodes;
use super::preemption::Preemption;
use super::threads::{CoroutineCell, ThreadState, Threads};
use super::timers::{Due, Timers};
use crate::clock::nanos;
use crate::raw::coroutine::{Coroutine, Stacks};
use crate::raw::hash_keys::{KeySlot, Keys};
use crate::raw::run_monitor::RunMonitor;
use crate::run::failure::{Failure, FailureKind};
use crate::run::ids::TESTER;
use crate::run::log::LogBuffer;
use crate::run::options::Options;
use crate::thread_limit::{self, LimitReached, LiveThread, THREADS_MAX};
use crate::traffic::Traffic;
use crate::wait::{SourceLocation, ThreadId, Ticket, Wait, Woken};

/// Virtual nanoseconds that a scheduling point takes, so that time passes even for a thread that never waits.
const STEP: u64 = 20;

/// The most scheduling points that a thread may pass without waiting. More are an endless loop.
pub(super) const SPIN_BOUND: u32 = 1_000_000;

/// The most scheduling points without progress: a message, an applied entry, or a moment when all threads
/// wait.
pub(super) const LIVELOCK_BOUND: u64 = 2_000_000;

/// The most threads that a timeout lists as waiting for locks.
const LOCK_WAITS_SHOWN: usize = 5;

/// The action of a thread at a scheduling point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It continues.
    Continue,
    /// Another thread runs.
    Switch,
    /// Its node was killed: it unwinds.
    Throw,
    /// It was killed and does not end: it never continues.
    Abandon,
}

/// The next action of the simulation.
pub(crate) enum Next {
    Run(u32, CoroutineCell),
    Event(Box<dyn FnOnce() + Send>),
    /// The main function has returned, or there is a verdict.
    End,
}

pub(crate) struct Scheduler {
    /// Virtual nanoseconds since the run began.
    pub(crate) now: u64,
    /// The number of scheduling points so far.
    pub(crate) steps: u64,
    /// The run fails when `steps` exceeds this.
    step_limit: u64,
    /// The part of the state that the watchdog reads.
    pub(crate) monitor: Arc<RunMonitor>,
    pub(crate) timers: Timers,
    pub(crate) threads: Threads,
    pub(crate) nodes: Nodes,
    pub(crate) stacks: Stacks,
    /// Threads that can run, except the one that runs.
    pub(crate) ready: Vec<u32>,
    pub(crate) current: Option<u32>,
    /// The keys of std's hash maps on this OS thread.
    hash_keys: KeySlot,
    /// The node whose keys are in `hash_keys`.
    keys_node: u32,
    /// The thread that was chosen to run next at the last scheduling point.
    chosen: Option<u32>,
    tickets: u64,
    policy: Box<dyn Choose>,
    pub(super) preemption: Preemption,
    pub(crate) fingerprint: u64,
    /// The run is over: only dying threads run from now on.
    pub(crate) stop: bool,
    /// The fingerprint at the end of the run. Clean-up does not change it.
    sealed: Option<u64>,
    pub(crate) verdict: Option<Failure>,
    pub(crate) kill: Option<KillInProgress>,
    pub(crate) scheduled_crash: Option<ScheduledCrash>,
    pub(crate) options: Options,
    pub(crate) log: LogBuffer,
    /// The greatest trace context that was set.
    pub(crate) newest_context: u64,
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
            newest_context: 0,
            traffic: Traffic::default(),
            warnings: Vec::new(),
        }
    }

    /// Mixes a decision or an event into the fingerprint.
    #[inline]
    pub(crate) fn mix(&mut self, value: u64) {
        self.fingerprint = mix_hash(self.fingerprint, value);
    }

    /// Fixes the fingerprint at the end of the run, before clean-up.
    pub(crate) fn seal(&mut self) {
        self.sealed = Some(self.fingerprint_now(self.verdict.as_ref().map(|failure| failure.kind)));
    }

    /// The fingerprint of a run with this verdict; 0 if the machine determined when it failed.
    pub(crate) fn final_fingerprint(&self, verdict: Option<&Failure>) -> u64 {
        match verdict {
            Some(failure) if !failure.is_repeatable() => 0,
            _ => self.sealed.unwrap_or_else(|| self.fingerprint_now(verdict.map(|failure| failure.kind))),
        }
    }

    fn fingerprint_now(&self, verdict: Option<FailureKind>) -> u64 {
        let fingerprint = mix_hash(self.fingerprint, self.steps);
        match verdict {
            // The time is not deterministic: a thread that loops without labrt may read the clock of std,
            // which advances with each read.
            Some(FailureKind::Blocked | FailureKind::Overflow) => fingerprint,
            _ => mix_hash(fingerprint, self.now),
        }
    }

    /// Records progress for the livelock detection.
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

    /// The keys of std's hash maps on this OS thread.
    pub(crate) fn hash_keys(&self) -> Keys {
        let keys = self.hash_keys.replace(Keys::default());
        self.hash_keys.replace(keys);
        keys
    }

    /// Sets the keys of std's hash maps on this OS thread.
    pub(crate) fn set_hash_keys(&self, keys: Keys) {
        self.hash_keys.replace(keys);
    }

    /// The trace context of the current thread; 0 outside every thread.
    #[inline]
    pub(crate) fn trace_context(&self) -> u64 {
        self.current.map_or(0, |slot| self.threads[slot].trace_context)
    }

    /// A scheduling point of the current thread, before an access to the lock, atomic or channel at the
    /// address `object`; 0 if it accesses none, or another thing.
    #[inline]
    pub(crate) fn step(&mut self, object: usize) -> Step {
        let Some(slot) = self.current else { return Step::Continue };
        let thread = &mut self.threads[slot];
        thread.object = object;
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
        let choice = self.policy.choose_thread(&self.ready, Some(slot), &self.threads);
        if choice == others {
            self.mix(self.threads[slot].serial);
            return Step::Continue;
        }
        let chosen = std::mem::replace(&mut self.ready[choice], slot);
        self.chosen = Some(chosen);
        Step::Switch
    }

    /// A choice among `count` possibilities, by the policy.
    pub(crate) fn decide(&mut self, count: usize) -> usize {
        let choice = self.policy.choose(count);
        self.mix(choice as u64);
        choice
    }

    /// Chooses a thread to run instead of the current one. Returns its position in the ready list.
    pub(crate) fn choose_other(&mut self) -> usize {
        let count = self.ready.len();
        let choice = match count {
            1 => 0,
            _ => self.policy.choose_thread(&self.ready, None, &self.threads),
        };
        self.chosen = Some(self.ready[choice]);
        choice
    }

    /// Chooses the next action, and advances the clock if no thread can run.
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
                _ => {
                    let choice = self.policy.choose_thread(&self.ready, None, &self.threads);
                    let slot = self.ready.swap_remove(choice);
                    return self.run(slot);
                }
            }
        }
    }

    fn run(&mut self, slot: u32) -> Next {
        let thread = &self.threads[slot];
        let coroutine = Rc::clone(&thread.coroutine);
        let (serial, node) = (thread.serial, thread.node);
        self.switch_node(node);
        self.current = Some(slot);
        self.mix(serial);
        Next::Run(slot, coroutine)
    }

    /// Switches std's state of the OS thread to another node.
    #[inline]
    fn switch_node(&mut self, node: u32) {
        if node != self.keys_node {
            let keys = self.hash_keys.replace(self.nodes[node].hash_keys);
            self.nodes[self.keys_node].hash_keys = keys;
            self.keys_node = node;
        }
    }

    /// Advances the clock to the next timer, because no thread can run before.
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
            // The end of a preemption is no progress: a preempted thread does not wait.
            if !self.timers.next_is_resume() {
                self.progressed();
            }
        }
    }

    /// Reserves the resources of one more thread. Fails the run and returns `false` if there are too many
    /// threads.
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
        // Threads that are started during clean-up must not change the first verdict.
        let first = self.verdict.is_none();
        self.fail(FailureKind::Threads, message, location);
        if let Some(failure) = self.verdict.as_mut().filter(|_| first) {
            // The number of memory maps that the system has left does not depend on the seed.
            failure.from_outside = error.is_some();
        }
        false
    }

    /// Adds a thread to a node that is alive, after [`reserve_thread`](Self::reserve_thread). The body, which
    /// must not unwind, begins when the thread is first chosen.
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

    /// Makes a thread runnable that is new or has stopped waiting.
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

    /// Begins the wait of the current thread, which the caller then suspends. The deadline is on its node's
    /// clock.
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

    /// Ends the wait of `ticket`. Returns whether it had not ended before.
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

    /// Records that the thread waits or has ended, and wakes the probe if its node is quiet now.
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
}

#[inline]
fn mix_hash(fingerprint: u64, value: u64) -> u64 {
    let mixed = (fingerprint ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}
