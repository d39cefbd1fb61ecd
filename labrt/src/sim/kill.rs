//! Killing: how the threads of a node are made to end at any instant, whatever they are doing.
//!
//! A kill marks the node's threads as dying. From then until all are gone only they run, and the
//! clock stands still. Each is resumed from its wait and unwinds by a private panic, so that
//! destructors run and locks are released. A dying thread's destructors may call labrt: what is
//! free is taken, what would take time returns at once, and what must wait for another dying
//! thread waits for it. When no dying thread can run, those that are left wait for something that
//! will never come: they are abandoned, and the run says so.

use std::panic;

use super::kill_state::{KillInProgress, ScheduledCrash};
use super::scheduler::{Scheduler, Step};
use super::simulation::{Sim, try_with};
use super::threads::ThreadState;
use crate::run::ids::TESTER;
use crate::wait::{Ticket, Wait, Woken};

/// A kill thrown so often into one thread, and caught each time, will be caught for ever.
const THROWS_MAX: u32 = 100;

/// Scheduling points that a thread may pass in the destructors that run while it unwinds. More are a loop
/// that will never end.
const UNWIND_STEPS_MAX: u32 = 100_000;

/// What a dying thread unwinds with. No panic hook sees it; `catch_unwind` of lab code may.
pub(crate) struct Killed {
    slot: u32,
    serial: u64,
}

impl Drop for Killed {
    /// The unwinding has been caught: by the base of the thread, or by lab code.
    fn drop(&mut self) {
        let _ = try_with(|sim| {
            let mut scheduler = sim.scheduler.borrow_mut();
            let thread = &mut scheduler.threads[self.slot];
            if thread.serial == self.serial {
                thread.unwinding = false;
            }
        });
    }
}

impl Scheduler {
    /// Marks the threads of `node` (`None`: of all nodes) as dying. The current thread, if it is one of them,
    /// unwinds at its next scheduling point.
    pub(crate) fn begin_kill(&mut self, node: Option<u32>, waiter: Option<Ticket>) {
        // A destructor may kill another node while its own one dies: then both die together.
        let mut kill = self.kill.take().unwrap_or_default();
        kill.waiter = kill.waiter.or(waiter);
        for (slot, thread) in self.threads.living_mut() {
            if node.is_none_or(|node| node == thread.node) && !thread.dying {
                thread.dying = true;
                if thread.state == ThreadState::Parked && !thread.probe {
                    self.nodes[thread.node].runnable += 1;
                }
                thread.state = ThreadState::Ready;
                if self.current != Some(slot) {
                    kill.runnable.push(slot);
                }
            }
        }
        self.ready.retain(|slot| !self.threads[*slot].dying);
        for (id, state) in self.nodes.iter_mut() {
            if node.is_none_or(|node| node == id) {
                state.alive = false;
                state.paused_ready.clear();
                state.probe = None;
                kill.nodes.push(id);
            }
        }
        self.kill = Some(kill);
    }

    /// The current thread passes a scheduling point while a crash is scheduled. Says whether it comes now.
    pub(crate) fn tick_scheduled_crash(&mut self, slot: u32) -> bool {
        let Some(scheduled_crash) = &mut self.scheduled_crash else { return false };
        if self.threads[slot].node != scheduled_crash.node {
            return false;
        }
        if scheduled_crash.points > 0 {
            scheduled_crash.points -= 1;
            return false;
        }
        let (node, waiter) = (scheduled_crash.node, scheduled_crash.waiter);
        self.scheduled_crash = None;
        self.begin_kill(Some(node), Some(waiter));
        if let Some(kill) = &mut self.kill {
            kill.runnable.push(slot); // the current thread, which suspends now
        }
        true
    }

    /// The next dying thread to run. When there is none, ends the kill and answers `None`.
    pub(crate) fn next_dying(&mut self) -> Option<u32> {
        let kill = self.kill.as_mut().expect("called during a kill");
        if let Some(slot) = kill.runnable.pop() {
            return Some(slot);
        }
        let KillInProgress { nodes, waiter, .. } = self.kill.take().expect("called during a kill");
        self.abandon_stuck();
        self.release_callers(&nodes);
        if let Some(waiter) = waiter {
            self.wake(waiter, Woken::Notified);
        }
        None
    }

    /// Gives up the dying threads that wait for something that will never come.
    fn abandon_stuck(&mut self) {
        let stuck: Vec<u32> =
            self.threads.living().filter(|(_, thread)| thread.dying).map(|(slot, _)| slot).collect();
        for slot in stuck {
            // What blocks is the verdict already.
            if matches!(self.threads[slot].wait, Wait::Blocked) {
                self.abandon(slot);
                continue;
            }
            let message = format!(
                "{} could not be stopped and was abandoned: while it was being killed it {}",
                self.describe(slot),
                self.threads[slot].wait
            );
            self.warn(message);
            self.abandon(slot);
        }
    }

    fn abandon(&mut self, slot: u32) {
        if let Some(coroutine) = self.threads[slot].coroutine.take() {
            coroutine.abandon();
        }
        self.threads.remove(slot);
    }

    /// Wakes those that wait for a call into a node that has died.
    fn release_callers(&mut self, nodes: &[u32]) {
        let callers: Vec<Ticket> = self
            .threads
            .living()
            .filter(|(_, thread)| {
                thread.state == ThreadState::Parked
                    && matches!(thread.wait, Wait::Call(to) if nodes.contains(&to))
            })
            .map(|(slot, thread)| Ticket { slot, number: thread.ticket })
            .collect();
        for caller in callers {
            self.wake(caller, Woken::TimedOut);
        }
    }

    /// A scheduling point of a thread that is dying, or that unwinds from a panic.
    #[cold]
    pub(crate) fn step_dying(&mut self, slot: u32) -> Step {
        self.monitor.record_progress();
        let thread = &mut self.threads[slot];
        if thread.unwinding {
            if std::thread::panicking() {
                // In a destructor: another panic there would abort the process.
                thread.unwind_steps += 1;
                return if thread.unwind_steps > UNWIND_STEPS_MAX { Step::Abandon } else { Step::Continue };
            }
            thread.unwinding = false;
        }
        if thread.dying { Step::Throw } else { Step::Switch }
    }
}

impl Sim {
    /// Unwinds the current thread, whose node is being killed.
    #[cold]
    pub(crate) fn throw(&self) -> ! {
        let killed = {
            let mut scheduler = self.scheduler.borrow_mut();
            let slot = scheduler.current.expect("only a simulated thread can be killed");
            let thread = &mut scheduler.threads[slot];
            thread.throws += 1;
            (thread.throws <= THROWS_MAX).then(|| {
                thread.unwinding = true;
                Killed { slot, serial: thread.serial }
            })
        };
        match killed {
            Some(killed) => panic::resume_unwind(Box::new(killed)),
            None => self.wait_forever(Wait::CatchesKill),
        }
    }

    /// Kills `node` and waits until its threads are gone.
    ///
    /// # Panics
    ///
    /// Panics if `node` is the tester's own.
    pub(crate) fn kill(&self, node: u32) {
        assert!(node != TESTER, "the tester cannot kill itself");
        self.scheduling_point();
        let ticket = {
            let mut scheduler = self.scheduler.borrow_mut();
            if !scheduler.nodes[node].alive {
                return;
            }
            let ticket = scheduler.ticket();
            let within_another = scheduler.kill.is_some();
            scheduler.begin_kill(Some(node), Some(ticket));
            if within_another {
                return; // a destructor of a dying thread: nobody waits while time stands still
            }
            ticket
        };
        self.park(ticket, Wait::Kill, None);
    }

    /// Kills `node` when its threads have passed `points` more scheduling points, but at the latest at the
    /// virtual time `deadline`.
    ///
    /// # Panics
    ///
    /// Panics if `node` is the tester's own, or if another thread waits for a kill of this sort.
    pub(crate) fn kill_after(&self, node: u32, points: u32, deadline: u64) {
        assert!(node != TESTER, "the tester cannot kill itself");
        self.scheduling_point();
        let ticket = {
            let mut scheduler = self.scheduler.borrow_mut();
            if !scheduler.nodes[node].alive {
                return;
            }
            let waiter = scheduler.ticket();
            let other = scheduler.scheduled_crash.replace(ScheduledCrash { node, points, waiter });
            assert!(other.is_none(), "one kill at a time can wait for its moment");
            waiter
        };
        self.park(ticket, Wait::Kill, Some(deadline));
        self.scheduler.borrow_mut().scheduled_crash = None;
        self.kill(node);
    }
}
