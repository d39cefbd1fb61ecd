//! Who waits for whom: deadlocks, reported the moment they arise.

use std::fmt::Write as _;

use super::scheduler::Scheduler;
use super::threads::{Thread, ThreadState};
use crate::run::failure::FailureKind;
use crate::wait::{BlockedBy, Blocker, SourceLocation, ThreadId, Wait};

/// How many waiting threads a report lists.
const LISTED_MAX: usize = 20;

/// Who keeps others waiting for a lock for so long, in virtual nanoseconds, does harm.
const HARMFUL_HOLD: u64 = 10_000_000;

/// A thread, what it waits for, and one of those that keep it waiting.
#[derive(Clone, Copy)]
struct WaitEdge {
    waiter: ThreadId,
    wait: Wait,
    blocker: Blocker,
}

impl Scheduler {
    /// The current thread is about to wait for all of `blockers`. Fails the run if that closes a cycle of
    /// threads that wait for each other, and none of them gives up at some time; says whether it does.
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

    /// The links from `waiter`, which waits for `blockers`, to `me`.
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
            // One that waits with a time-out gives up some time; one that waits for anything but a lock or a
            // thread has blockers from an earlier wait, if any.
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
                    "{} needs a value while it initializes it since {since}; it will wait for itself for ever",
                    self.describe(waiter.slot)
                )
            }
            [WaitEdge { waiter, blocker: Blocker { by: BlockedBy::Holding(since), .. }, .. }] => format!(
                "{} locks what it already holds since {since}; it will wait for itself for ever. Drop the first \
                 guard before, or pass it on",
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

    /// Nothing can run, no timer is set, and the test has not ended.
    pub(crate) fn report_standstill(&mut self) {
        let waiting: Vec<String> = self
            .threads
            .living()
            .filter(|(_, thread)| !thread.probe)
            .map(|(slot, thread)| format!("\n  {} {}", self.describe(slot), thread.wait))
            .collect();
        let mut message = "every thread waits, and nothing can ever wake one:".to_owned();
        message.extend(waiting.iter().take(LISTED_MAX).map(String::as_str));
        if waiting.len() > LISTED_MAX {
            let _ = write!(message, "\n  and {} more", waiting.len() - LISTED_MAX);
        }
        self.fail(FailureKind::Deadlock, message, None);
    }

    /// A line for each thread that waits for a lock, or for a value that another one initializes: for which,
    /// who keeps it waiting, and what that one is doing meanwhile.
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

    /// The current thread is about to wait. Warns if it waits for another server while it holds a lock: what
    /// that one does may depend on the lock, and nobody knows how long it takes.
    pub(crate) fn warn_of_held_locks(&mut self, wait: Wait) {
        if matches!(wait, Wait::Reply)
            && let Some(slot) = self.current
            && let Some(since) = self.threads[slot].held.first().copied()
        {
            self.warn_of_held_lock(wait, since);
        }
    }

    /// The wait of the current thread, which began at `began`, is over. Warns if it held a lock meanwhile,
    /// and others had to wait for that: what nobody else wanted did no harm.
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

    /// It names lines and nothing else, so that the same mistake is the same warning in every thread, server
    /// and run.
    fn warn_of_held_lock(&mut self, wait: Wait, since: SourceLocation) {
        self.warn(format!(
            "a thread {wait} while it holds a lock that it took at {since}: nobody else can take the lock meanwhile. Drop \
             the guard before"
        ));
    }
}
