//! [`Priorities`]: what a policy remembers of each thread, and the choice of the thread of highest priority.

use crate::sim::threads::{Thread, Threads};

/// The number of choices in which a thread that can run may be passed over. Then it is chosen, whatever its
/// priority. So no thread waits for ever for one that polls, and [`SPIN_BOUND`] is not reached by a thread
/// that polls for what another one will do.
///
/// [`SPIN_BOUND`]: crate::sim::scheduler::SPIN_BOUND
const PASSED_OVER_MAX: u32 = 2_000;

/// A `T` for each thread, and the number of choices in which the thread was passed over.
pub(super) struct Priorities<T> {
    slots: Vec<Known<T>>,
}

#[derive(Default)]
struct Known<T> {
    /// The thread in this slot; 0 for none, which is no thread's serial number.
    serial: u64,
    passed_over: u32,
    value: T,
}

/// The thread that was chosen.
pub(super) struct Chosen {
    /// Its position among the candidates.
    pub(super) position: usize,
    pub(super) slot: u32,
    /// Whether it was chosen because it had been passed over too often.
    pub(super) overdue: bool,
}

impl<T: Default> Priorities<T> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// The value of a thread; the default at first.
    pub(super) fn of(&mut self, slot: u32, threads: &Threads) -> &mut T {
        &mut self.known(slot, threads).value
    }

    fn known(&mut self, slot: u32, threads: &Threads) -> &mut Known<T> {
        let index = slot as usize;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Known::default);
        }
        let known = &mut self.slots[index];
        let serial = threads[slot].serial;
        if known.serial != serial {
            *known = Known { serial, ..Known::default() };
        }
        known
    }

    /// Chooses the thread whose `priority` is the highest, or the first of those that were passed over too
    /// often.
    pub(super) fn highest(
        &mut self,
        ready: &[u32],
        current: Option<u32>,
        threads: &Threads,
        mut priority: impl FnMut(&mut T, &Thread) -> u64,
    ) -> Chosen {
        let mut best: Option<(bool, u64)> = None;
        let mut chosen = Chosen { position: 0, slot: 0, overdue: false };
        for (position, slot) in ready.iter().copied().chain(current).enumerate() {
            let known = self.known(slot, threads);
            known.passed_over += 1;
            let overdue = known.passed_over > PASSED_OVER_MAX;
            let rank = (overdue, priority(&mut known.value, &threads[slot]));
            if best.is_none_or(|best| rank > best) {
                best = Some(rank);
                chosen = Chosen { position, slot, overdue };
            }
        }
        self.known(chosen.slot, threads).passed_over = 0;
        chosen
    }
}
