//! [`Node`]: the threads that are killed together, and the signals to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::{Condvar, Mutex};

use super::Thread;
use super::worker::worker;
use crate::clock::Clock;
use crate::rng::StreamRng;
use crate::wait::{Ticket, Wait};

/// The node was killed.
const DEAD: u32 = 1;
/// The node is paused.
const PAUSED: u32 = 2;
/// The node will be killed when its threads have passed some more scheduling points.
const CRASH_SCHEDULED: u32 = 4;

/// The number of nodes in all runs of the process so far.
static NODES: AtomicU32 = AtomicU32::new(0);

/// One incarnation of a server.
pub(super) struct Node {
    id: u32,
    /// The number of the node, unique in the process.
    number: u32,
    /// The number of threads started so far.
    started: AtomicU32,
    name: Arc<str>,
    signals: AtomicU32,
    /// Notified when `signals` or `state` changes. Threads of a paused node wait for it, and threads that
    /// kill the node.
    changed: Condvar,
    state: Mutex<State>,
    /// The random stream of lab code on this node.
    rng: Mutex<StreamRng>,
    /// Whether `clock` is set.
    has_clock: AtomicBool,
    /// The node's clock, if its rate was changed.
    clock: Mutex<Option<Clock>>,
}

#[derive(Default)]
struct State {
    /// The threads that have begun and not ended.
    threads: Vec<Arc<Thread>>,
    /// The number of threads that were started and have not begun.
    starting: usize,
    scheduled_crash: Option<ScheduledCrash>,
    /// The waits of calls into this node.
    callers: Vec<Ticket>,
    /// The node is dead, and all its threads have ended or were abandoned: no call into it returns any more.
    reaped: bool,
}

struct ScheduledCrash {
    points: u32,
    waiter: Ticket,
}

impl Node {
    pub(super) fn new(id: u32, name: String, seed: u64) -> Self {
        Self {
            id,
            number: NODES.fetch_add(1, Ordering::Relaxed),
            started: AtomicU32::new(0),
            // The name includes the number: a server's next incarnation must not repeat the draws of the last
            // one.
            rng: Mutex::new(StreamRng::new(seed, &format!("node {id}: {name}"))),
            name: name.into(),
            signals: AtomicU32::new(0),
            changed: Condvar::new(),
            has_clock: AtomicBool::new(false),
            clock: Mutex::new(None),
            state: Mutex::new(State::default()),
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// As [`name`](Self::name), but borrowed.
    pub(super) fn name_str(&self) -> &str {
        &self.name
    }

    pub(super) fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Whether any signal is set.
    #[inline]
    pub(super) fn signals(&self) -> bool {
        self.signals.load(Ordering::Relaxed) != 0
    }

    #[inline]
    pub(super) fn is_dead(&self) -> bool {
        self.has(DEAD)
    }

    #[inline]
    fn has(&self, signal: u32) -> bool {
        self.signals.load(Ordering::SeqCst) & signal != 0
    }

    pub(super) fn draw<R>(&self, draw: impl FnOnce(&mut StreamRng) -> R) -> R {
        draw(&mut self.rng.lock())
    }
}

/// Threads.
impl Node {
    /// The serial number of its next thread, unique in the process.
    pub(super) fn next_serial(&self) -> u64 {
        let started = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        u64::from(self.number) << 32 | u64::from(started)
    }

    /// Registers a thread that is about to be started. Returns `false` on a dead node.
    pub(super) fn begin_start(&self) -> bool {
        let mut state = self.state.lock();
        let alive = !self.is_dead();
        state.starting += usize::from(alive);
        alive
    }

    /// Removes the registration of a thread that could not be started.
    pub(super) fn cancel_start(&self) {
        let mut state = self.state.lock();
        state.starting -= 1;
        self.notify_if_empty(&state);
    }

    pub(super) fn thread_began(&self, thread: &Arc<Thread>) {
        let mut state = self.state.lock();
        state.starting -= 1;
        state.threads.push(Arc::clone(thread));
    }

    pub(super) fn thread_ended(&self, thread: &Arc<Thread>) {
        let mut state = self.state.lock();
        if let Some(position) = state.threads.iter().rposition(|other| Arc::ptr_eq(other, thread)) {
            state.threads.swap_remove(position);
        }
        self.notify_if_empty(&state);
    }

    fn notify_if_empty(&self, state: &State) {
        if self.is_dead() && state.threads.is_empty() && state.starting == 0 {
            self.changed.notify_all();
        }
    }

    /// Its threads that have begun and have not ended.
    pub(super) fn threads(&self) -> Vec<Arc<Thread>> {
        self.state.lock().threads.clone()
    }

    /// The present wait of each of its threads.
    pub(super) fn waits(&self) -> Vec<(String, Option<Wait>)> {
        self.state.lock().threads.iter().map(|thread| (thread.describe(), thread.waits_for())).collect()
    }
}

/// Kills.
impl Node {
    /// Kills the node: from now on its threads only unwind.
    pub(super) fn begin_kill(&self) {
        if self.signals.fetch_or(DEAD, Ordering::SeqCst) & DEAD != 0 {
            return; // waking twice could end a wait of a destructor
        }
        let state = self.state.lock();
        for thread in &state.threads {
            thread.worker().wake();
        }
        self.changed.notify_all();
    }

    /// Waits until all threads of the dead node have ended, or until `deadline`. Then abandons the remaining
    /// threads, ends the calls into the node, and returns a warning for each abandoned thread.
    pub(super) fn wait_empty(&self, deadline: std::time::Instant) -> Vec<String> {
        let mut state = self.state.lock();
        while !state.threads.is_empty() || state.starting > 0 {
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        state.reaped = true;
        for caller in state.callers.drain(..) {
            worker(caller.slot).unpark(caller);
        }
        let left = std::mem::take(&mut state.threads);
        self.changed.notify_all(); // other threads may wait for the same
        drop(state);
        let left = left.iter().map(|thread| {
            let doing = thread.waits_for().map_or("runs".to_owned(), |wait| wait.to_string());
            format!(
                "{} could not be stopped and was abandoned: while it was being killed it {doing}",
                thread.describe()
            )
        });
        left.collect()
    }

    /// Schedules a crash. Returns `false` if the node is dead.
    ///
    /// # Panics
    ///
    /// Panics if another crash of the node is scheduled.
    pub(super) fn schedule_crash(&self, points: u32, waiter: Ticket) -> bool {
        let mut state = self.state.lock();
        if self.is_dead() {
            return false;
        }
        assert!(state.scheduled_crash.is_none(), "only one crash can be scheduled at a time");
        state.scheduled_crash = Some(ScheduledCrash { points, waiter });
        self.signals.fetch_or(CRASH_SCHEDULED, Ordering::SeqCst);
        true
    }

    /// Brings the scheduled crash forward, if there is one.
    pub(super) fn hasten_crash(&self, points: u32) {
        if let Some(scheduled_crash) = &mut self.state.lock().scheduled_crash {
            scheduled_crash.points = scheduled_crash.points.min(points);
        }
    }

    /// Counts a scheduling point towards the scheduled crash. Returns whether the crash begins now.
    pub(super) fn tick_scheduled_crash(&self) -> bool {
        if !self.has(CRASH_SCHEDULED) {
            return false;
        }
        let mut state = self.state.lock();
        let Some(scheduled_crash) = &mut state.scheduled_crash else { return false };
        if scheduled_crash.points > 0 {
            scheduled_crash.points -= 1;
            return false;
        }
        let waiter = scheduled_crash.waiter;
        state.scheduled_crash = None;
        self.signals.fetch_and(!CRASH_SCHEDULED, Ordering::SeqCst);
        worker(waiter.slot).unpark(waiter);
        true
    }

    /// Registers the wait of a call into the node, which ends when the node has died.
    pub(super) fn add_caller(&self, ticket: Ticket) {
        let mut state = self.state.lock();
        if state.reaped {
            worker(ticket.slot).unpark(ticket);
        } else {
            state.callers.push(ticket);
        }
    }

    pub(super) fn remove_caller(&self, ticket: Ticket) {
        self.state.lock().callers.retain(|caller| *caller != ticket);
    }
}

/// Pauses.
impl Node {
    pub(super) fn pause(&self) {
        self.signals.fetch_or(PAUSED, Ordering::SeqCst);
    }

    pub(super) fn resume(&self) {
        let _state = self.state.lock();
        self.signals.fetch_and(!PAUSED, Ordering::SeqCst);
        self.changed.notify_all();
    }

    /// Waits until the node is resumed or killed.
    pub(super) fn wait_while_paused(&self) {
        if !self.has(PAUSED) {
            return;
        }
        let mut state = self.state.lock();
        while self.has(PAUSED) && !self.is_dead() {
            self.changed.wait(&mut state);
        }
    }
}

/// The node's clock. Times are in nanoseconds since the run began.
impl Node {
    fn clock(&self) -> Option<Clock> {
        if self.has_clock.load(Ordering::Relaxed) { *self.clock.lock() } else { None }
    }

    /// The reading of the node's clock at the run's time `run`.
    #[inline]
    pub(super) fn reading_at(&self, run: u64) -> u64 {
        self.clock().map_or(run, |clock| clock.reading_at(run))
    }

    /// The run's time at which the node's clock shows `time`.
    #[inline]
    pub(super) fn run_time(&self, time: u64) -> u64 {
        self.clock().map_or(time, |clock| clock.run_time_of(time))
    }

    /// Sets the rate of the clock from now on, including for threads that wait.
    pub(super) fn set_clock_rate(&self, now: u64, rate: u32) {
        {
            let mut clock = self.clock.lock();
            *clock = Some(clock.unwrap_or(Clock::run_clock()).at_rate(now, rate));
            self.has_clock.store(true, Ordering::Relaxed);
        }
        for thread in &self.state.lock().threads {
            thread.worker().recheck_deadline();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::run::options::Options;
    use crate::threads;

    #[test]
    fn a_call_into_a_reaped_node_ends_at_once() {
        let run = threads::run(Options::new(1), |_| {
            let node = Node::new(7, "server".to_owned(), 1);
            let caller = |node: &Node| {
                threads::try_with(|thread| {
                    let ticket = thread.ticket();
                    node.add_caller(ticket);
                    thread.waits(ticket)
                })
            };
            assert_eq!(caller(&node), Some(true));
            node.begin_kill();
            assert_eq!(node.wait_empty(Instant::now()), [""; 0]);
            assert_eq!(caller(&node), Some(false));
        });
        run.result.unwrap();
    }
}
