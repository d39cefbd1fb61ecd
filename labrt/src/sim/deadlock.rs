//! Deadlock detection: cycles of waiting threads are reported when they close.

use std::fmt::Write as _;

use super::scheduler::Scheduler;
use super::threads::{Thread, ThreadState};
use crate::run::failure::FailureKind;
use crate::wait::{BlockedBy, Blocker, SourceLocation, ThreadId, Wait};

/// The most waiting threads that a report lists.
const LISTED_MAX: usize = 20;

/// Virtual nanoseconds after which keeping others waiting for a lock is worth a warning.
const HARMFUL_HOLD: u64 = 10_000_000;

/// An edge of the wait-for graph: a thread, its wait, and one of the threads that keep it waiting.
#[derive(Clone, Copy)]
struct WaitEdge {
    waiter: ThreadId,
    wait: Wait,
    blocker: Blocker,
}

impl Scheduler {
    /// Records that the current thread is about to wait for `blockers`. Fails the run if that closes a cycle
    /// of threads that wait for each other without a deadline. Returns whether it does.
    pub(crate) fn closes_cycle(&mut self, wait: Wait, blockers: Vec<Blocker>, deadline: Option<u64>) -> bool {
        let Some(me) = self.current_id() else { return false };
        let untimed = deadline.is_none();
        let cycle = untimed.then(|| self.path_to(me, me, wait, &blockers, &mut Vec::new())).flatten();
        self.threads[me.slot].blockers = blockers;
        if let Some(cycle) = &cycle {
            self.report_cycle(cycle);
        }
        cycle.is_some()
    }

    /// A path of the wait-for graph from `waiter`, which waits for `blockers`, to `me`.
    fn path_to(
        &self,
        me: ThreadId,
        waiter: ThreadId,
        wait: Wait,
        blockers: &[Blocker],
        seen: &mut Vec<ThreadId>,
    ) -> Option<Vec<WaitEdge>> {
        for blocker in blockers {
            let link = WaitEdge { waiter, wait, blocker: *blocker };
            if blocker.thread == me {
                return Some(vec![link]);
            }
            if seen.contains(&blocker.thread) {
                continue;
            }
            seen.push(blocker.thread);
            let Some(next) = self.threads.get(blocker.thread) else { continue };
            // A wait with a deadline ends. A thread that waits for anything but a lock, a thread or a value
            // may have blockers that are left from an earlier wait.
            let blocked = matches!(next.wait, Wait::Lock(_) | Wait::Join(_) | Wait::Once(_));
            if next.state != ThreadState::Parked || next.timed || !blocked {
                continue;
            }
            let rest = self.path_to(me, blocker.thread, next.wait, &next.blockers, seen);
            if let Some(mut rest) = rest {
                rest.insert(0, link);
                return Some(rest);
            }
        }
        None
    }

    fn report_cycle(&mut self, cycle: &[WaitEdge]) {
        let location = match cycle[0].wait {
            Wait::Lock(location) | Wait::Join(location) | Wait::Once(location) => Some(location),
            _ => None,
        };
        let message = match cycle {
            [WaitEdge { waiter, blocker: Blocker { by: BlockedBy::Initializing(since), .. }, .. }] => {
                format!(
                    "{} needs a value that it has been initializing since {since}: it waits for itself",
                    self.describe(waiter.slot)
                )
            }
            [WaitEdge { waiter, blocker: Blocker { by: BlockedBy::Holding(since), .. }, .. }] => format!(
                "{} locks what it has held since {since}: it waits for itself. Drop the first guard before, \
                 or pass it on",
                self.describe(waiter.slot)
            ),
            _ => {
                let mut message =
                    format!("{} threads wait for each other, and none can ever go on:", cycle.len());
                for WaitEdge { waiter, wait, blocker } in cycle {
                    let _ = write!(message, "\n  {} {wait}", self.describe(waiter.slot));
                    let other = self.describe(blocker.thread.slot);
                    let _ = match blocker.by {
                        BlockedBy::Holding(since) => write!(message, ", which {other} holds since {since}"),
                        BlockedBy::WaitingToWrite(since) => {
                            write!(message, ", behind {other}, which waits to write since {since}")
                        }
                        BlockedBy::Initializing(since) => {
                            write!(message, ", which {other} initializes since {since}")
                        }
                        BlockedBy::Running => write!(message, ", which is {other}"),
                    };
                }
                message.push_str("\nTake locks in the same order everywhere, or hold one at a time");
                message
            }
        };
        self.fail(FailureKind::Deadlock, message, location);
    }

    /// Fails the run because no thread can run and no timer is set, but the main function has not returned.
    pub(crate) fn report_standstill(&mut self) {
        let waiting: Vec<String> = self
            .threads
            .living()
            .filter(|(_, thread)| !thread.probe)
            .map(|(slot, thread)| format!("\n  {} {}", self.describe(slot), thread.wait))
            .collect();
        let mut message = "all threads wait, and nothing can wake any of them:".to_owned();
        message.extend(waiting.iter().take(LISTED_MAX).map(String::as_str));
        if waiting.len() > LISTED_MAX {
            let _ = write!(message, "\n  and {} more", waiting.len() - LISTED_MAX);
        }
        self.fail(FailureKind::Deadlock, message, None);
    }

    /// A line for each thread that waits for a lock, or for a value that another thread initializes: the
    /// wait, the blocking thread, and what that one is doing.
    pub(crate) fn lock_waits(&self) -> Vec<String> {
        let waits = |(slot, thread): (u32, &Thread)| {
            let blocker = thread.blockers.first().filter(|_| thread.state == ThreadState::Parked)?;
            let (done, since) = match blocker.by {
                BlockedBy::Holding(since) | BlockedBy::WaitingToWrite(since) => ("took", since),
                BlockedBy::Initializing(since) => ("began to initialize", since),
                BlockedBy::Running => return None,
            };
            let holder = self.threads.get(blocker.thread)?;
            let doing =
                if holder.state == ThreadState::Parked { holder.wait.to_string() } else { "runs".to_owned() };
            let (waiter, holder) = (self.describe(slot), self.describe(blocker.thread.slot));
            Some(format!("{waiter} {}, which {holder} {done} at {since} and now {doing}", thread.wait))
        };
        self.threads
            .living()
            .filter(|(_, thread)| matches!(thread.wait, Wait::Lock(_) | Wait::Once(_)))
            .filter_map(waits)
            .collect()
    }

    /// Warns if the current thread, which is about to wait, waits for another server while it holds a lock:
    /// the other server may need the lock, and the call may take arbitrarily long.
    pub(crate) fn warn_of_held_locks(&mut self, wait: Wait) {
        if matches!(wait, Wait::Reply)
            && let Some(slot) = self.current
            && let Some(since) = self.threads[slot].held.first().copied()
        {
            self.warn_of_held_lock(wait, since);
        }
    }

    /// Warns if the current thread has held a lock during a wait, which began at `began` and has ended, while
    /// another thread waited for the lock for long. A lock that no other thread wanted does no harm.
    pub(crate) fn warn_of_slow_held_locks(&mut self, wait: Wait, began: u64) {
        let slow = matches!(
            wait,
            Wait::Sleep(_)
                | Wait::StdSleep
                | Wait::Recv(_)
                | Wait::Timer(_)
                | Wait::Send(_)
                | Wait::Select(_)
                | Wait::Join(_)
                | Wait::Group(_)
                | Wait::Park(_)
        );
        let Some(me) = self.current_id().filter(|_| slow && self.now - began >= HARMFUL_HOLD) else { return };
        let thread = &self.threads[me.slot];
        if thread.dying || thread.held.is_empty() {
            return;
        }
        let latest = self.now - HARMFUL_HOLD;
        let kept_waiting = |blocker: &Blocker| match blocker.by {
            BlockedBy::Holding(since) if blocker.thread == me => Some(since),
            _ => None,
        };
        let since = self.threads.living().find_map(|(_, other)| {
            let waits = other.state == ThreadState::Parked && matches!(other.wait, Wait::Lock(_));
            let long = waits && other.parked_at <= latest;
            other.blockers.iter().find_map(kept_waiting).filter(|_| long)
        });
        if let Some(since) = since {
            self.warn_of_held_lock(wait, since);
        }
    }

    /// Adds the warning. It names only lines, so that the same mistake gives the same warning in every
    /// thread, server and run.
    fn warn_of_held_lock(&mut self, wait: Wait, since: SourceLocation) {
        self.warn(format!(
            "a thread {wait} while it holds a lock that it took at {since}: nobody else can take the lock \
             meanwhile. Drop the guard before"
        ));
    }
}
