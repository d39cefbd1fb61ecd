//! [`Sim`]: one simulation, with the operations of its threads.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::cell::SchedulerCell;
use super::scheduler::{Scheduler, Step};
use super::std_clock::StdClock;
use super::threads::ThreadState;
use crate::raw::confined::Owner;
use crate::raw::coroutine::suspend;
use crate::raw::run_monitor::stop_if_panicked;
use crate::raw::scoped::Scoped;
use crate::run::local::Local;
use crate::wait::{BlockedBy, Blocker, SourceLocation, ThreadId, Ticket, Wait, Woken};

thread_local! {
    /// The simulation that runs on this OS thread.
    pub(crate) static SIM: Scoped<Sim> = const { Scoped::new() };
}

/// One simulation.
pub(crate) struct Sim {
    id: u64,
    pub(crate) scheduler: SchedulerCell,
    /// Whether scheduling points are disabled: see [`Sim::without_switching`].
    pub(super) atomic: Cell<bool>,
    /// Whether the current thread only looks: see [`Sim::look`].
    pub(super) looking: Cell<bool>,
    /// The clocks of std.
    pub(super) std_clock: StdClock,
    /// The value that the harness has attached to the run, until its end.
    pub(super) local: RefCell<Option<Arc<Local>>>,
}

/// Calls `f` with the simulation of the caller.
///
/// # Panics
///
/// Panics outside a simulation.
#[inline]
#[track_caller]
pub(crate) fn with<R>(f: impl FnOnce(&Sim) -> R) -> R {
    match try_with(f) {
        Some(value) => value,
        None => outside(),
    }
}

/// As [`with`], but `None` outside a simulation.
#[inline]
pub(crate) fn try_with<R>(f: impl FnOnce(&Sim) -> R) -> Option<R> {
    SIM.with(|scope| scope.with(|sim| sim.map(f)))
}

#[cold]
#[track_caller]
fn outside() -> ! {
    panic!("labrt was used outside a run: start the code with `labrt::world::simulate`")
}

impl From<&Sim> for Owner {
    #[inline]
    fn from(sim: &Sim) -> Self {
        Self::simulation(sim.id)
    }
}

impl Sim {
    pub(super) fn new(id: u64, scheduler: Scheduler) -> Self {
        Self {
            id,
            scheduler: SchedulerCell::new(scheduler),
            atomic: Cell::new(false),
            looking: Cell::new(false),
            std_clock: StdClock::new(),
            local: RefCell::new(None),
        }
    }

    #[inline]
    pub(crate) fn run_id(&self) -> u64 {
        self.id
    }

    /// Adds a thread to `node`. On a dead node the body is dropped and the result is `None`.
    pub(crate) fn spawn(
        &self,
        node: u32,
        name: Cow<'static, str>,
        location: Option<SourceLocation>,
        probe: bool,
        body: Box<dyn FnOnce() + Send>,
    ) -> Option<ThreadId> {
        self.refuse_if_looking();
        {
            let mut scheduler = self.scheduler.borrow_mut();
            if scheduler.nodes[node].alive && scheduler.reserve_thread(location) {
                return Some(scheduler.spawn(node, name, location, probe, move || guarded(body)));
            }
        }
        // After the borrow of the scheduler has ended: destructors of lab code may call labrt.
        drop(body);
        None
    }

    /// A scheduling point: another thread may run here.
    #[inline]
    pub(crate) fn scheduling_point(&self) {
        self.scheduling_point_on(0);
    }

    /// A [scheduling point](Self::scheduling_point) before an access to the object at this address.
    #[inline]
    pub(crate) fn scheduling_point_on(&self, object: usize) {
        if self.atomic.get() {
            self.refuse_if_looking();
            return;
        }
        let step = self.scheduler.borrow_mut().step(object);
        match step {
            Step::Continue => {}
            Step::Switch => self.switch(),
            Step::Throw => self.throw(),
            Step::Abandon => self.wait_forever(Wait::CatchesKill),
        }
    }

    /// The scheduling point of an access to the lock or the atomic at this address. A [look](Self::look) may
    /// access them.
    #[inline]
    pub(crate) fn access_point(&self, object: usize) {
        if !self.atomic.get() {
            self.scheduling_point_on(object);
        }
    }

    fn switch(&self) {
        suspend();
        self.throw_if_killed();
    }

    /// Unwinds the current thread if its node was killed and it does not unwind yet.
    #[inline]
    pub(crate) fn throw_if_killed(&self) {
        let step = {
            let mut scheduler = self.scheduler.borrow_mut();
            let slot = scheduler.current.expect("only a simulated thread can wait");
            let thread = &scheduler.threads[slot];
            if thread.dying { scheduler.step_dying(slot) } else { Step::Continue }
        };
        match step {
            Step::Throw => self.throw(),
            Step::Abandon => self.wait_forever(Wait::CatchesKill),
            Step::Continue | Step::Switch => {}
        }
    }

    /// A scheduling point at which the current thread is not chosen if another one can run.
    pub(crate) fn yield_now(&self) {
        self.scheduling_point();
        let parked = {
            let mut scheduler = self.scheduler.borrow_mut();
            let others = !scheduler.ready.is_empty() && !scheduler.stop;
            match scheduler.current {
                Some(slot) if others && !scheduler.threads[slot].unwinding => {
                    let chosen = scheduler.choose_other();
                    scheduler.ready.push(slot);
                    scheduler.ready.swap_remove(chosen);
                    true
                }
                _ => false,
            }
        };
        if parked {
            self.switch();
        }
    }

    /// A ticket for the wait that the current thread is about to begin.
    #[inline]
    pub(crate) fn ticket(&self) -> Ticket {
        self.refuse_if_looking();
        self.scheduler.borrow_mut().ticket()
    }

    /// Waits until `ticket` is woken, or until the virtual time `deadline`.
    ///
    /// No time passes for a thread that unwinds: its wait ends at once if it has a deadline or depends on
    /// something outside its node.
    ///
    /// # Panics
    ///
    /// Panics outside every thread: an event must not wait.
    pub(crate) fn park(&self, ticket: Ticket, wait: Wait, deadline: Option<u64>) -> Woken {
        self.throw_if_killed();
        let woken = self.park_without_throw(ticket, wait, deadline);
        self.throw_if_killed();
        woken
    }

    /// As [`park`](Self::park), but a kill does not unwind from it: for waits after which the caller must
    /// clean up first.
    pub(crate) fn park_without_throw(&self, ticket: Ticket, wait: Wait, deadline: Option<u64>) -> Woken {
        stop_if_panicked();
        let held_since = {
            let mut scheduler = self.scheduler.borrow_mut();
            let thread = &scheduler.threads[ticket.slot];
            let holds = !thread.held.is_empty();
            let from_outside = deadline.is_some() || matches!(wait, Wait::Reply | Wait::Save | Wait::Call(_));
            if (thread.dying | thread.unwinding) && from_outside {
                return Woken::TimedOut;
            }
            scheduler.warn_of_held_locks(wait);
            scheduler.park(wait, deadline);
            holds.then_some(scheduler.now)
        };
        suspend();
        let mut scheduler = self.scheduler.borrow_mut();
        if let Some(began) = held_since {
            scheduler.warn_of_slow_held_locks(wait, began);
        }
        scheduler.threads[ticket.slot].woken
    }

    /// Ends the wait of `ticket`. Returns whether it had not ended before. No scheduling point.
    #[inline]
    pub(crate) fn unpark(&self, ticket: Ticket) -> bool {
        self.refuse_if_looking();
        self.scheduler.borrow_mut().wake(ticket, Woken::Notified)
    }

    /// Suspends the current thread until it is killed.
    pub(crate) fn wait_forever(&self, wait: Wait) -> ! {
        self.refuse_if_looking();
        stop_if_panicked();
        loop {
            {
                let mut scheduler = self.scheduler.borrow_mut();
                scheduler.ticket();
                scheduler.park(wait, None);
            }
            suspend();
            if !matches!(wait, Wait::CatchesKill | Wait::Blocked) {
                self.throw_if_killed();
            }
        }
    }

    /// Nanoseconds since the run began, on the run's clock.
    #[inline]
    pub(crate) fn run_now(&self) -> u64 {
        self.scheduler.borrow().now
    }

    /// Nanoseconds since the run began, on the clock of the current thread's node.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.scheduler.borrow().local_now()
    }

    /// Whether the current thread is being killed.
    pub(crate) fn is_dying(&self) -> bool {
        let scheduler = self.scheduler.borrow();
        scheduler.current.is_some_and(|slot| scheduler.threads[slot].dying)
    }

    /// The node of the current thread; the tester's outside every thread.
    pub(crate) fn current_node(&self) -> u32 {
        self.scheduler.borrow().current_node()
    }

    /// As [`current_node`](Self::current_node), but `None` outside every thread.
    pub(crate) fn thread_node(&self) -> Option<u32> {
        let scheduler = self.scheduler.borrow();
        scheduler.current.map(|slot| scheduler.threads[slot].node)
    }

    /// The trace context of the current thread; 0 outside every thread.
    #[inline]
    pub(crate) fn trace_context(&self) -> u64 {
        self.scheduler.borrow().trace_context()
    }

    #[inline]
    pub(crate) fn set_trace_context(&self, context: u64) {
        let mut scheduler = self.scheduler.borrow_mut();
        if let Some(slot) = scheduler.current {
            scheduler.newest_context = scheduler.newest_context.max(context);
            scheduler.threads[slot].trace_context = context;
        }
    }

    /// Calls `f` without switching to another thread.
    pub(crate) fn without_switching<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Restore<'a>(&'a Cell<bool>, bool);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let _restore = Restore(&self.atomic, self.atomic.replace(true));
        f()
    }
}

/// Threads.
impl Sim {
    /// Records that the current thread has taken a lock at this line.
    #[inline]
    pub(crate) fn took_lock(&self, location: SourceLocation) {
        let mut scheduler = self.scheduler.borrow_mut();
        if let Some(slot) = scheduler.current {
            scheduler.threads[slot].held.push(location);
        }
    }

    /// Records that the current thread has released a lock that it took at this line.
    #[inline]
    pub(crate) fn released_lock(&self, location: SourceLocation) {
        let mut scheduler = self.scheduler.borrow_mut();
        if let Some(slot) = scheduler.current {
            let held = &mut scheduler.threads[slot].held;
            // Usually the last one: guards are dropped in reverse order.
            if let Some(position) = held.iter().rposition(|since| std::ptr::eq(*since, location)) {
                held.remove(position);
            }
        }
    }

    /// # Panics
    ///
    /// Panics outside every thread.
    #[inline]
    pub(crate) fn current_thread(&self) -> ThreadId {
        self.scheduler.borrow().current_id().expect("an event must not take a lock of lab code")
    }

    pub(crate) fn current_name(&self) -> Cow<'static, str> {
        let scheduler = self.scheduler.borrow();
        scheduler.current.map_or(Cow::Borrowed(""), |slot| scheduler.threads[slot].name.clone())
    }

    pub(crate) fn is_alive(&self, thread: ThreadId) -> bool {
        self.scheduler.borrow().threads.get(thread).is_some()
    }

    /// Waits for `thread` to end.
    pub(crate) fn join(&self, thread: ThreadId, location: SourceLocation) {
        let wait = Wait::Join(location);
        let ticket = {
            let mut scheduler = self.scheduler.borrow_mut();
            if scheduler.threads.get(thread).is_none() {
                return;
            }
            let ticket = scheduler.ticket();
            if let Some(thread) = scheduler.threads.get_mut(thread) {
                thread.joiners.push(ticket);
            }
            let blocker = Blocker { thread, by: BlockedBy::Running };
            (!scheduler.closes_cycle(wait, vec![blocker], None)).then_some(ticket)
        };
        match ticket {
            Some(ticket) => {
                self.park(ticket, wait, None);
            }
            None => self.wait_forever(Wait::Ended),
        }
    }

    /// As [`park`](Self::park), for a wait that only `blocker` can end: fails the run if it closes a cycle.
    pub(crate) fn park_behind(&self, ticket: Ticket, wait: Wait, blocker: Blocker) {
        if self.scheduler.borrow_mut().closes_cycle(wait, vec![blocker], None) {
            self.wait_forever(Wait::Ended);
        }
        self.park(ticket, wait, None);
    }

    /// Takes the token that [`unpark_thread`](Self::unpark_thread) left for the current thread, and returns
    /// whether there was one. If not, the next `unpark_thread` ends the wait of `ticket`, which must be a
    /// [`Wait::Park`] and begin before the next scheduling point.
    pub(crate) fn take_token(&self, ticket: Ticket) -> bool {
        std::mem::take(&mut self.scheduler.borrow_mut().threads[ticket.slot].unparked)
    }

    /// Wakes `thread` if it is parked, and leaves a token for it otherwise. No scheduling point.
    pub(crate) fn unpark_thread(&self, thread: ThreadId) {
        self.refuse_if_looking();
        let mut scheduler = self.scheduler.borrow_mut();
        let Some(found) = scheduler.threads.get_mut(thread) else { return };
        let parked = found.state == ThreadState::Parked && matches!(found.wait, Wait::Park(_));
        let ticket = Ticket { slot: thread.slot, number: found.ticket };
        found.unparked = !parked;
        if parked {
            scheduler.wake(ticket, Woken::Notified);
        }
    }

    /// Waits until threads of `node` have run since the last call and all of them wait again.
    pub(crate) fn wait_quiet(&self, node: u32) {
        let ticket = {
            let mut scheduler = self.scheduler.borrow_mut();
            let state = &mut scheduler.nodes[node];
            if state.ran_since_probe && state.runnable == 0 {
                state.ran_since_probe = false;
                None
            } else {
                let ticket = scheduler.ticket();
                scheduler.nodes[node].probe = Some(ticket);
                Some(ticket)
            }
        };
        match ticket {
            Some(ticket) => {
                self.park(ticket, Wait::Quiet, None);
            }
            // Otherwise a probe that never waits would keep the others from running.
            None => self.scheduling_point(),
        }
    }

    /// The scheduling point before a release of a lock or an end of a channel.
    ///
    /// No kill takes effect here, because the release would not happen; the thread unwinds at its next call.
    #[inline(always)] // at each unlock
    pub(crate) fn scheduling_point_before_release(&self) {
        if self.atomic.get() {
            return;
        }
        let step = self.scheduler.borrow_mut().step(0);
        if step == Step::Switch {
            suspend();
        }
    }
}

/// Channels.
impl Sim {
    /// Whether the wait of `ticket` has not ended.
    pub(crate) fn waits(&self, ticket: Ticket) -> bool {
        self.scheduler.borrow().threads.waits(ticket)
    }

    /// A choice among `count` possibilities, by the scheduler's policy.
    pub(crate) fn choose(&self, count: usize) -> usize {
        self.scheduler.borrow_mut().decide(count)
    }
}

/// Runs the body of a thread. Panics and kills that it unwinds with were handled before.
pub(super) fn guarded(body: Box<dyn FnOnce()>) {
    let dying = with(Sim::is_dying);
    let outcome = catch_unwind(AssertUnwindSafe(move || {
        if dying {
            // Killed before it ran: drop everything that it owns, as unwinding would.
            drop(body);
        } else {
            body();
        }
    }));
    stop_if_panicked();
    drop(outcome);
}
