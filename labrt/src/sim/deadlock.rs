//! Who waits for whom: deadlocks, reported the moment they arise.

use std::fmt::Write as _;

use super::failure::FailureKind;
use super::scheduler::Scheduler;
use super::threads::{Life, ThreadId, Wait};

/// How many waiting threads a report lists.
const LISTED: usize = 20;

impl Scheduler {
    /// Fails the run if the current thread's `wait` closes a cycle of threads that wait for each
    /// other. Says whether it does.
    pub(crate) fn closes_cycle(&mut self, wait: Wait) -> bool {
        let Some(me) = self.current_id() else { return false };
        let mut chain = vec![(me, wait)];
        let mut next = waits_for(&wait);
        while let Some(id) = next {
            if id == me {
                self.report_cycle(&chain);
                return true;
            }
            let Some(thread) = self.threads.get(id) else { return false };
            if thread.life != Life::Parked || chain.iter().any(|(seen, _)| *seen == id) {
                return false;
            }
            chain.push((id, thread.wait));
            next = waits_for(&thread.wait);
        }
        false
    }

    fn report_cycle(&mut self, chain: &[(ThreadId, Wait)]) {
        let place = match chain[0].1 {
            Wait::Lock { place, .. } | Wait::Join { place, .. } => Some(place),
            _ => None,
        };
        let message = match chain {
            [(me, Wait::Lock { since, .. })] => format!(
                "{} locks what it already holds since {since}; it will wait for itself for ever. Drop the first \
                 guard before, or pass it on",
                self.describe(me.slot)
            ),
            _ => {
                let mut message =
                    format!("{} threads wait for each other, and none can ever go on:", chain.len());
                for (id, wait) in chain {
                    let _ = write!(message, "\n  {} {wait}", self.describe(id.slot));
                    if let Wait::Lock { holder, since, .. } = wait {
                        let holder = self.describe(holder.slot);
                        let _ = write!(message, ", which {holder} holds since {since}");
                    }
                }
                message.push_str("\nTake locks in the same order everywhere, or hold one at a time");
                message
            }
        };
        self.fail(FailureKind::Deadlock, message, place);
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
        message.extend(waiting.iter().take(LISTED).map(String::as_str));
        if waiting.len() > LISTED {
            let _ = write!(message, "\n  and {} more", waiting.len() - LISTED);
        }
        self.fail(FailureKind::Deadlock, message, None);
    }
}

fn waits_for(wait: &Wait) -> Option<ThreadId> {
    match wait {
        Wait::Lock { holder, .. } => Some(*holder),
        Wait::Join { thread, .. } => Some(*thread),
        _ => None,
    }
}
