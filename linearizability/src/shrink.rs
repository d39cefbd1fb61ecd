//! [`shrink`]: a small set of operations that contradict each other, found by searches.
//!
//! Leaving an operation out of a history can make a violation where there was none: without its put, the
//! right answer of a get cannot be explained. So operations that write are not left out; their constraints
//! are relaxed. Operations that only read are left out. If there is still no order, the operations with their
//! full constraints are the contradiction. There are two ways to relax the others:
//!
//! 1. The others are *free*: each may take effect at any time, any number of times or never. Then the
//!    contradiction holds whatever the others did.
//! 2. Where states grow, free operations make ever new ones, and all of them cannot be tried. Then the others
//!    take effect in an order that explains all answers but the last, each once, but [at any time](InOrder).
//!    As long as few operations are in the core, that makes few states. The result is weaker: it may not hold
//!    in another order.

use crate::in_order::{Asked, InOrder};
use crate::model::{Interval, Model};
use crate::search::{Ended, Search};
use crate::states::count_step;
use crate::verdict::Budget;

/// The budget of the search for a small core in each of the two ways, and of one of its checks, besides the
/// budget for each operation of the history.
const STEPS: u64 = 200_000;
const STEPS_A_CHECK: u64 = 10_000;
const STEPS_AN_OPERATION: u64 = 40;
const BYTES: usize = 64 << 20;

/// The number of operations up to which each is tried by itself.
const ONE_BY_ONE: usize = 256;

/// Operations that contradict each other.
#[derive(Debug, Default)]
pub(crate) struct Core {
    /// Their positions. None, if it takes too long to find them.
    pub operations: Vec<usize>,
    /// Whether none of them can be left out.
    pub is_minimal: bool,
    /// Whether they are known to contradict each other only in one order of the other operations.
    pub is_in_order: bool,
}

/// The assumption on the operations outside the core.
enum Others<'o> {
    Free,
    InOrder(&'o [usize]),
}

struct Shrink<'a, 'b, M: Model> {
    model: &'a M,
    operations: &'b [Interval<'a, M::Input, M::Output>],
    others: Others<'b>,
    steps: u64,
}

/// Operations that contradict each other.
///
/// `operations` have no order, and have one without the return of `stuck`, which is the last. `order` is one
/// of all operations but `stuck`, if one is known.
pub(crate) fn shrink<'a, M: Model>(
    model: &'a M,
    operations: &[Interval<'a, M::Input, M::Output>],
    stuck: usize,
    order: Option<&[usize]>,
) -> Core {
    let mut free = Shrink { model, operations, others: Others::Free, steps: 0 };
    if let Some(core) = free.last_ones(stuck) {
        let (operations, is_minimal) = free.fewest(core, stuck);
        return Core { operations, is_minimal, is_in_order: false };
    }
    let Some(order) = order else { return Core::default() };
    let mut ordered = Shrink { model, operations, others: Others::InOrder(order), steps: 0 };
    let (operations, is_minimal) = ordered.in_order(stuck).unwrap_or_default();
    Core { operations, is_minimal, is_in_order: true }
}

/// Whether the answer of `stuck` is right at some time if all other operations may take effect at any time,
/// as often as you like, or never. `None` if that takes too long to tell.
pub(crate) fn can_be_right<'a, M: Model>(
    model: &'a M,
    operations: &[Interval<'a, M::Input, M::Output>],
    stuck: usize,
) -> Option<bool> {
    let mut shrink = Shrink { model, operations, others: Others::Free, steps: 0 };
    shrink.is_core(&[stuck]).map(|is_core| !is_core)
}

impl<'a, M: Model> Shrink<'a, '_, M> {
    /// The fewest operations before `stuck` that are enough, by doubling their number.
    fn last_ones(&mut self, stuck: usize) -> Option<Vec<usize>> {
        let before: Vec<usize> = (0..self.operations.len()).filter(|&op| op != stuck).collect();
        let mut number = 0;
        loop {
            let mut core = before[before.len() - number..].to_vec();
            core.push(stuck);
            core.sort_unstable();
            // With more operations in the core there are not fewer states.
            if self.is_core(&core)? {
                return Some(core);
            }
            if number == before.len() {
                return None;
            }
            number = (2 * number).clamp(1, before.len());
        }
    }

    /// Small cores are tried first: the more operations keep their times while the others do not, the more
    /// ways there are to interleave them.
    fn in_order(&mut self, stuck: usize) -> Option<(Vec<usize>, bool)> {
        if self.is_core(&[stuck])? {
            return Some((vec![stuck], true));
        }
        if let Some(pair) = self.pair(stuck) {
            return Some((pair, true));
        }
        let core = self.last_ones(stuck)?;
        Some(self.one_by_one(core, stuck))
    }

    /// Tries to do without each operation; if three or more are left, any single one with `stuck` may be
    /// enough.
    fn fewest(&mut self, core: Vec<usize>, stuck: usize) -> (Vec<usize>, bool) {
        let (core, minimal) = self.one_by_one(core, stuck);
        if core.len() > 2
            && let Some(pair) = self.pair(stuck)
        {
            return (pair, true);
        }
        (core, minimal)
    }

    /// An operation that contradicts `stuck` and returned before its call: first among those that change
    /// nothing, which take few steps, and then among the others, the last one first. It takes half of the
    /// steps at most.
    fn pair(&mut self, stuck: usize) -> Option<Vec<usize>> {
        let enough = self.steps + self.steps_left() / 2;
        let call = self.operations[stuck].call;
        let before: Vec<usize> = (0..self.operations.len())
            .rev()
            .filter(|&op| self.operations[op].ret.is_some_and(|ret| ret < call))
            .collect();
        let quiet = self.quiet();
        let (reads, writes): (Vec<_>, Vec<_>) = before.into_iter().partition(|&op| quiet[op]);
        for other in reads.into_iter().chain(writes) {
            if self.steps >= enough {
                break;
            }
            let pair = vec![other.min(stuck), other.max(stuck)];
            if self.is_core(&pair) == Some(true) {
                return Some(pair);
            }
        }
        None
    }

    /// Of each operation, whether it only reads, or changes nothing where it is in the order. A model need
    /// not say which ones only read.
    fn quiet(&mut self) -> Vec<bool> {
        let mut quiet: Vec<bool> = (0..self.operations.len()).map(|op| !self.writes(op)).collect();
        let Others::InOrder(order) = self.others else { return quiet };
        let mut state = self.model.init();
        for &op in order {
            let Some(next) = self.model.step(&state, self.operations[op].input, None) else { continue };
            self.steps += count_step(&next);
            quiet[op] = next == state;
            state = next;
        }
        quiet
    }

    /// Tries to do without each operation, the first one first, until none can be left out.
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

    /// Whether these operations allow no order, under the assumption on the others. `None` if that takes too
    /// long to decide.
    fn is_core(&mut self, core: &[usize]) -> Option<bool> {
        match self.others {
            Others::Free => {
                let kept: Vec<_> = core.iter().map(|&op| self.operations[op]).collect();
                let others = (0..self.operations.len()).filter(|op| core.binary_search(op).is_err());
                let free: Vec<_> =
                    others.filter(|&op| self.writes(op)).map(|op| self.operations[op]).collect();
                self.has_none(Search::new(self.model, &kept, &free))
            }
            Others::InOrder(order) => {
                let others = order.iter().copied().filter(|op| core.binary_search(op).is_err());
                let order: Vec<&M::Input> =
                    others.filter(|&op| self.writes(op)).map(|op| self.operations[op].input).collect();
                let asked: Vec<Asked<'_, M::Input>> =
                    core.iter().map(|&op| Some(self.operations[op].input)).collect();
                let kept = core.iter().zip(&asked).map(|(&op, input)| {
                    let Interval { output, call, ret, .. } = self.operations[op];
                    Interval { input, output, call, ret }
                });
                let (model, kept): (_, Vec<_>) = (InOrder::new(self.model, &order), kept.collect());
                let next = Interval { input: &None, output: None, call: 0, ret: None };
                self.has_none(Search::new(&model, &kept, &[next]))
            }
        }
    }

    fn writes(&self, op: usize) -> bool {
        let Interval { input, output, .. } = self.operations[op];
        !self.model.only_reads(input, output)
    }

    fn steps_left(&self) -> u64 {
        let steps = STEPS + STEPS_AN_OPERATION * self.operations.len() as u64;
        steps.saturating_sub(self.steps)
    }

    /// Whether a search finds no order.
    fn has_none<O: Model>(&mut self, mut search: Search<'_, O>) -> Option<bool> {
        let a_check = STEPS_A_CHECK + STEPS_AN_OPERATION * self.operations.len() as u64;
        let steps = a_check.min(self.steps_left());
        let ended = search.run(Budget { steps, bytes: BYTES });
        self.steps += search.spent().steps;
        match ended {
            Ended::Complete => Some(false),
            Ended::Stuck(_) => Some(true),
            Ended::OutOfBudget => None,
        }
    }
}
