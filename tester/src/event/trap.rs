//! [`Trap`]: crashes a server right after a step that it takes.

use std::sync::atomic::{AtomicBool, Ordering};

use labrpc::Step;
use labrt::world::Node;
use parking_lot::Mutex;

use super::{Incarnation, Party};
use crate::nemesis::Moment;

/// Scheduling points between the step and the crash. The thread has none in between, unless it goes on with
/// something else.
const POINTS: u32 = 0;

/// A crash that is due when a server has taken a step so many times. There is one at a time.
#[derive(Default)]
pub(super) struct Trap {
    is_set: AtomicBool,
    set: Mutex<Option<Set>>,
}

struct Set {
    who: Incarnation,
    node: Node,
    step: Moment,
    /// How often the step was taken so far.
    taken: u32,
}

impl Trap {
    /// Sets the trap for a server. A [`Node::kill_after`] of the node must follow.
    pub fn set(&self, who: Incarnation, node: &Node, step: Moment) {
        *self.set.lock() = Some(Set { who, node: node.clone(), step, taken: 0 });
        self.is_set.store(true, Ordering::Relaxed);
    }

    /// Removes it.
    pub fn remove(&self) {
        self.is_set.store(false, Ordering::Relaxed);
        *self.set.lock() = None;
    }

    /// A server has saved something.
    #[inline]
    pub fn saved(&self, who: Incarnation) {
        self.step(|set| match set.step {
            Moment::Save(number) => (set.who == who).then_some(number),
            _ => None,
        });
    }

    /// A message has taken a step.
    #[inline]
    pub fn message(&self, step: Step, from: Party, to: Incarnation) {
        self.step(|set| match (set.step, step) {
            (Moment::Reply(number), Step::ReplySent) => (set.who == to).then_some(number),
            (Moment::Request(number), Step::RequestSent { .. }) => {
                (Party::Server(set.who) == from).then_some(number)
            }
            _ => None,
        });
    }

    /// Counts a step if it is one that is waited for: `wanted` gives the number at which the trap springs.
    #[inline]
    fn step(&self, wanted: impl Fn(&Set) -> Option<u32>) {
        if !self.is_set.load(Ordering::Relaxed) {
            return;
        }
        let mut set = self.set.lock();
        let Some(number) = set.as_ref().and_then(wanted) else { return };
        let Some(waiting) = &mut *set else { return };
        waiting.taken += 1;
        if waiting.taken >= number {
            waiting.node.hasten_kill(POINTS);
        }
    }
}
