//! [`Pos`]: partial order sampling (Yuan, Yang, Gu: Partial Order Aware Concurrency Sampling, CAV 2018).

use rand::Rng;

use super::priorities::Priorities;
use super::{Choose, Random};
use crate::sim::threads::{Thread, Threads};
use crate::wait::Wait;

/// The next step of each thread has a random priority, and the step of the highest priority is carried out.
/// Steps that race with it, on the same lock, atomic or channel, get other priorities, so that their order
/// is independent of what was chosen before.
///
/// The probability of an interleaving does not depend on how many steps a run has, and none need be known.
/// Steps of which the object is not known race with none.
pub(super) struct Pos {
    random: Random,
    priorities: Priorities<Pending>,
}

/// The priority of the next step of a thread.
#[derive(Default)]
struct Pending {
    /// The step: the thread's last ticket, and its scheduling points since. `None` if the priority is to be
    /// drawn.
    step: Option<(u64, u32)>,
    priority: u64,
}

impl Pos {
    pub(super) fn new(random: Random) -> Self {
        Self { random, priorities: Priorities::new() }
    }
}

/// The address of the object of the thread's next step, which keeps the object alive. If it is not known,
/// there is none: an address that is in use again would tie the choice to the allocator.
fn object(thread: &Thread) -> Option<usize> {
    let has_not_waited = thread.spins > 0;
    let tries_again = matches!(thread.wait, Wait::Lock(_) | Wait::Send(_) | Wait::Recv(_));
    (thread.object != 0 && (has_not_waited || tries_again)).then_some(thread.object)
}

impl Choose for Pos {
    fn choose(&mut self, count: usize) -> usize {
        self.random.choose(count)
    }

    fn choose_thread(&mut self, ready: &[u32], current: Option<u32>, threads: &Threads) -> usize {
        let random = &mut self.random;
        let chosen = self.priorities.highest(ready, current, threads, |pending, thread: &Thread| {
            let step = Some((thread.ticket, thread.spins));
            if pending.step != step {
                *pending = Pending { step, priority: random.0.next_u64() };
            }
            pending.priority
        });
        let object = object(&threads[chosen.slot]);
        let races =
            |slot: u32| slot == chosen.slot || (object.is_some() && object == self::object(&threads[slot]));
        for slot in ready.iter().copied().chain(current).filter(|&slot| races(slot)) {
            self.priorities.of(slot, threads).step = None;
        }
        chosen.position
    }
}
