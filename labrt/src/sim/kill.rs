//! Kills: ending the threads of a node at any moment, whatever they are doing.
//!
//! A kill marks the node's threads as dying. Until all of them have ended, only they run, and the clock does
//! not advance. Each is resumed from its wait and unwinds by a private panic, so that destructors run and
//! locks are released. Destructors of a dying thread may call labrt: free locks are taken, timed waits return
//! at once, and waits for other dying threads are real. When no dying thread can run, the remaining ones wait
//! for something that will never happen: they are abandoned with a warning.

use std::panic;

use super::kill_state::{KillInProgress, ScheduledCrash};
use super::scheduler::{Scheduler, Step};
use super::simulation::{Sim, try_with};
use super::threads::ThreadState;
use crate::run::ids::TESTER;
use crate::wait::{Ticket, Wait, Woken};

/// The most times that a kill is thrown into one thread. Lab code that has caught it that often always will.
const THROWS_MAX: u32 = 100;

/// The most scheduling points that a thread may pass in destructors while it unwinds. More are an endless
/// loop.
const UNWIND_STEPS_MAX: u32 = 100_000;

/// The panic payload of a kill. It does not reach the panic hook, but lab code can catch it by
/// `catch_unwind`.
pub(crate) struct Killed {
    slot: u32,
    serial: u64,
}

impl Drop for Killed {
    /// The unwinding has ended at the base of the thread, or lab code has caught it.
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
    /// Marks the threads of `node`, or of all nodes, as dying. The current thread, if it is one of them,
    /// unwinds at its next scheduling point.
    pub(crate) fn begin_kill(&mut self, node: Option<u32>, waiter: Option<Ticket>) {
        // A destructor may kill another node while its own is being killed: then both are killed together.
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

    /// Counts a scheduling point of the current thread towards the scheduled crash. Returns whether the crash
    /// begins now.
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

    /// The next dying thread to run. If there is none, ends the kill and returns `None`.
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

    /// Abandons the dying threads that wait for something that will never happen.
    fn abandon_stuck(&mut self) {
        let stuck: Vec<u32> =
            self.threads.living().filter(|(_, thread)| thread.dying).map(|(slot, _)| slot).collect();
        for slot in stuck {
            // The blocking call is the verdict already: no warning.
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
        let coroutine = self.threads[slot].coroutine.borrow_mut().take();
        if let Some(coroutine) = coroutine {
            coroutine.abandon();
        }
        self.threads.remove(slot);
    }

    /// Ends the waits of calls into nodes that were killed.
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
                return; // a destructor of a dying thread does not wait
            }
            ticket
        };
        self.park(ticket, Wait::Kill, None);
    }

    /// Kills `node` when its threads have passed `points` more scheduling points, or at the virtual time
    /// `deadline` if that comes first.
    ///
    /// # Panics
    ///
    /// Panics if `node` is the tester's own, or if another crash is scheduled.
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
            assert!(other.is_none(), "only one crash can be scheduled at a time");
            waiter
        };
        self.park(ticket, Wait::Kill, Some(deadline));
        self.scheduler.borrow_mut().scheduled_crash = None;
        self.kill(node);
    }

    /// Brings the scheduled crash of `node` forward, if there is one.
    pub(crate) fn hasten_kill(&self, node: u32, points: u32) {
        if let Some(scheduled_crash) = &mut self.scheduler.borrow_mut().scheduled_crash
            && scheduled_crash.node == node
        {
            scheduled_crash.points = scheduled_crash.points.min(points);
        }
    }
}
