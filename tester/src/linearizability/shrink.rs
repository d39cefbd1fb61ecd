//! [`shrink`]: as few operations as are enough for a contradiction.
//!
//! To leave an operation out of a history can make a violation where there was none: without its put, a right answer of a
//! get is one that nobody can explain. So nothing that writes is ever left out; it is set *free* instead, which is less than was
//! known of it: it may take effect at any time, any number of times or never. What only reads is left out. If
//! there is no order even so, then what was kept is the contradiction.

use super::model::{Interval, Model};
use super::search::{Ended, Search};
use super::verdict::Budget;

/// What the search for a small core may take in all, and one of its checks.
const STEPS: u64 = 1_000_000;
const STEPS_A_CHECK: u64 = 100_000;
const BYTES: usize = 64 << 20;

/// More operations than this are not tried one by one.
const ONE_BY_ONE: usize = 256;

struct Shrink<'a, 'b, M: Model> {
    model: &'a M,
    operations: &'b [Interval<'a, M::Input, M::Output>],
    steps: u64,
}

/// Positions of operations that allow no order, whatever the others do, and whether none of them can be left out.
///
/// `operations` have no order, and have one without the return of `stuck`, which is the last. `known` are such operations,
/// if somebody knows them.
pub(super) fn shrink<M: Model>(
    model: &M,
    operations: &[Interval<'_, M::Input, M::Output>],
    stuck: usize,
    known: Option<Vec<usize>>,
) -> (Vec<usize>, bool) {
    let mut shrink = Shrink { model, operations, steps: 0 };
    match known.or_else(|| shrink.last_ones(stuck)) {
        Some(core) => shrink.one_by_one(core, stuck),
        None => (Vec::new(), false),
    }
}

impl<M: Model> Shrink<'_, '_, M> {
    /// The fewest operations before `stuck`, doubling their number, that will do.
    fn last_ones(&mut self, stuck: usize) -> Option<Vec<usize>> {
        let before: Vec<usize> = (0..self.operations.len()).filter(|&op| op != stuck).collect();
        let mut number = 0;
        loop {
            let mut core = before[before.len() - number..].to_vec();
            core.push(stuck);
            core.sort_unstable();
            if self.is_core(&core) == Some(true) {
                return Some(core);
            }
            if number == before.len() || self.steps >= STEPS {
                return None;
            }
            number = (2 * number).clamp(1, before.len());
        }
    }

    /// Tries to do without each operation, the first one first.
    fn one_by_one(&mut self, mut core: Vec<usize>, stuck: usize) -> (Vec<usize>, bool) {
        if core.len() > ONE_BY_ONE {
            return (core, false);
        }
        let mut minimal = true;
        for op in core.clone() {
            if op == stuck {
                continue;
            }
            let smaller: Vec<usize> = core.iter().copied().filter(|&other| other != op).collect();
            match self.is_core(&smaller) {
                Some(true) => core = smaller,
                Some(false) => {}
                None => minimal = false,
            }
        }
        (core, minimal)
    }

    /// Whether these operations allow no order, whatever the others do. `None` if that takes too long to tell.
    fn is_core(&mut self, core: &[usize]) -> Option<bool> {
        let steps = STEPS_A_CHECK.min(STEPS.saturating_sub(self.steps));
        let kept: Vec<_> = core.iter().map(|&op| self.operations[op]).collect();
        let free: Vec<_> = (0..self.operations.len())
            .filter(|op| core.binary_search(op).is_err())
            .map(|op| self.operations[op])
            .filter(|operation| !self.model.only_reads(operation.input, operation.output))
            .collect();
        let mut search = Search::new(self.model, &kept, &free);
        let ended = search.run(Budget { steps, bytes: BYTES });
        self.steps += search.spent().steps;
        match ended {
            Ended::Complete => Some(false),
            Ended::Stuck(_) => Some(true),
            Ended::OutOfBudget => None,
        }
    }
}
