//! A mutex for simulated threads.
//!
//! It records its holder and the waiting threads. An unlock wakes all waiting threads, which try again: the
//! scheduler chooses which one gets the lock, and no wake-up is lost if a thread is killed between being
//! woken and running.

use super::simulation::Sim;
use crate::raw::confined::{Confined, Owner};
use crate::wait::{BlockedBy, Blocker, SourceLocation, ThreadId, Ticket, Wait, Woken};

/// Wakes all threads that wait for a lock.
pub(super) fn wake_all(sim: &Sim, waiting: &mut Vec<Ticket>) {
    for ticket in waiting.drain(..) {
        sim.unpark(ticket);
    }
}

/// Waits until a lock may be free. Returns `false` after a timeout.
pub(super) fn wait_for_lock(
    sim: &Sim,
    ticket: Ticket,
    location: SourceLocation,
    blockers: Vec<Blocker>,
    deadline: Option<u64>,
) -> bool {
    let wait = Wait::Lock(location);
    if sim.scheduler.borrow_mut().closes_cycle(wait, blockers, deadline) {
        sim.wait_forever(Wait::Ended);
    }
    sim.park(ticket, wait, deadline) == Woken::Notified
}

/// The lock.
pub(crate) struct Mutex {
    state: Confined<State>,
}

struct State {
    /// The holder, and the line that locked.
    holder: Option<(ThreadId, SourceLocation)>,
    waiting: Vec<Ticket>,
}

impl Mutex {
    pub(crate) const fn new() -> Self {
        Self { state: Confined::new(State { holder: None, waiting: Vec::new() }) }
    }

    /// Assigns the lock to the caller's run, if it has no owner yet.
    ///
    /// # Panics
    ///
    /// Panics if it belongs to another run.
    #[inline]
    #[track_caller]
    pub(crate) fn claim(&self, owner: impl Into<Owner>) {
        self.state.claim(owner);
    }

    /// Takes the lock if it is free, and returns the blocking threads otherwise. No scheduling point.
    pub(crate) fn try_take(&self, sim: &Sim, location: SourceLocation) -> Result<(), Vec<Blocker>> {
        let me = sim.current_thread();
        let mut state = self.state.open(sim);
        match state.holder {
            None => {
                state.holder = Some((me, location));
                sim.took_lock(location);
                Ok(())
            }
            Some((thread, since)) => Err(vec![Blocker { thread, by: BlockedBy::Holding(since) }]),
        }
    }

    /// Takes the lock, waiting until `deadline` at the latest. Returns whether it succeeded. A scheduling
    /// point.
    pub(crate) fn take(&self, sim: &Sim, location: SourceLocation, deadline: Option<u64>) -> bool {
        sim.access_point(std::ptr::from_ref(self).addr());
        loop {
            let Err(blockers) = self.try_take(sim, location) else { return true };
            let ticket = self.queue(sim);
            if !wait_for_lock(sim, ticket, location, blockers, deadline) {
                self.state.open(sim).waiting.retain(|waiting| *waiting != ticket);
                return false;
            }
        }
    }

    /// Takes the lock again after a wait on a condition variable, without another scheduling point.
    ///
    /// A thread that is killed meanwhile still waits for the lock: its guard will unlock it during unwinding,
    /// and must not unlock it for another holder.
    pub(crate) fn take_again(&self, sim: &Sim, location: SourceLocation) {
        while let Err(blockers) = self.try_take(sim, location) {
            let ticket = self.queue(sim);
            let wait = Wait::Lock(location);
            if sim.scheduler.borrow_mut().closes_cycle(wait, blockers, None) {
                sim.wait_forever(Wait::Ended);
            }
            sim.park_without_throw(ticket, wait, None);
        }
    }

    fn queue(&self, sim: &Sim) -> Ticket {
        let ticket = sim.ticket();
        self.state.open(sim).waiting.push(ticket);
        ticket
    }

    /// Unlocks without a scheduling point.
    pub(crate) fn release(&self, sim: &Sim) {
        let mut state = self.state.open(sim);
        if let Some((_, since)) = state.holder.take() {
            sim.released_lock(since);
        }
        wake_all(sim, &mut state.waiting);
    }

    pub(crate) fn is_locked(&self, sim: &Sim) -> bool {
        self.state.open(sim).holder.is_some()
    }
}
