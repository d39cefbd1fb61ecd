//! A reader-writer lock for simulated threads.
//!
//! As with `parking_lot`, new readers queue behind a waiting writer: a thread that takes a second read lock
//! can deadlock with a writer that waits for the first one.

use super::mutex::{wait_for_lock, wake_all};
use super::simulation::Sim;
use crate::raw::confined::{Confined, Owner};
use crate::raw::lock::Access;
use crate::wait::{BlockedBy, Blocker, SourceLocation, ThreadId, Ticket, Wait};

/// The lock.
pub(crate) struct RwLock {
    state: Confined<State>,
}

struct State {
    writer: Option<(ThreadId, SourceLocation)>,
    readers: Vec<(ThreadId, SourceLocation)>,
    waiting: Vec<Ticket>,
    writers_waiting: Vec<(ThreadId, SourceLocation)>,
}

impl RwLock {
    pub(crate) const fn new() -> Self {
        Self {
            state: Confined::new(State {
                writer: None,
                readers: Vec::new(),
                waiting: Vec::new(),
                writers_waiting: Vec::new(),
            }),
        }
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

    /// Takes the lock if that is possible without waiting, and returns the blocking threads otherwise. No
    /// scheduling point.
    pub(crate) fn try_take(
        &self,
        sim: &Sim,
        access: Access,
        location: SourceLocation,
    ) -> Result<(), Vec<Blocker>> {
        let me = sim.current_thread();
        let mut state = self.state.open(sim);
        let holding = |(thread, since): &(ThreadId, SourceLocation)| Blocker {
            thread: *thread,
            by: BlockedBy::Holding(since),
        };
        if let Some(writer) = &state.writer {
            return Err(vec![holding(writer)]);
        }
        match access {
            Access::Shared if !state.writers_waiting.is_empty() => {
                let waiting = |(thread, since): &(ThreadId, SourceLocation)| Blocker {
                    thread: *thread,
                    by: BlockedBy::WaitingToWrite(since),
                };
                return Err(state.writers_waiting.iter().map(waiting).collect());
            }
            Access::Exclusive if !state.readers.is_empty() => {
                return Err(state.readers.iter().map(holding).collect());
            }
            Access::Shared | Access::SharedRecursive => state.readers.push((me, location)),
            Access::Exclusive => state.writer = Some((me, location)),
        }
        sim.took_lock(location);
        Ok(())
    }

    /// Takes the lock, waiting until `deadline` at the latest. Returns whether it succeeded. A scheduling
    /// point.
    pub(crate) fn take(
        &self,
        sim: &Sim,
        access: Access,
        location: SourceLocation,
        deadline: Option<u64>,
    ) -> bool {
        sim.access_point(std::ptr::from_ref(self).addr());
        loop {
            let Err(blockers) = self.try_take(sim, access, location) else { return true };
            let ticket = self.queue(sim);
            let woken = {
                // A guard, because a kill unwinds from the wait.
                let _writer = (access == Access::Exclusive).then(|| WaitingWriter::new(self, sim, location));
                wait_for_lock(sim, ticket, location, blockers, deadline)
            };
            if !woken {
                self.state.open(sim).waiting.retain(|waiting| *waiting != ticket);
                return false;
            }
        }
    }

    /// Takes the lock again after a wait on a condition variable, even on a thread that is killed meanwhile;
    /// see [`Mutex::take_again`](super::mutex::Mutex::take_again).
    pub(crate) fn take_again(&self, sim: &Sim, access: Access, location: SourceLocation) {
        while let Err(blockers) = self.try_take(sim, access, location) {
            let ticket = self.queue(sim);
            let _writer = (access == Access::Exclusive).then(|| WaitingWriter::new(self, sim, location));
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

    /// Releases the lock, which the current thread holds with this access. No scheduling point.
    pub(crate) fn release(&self, sim: &Sim, access: Access) {
        self.change(sim, |state| {
            let holding = if access == Access::Exclusive {
                state.writer.take()
            } else {
                let me = sim.current_thread();
                let position = state.readers.iter().rposition(|(reader, _)| *reader == me);
                position.map(|position| state.readers.remove(position))
            };
            if let Some((_, since)) = holding {
                sim.released_lock(since);
            }
        });
    }

    /// Turns the writer into a reader. No scheduling point.
    pub(crate) fn downgrade(&self, sim: &Sim) {
        self.change(sim, |state| state.readers.extend(state.writer.take()));
    }

    /// Changes the holders of the lock, and wakes the waiting threads.
    fn change(&self, sim: &Sim, change: impl FnOnce(&mut State)) {
        let mut state = self.state.open(sim);
        change(&mut state);
        wake_all(sim, &mut state.waiting);
    }

    pub(crate) fn is_locked(&self, sim: &Sim) -> bool {
        let state = self.state.open(sim);
        state.writer.is_some() || !state.readers.is_empty()
    }

    pub(crate) fn is_locked_exclusive(&self, sim: &Sim) -> bool {
        self.state.open(sim).writer.is_some()
    }
}

/// Registers a waiting writer until it is dropped.
struct WaitingWriter<'a> {
    lock: &'a RwLock,
    sim: &'a Sim,
    writer: ThreadId,
}

impl<'a> WaitingWriter<'a> {
    fn new(lock: &'a RwLock, sim: &'a Sim, location: SourceLocation) -> Self {
        let writer = sim.current_thread();
        lock.state.open(sim).writers_waiting.push((writer, location));
        Self { lock, sim, writer }
    }
}

impl Drop for WaitingWriter<'_> {
    fn drop(&mut self) {
        let mut state = self.lock.state.open(self.sim);
        state.writers_waiting.retain(|(writer, _)| *writer != self.writer);
        // Readers that queued behind it may continue, even if it timed out or was killed.
        wake_all(self.sim, &mut state.waiting);
    }
}
