//! [`check`]: a verdict on a history, key by key.

use rustc_hash::FxHashMap;

use crate::contradiction::contradiction;
use crate::evidence::{DescribedOperation, Evidence, NoMoment, Prefix};
use crate::history::{History, Operation};
use crate::model::{Exact, Interval, Model};
use crate::search::{Ended, Order, Search};
use crate::shrink::{Core, can_be_right, shrink};
use crate::verdict::{Budget, Spent, Verdict};

/// The budget of each search for a part of the evidence, when the verdict is known, besides the budget for
/// each operation.
const PREFIX_STEPS: u64 = 200_000;
const PREFIX_STEPS_AN_OPERATION: u64 = 40;

/// How often the operation that an exact method names is taken for the first one that no order explains.
const GUESSES: usize = 4;

/// The operations on one key.
struct Part<'a, M: Model> {
    key: M::Key,
    /// Their positions in the history.
    positions: Vec<usize>,
    operations: Vec<Interval<'a, M::Input, M::Output>>,
}

/// Decides whether `history` is linearizable, within `budget`.
///
/// Each key is checked by itself. If the model has an [exact method](Model::exact), that decides, whatever
/// the budget. Otherwise the search does, the key with the fewest operations first. The check ends with the
/// first violation. If a key exceeds the budget, the check still looks for a violation of the other keys,
/// within the rest of the budget.
///
/// The same history, model and budget give the same verdict, with the same evidence, after the same number of
/// steps.
pub fn check<M: Model>(model: &M, history: &History<M::Input, M::Output>, budget: Budget) -> Verdict {
    Check { model, history, budget, spent: Spent::default() }.run()
}

struct Check<'a, M: Model> {
    model: &'a M,
    history: &'a History<M::Input, M::Output>,
    budget: Budget,
    spent: Spent,
}

impl<'a, M: Model> Check<'a, M> {
    fn run(mut self) -> Verdict {
        let mut parts = Vec::new();
        let mut undecided: Option<String> = None;
        for part in self.parts() {
            self.spent.steps += part.operations.len() as u64;
            if let Some(exact) = self.model.exact(&part.operations) {
                if let Some(stuck) = first_impossible(&*exact, &part.operations) {
                    return self.violation(&part, stuck, Some(exact));
                }
                continue;
            }
            if self.spent.exceeds(self.budget) {
                undecided.get_or_insert_with(|| part.key.to_string());
            } else {
                parts.push(part);
            }
        }
        parts.sort_by_key(|part| part.operations.len());
        for part in &parts {
            let mut search = Search::new(self.model, &part.operations, &[]);
            let ended = search.run(self.spent.left(self.budget));
            self.spent.add(search.spent());
            match ended {
                Ended::Complete => {}
                Ended::Stuck(stuck) => return self.violation(part, stuck, None),
                Ended::OutOfBudget => {
                    undecided.get_or_insert_with(|| part.key.to_string());
                }
            }
        }
        let Self { spent, budget, .. } = self;
        match undecided {
            None => Verdict::Linearizable { spent },
            Some(key) => Verdict::Unknown { key, spent, budget },
        }
    }

    /// The operations of each key, the keys in the order of their first calls. Reads that never returned are
    /// left out: they constrain nothing.
    fn parts(&self) -> Vec<Part<'a, M>> {
        let mut numbers = FxHashMap::default();
        let mut parts: Vec<Part<'a, M>> = Vec::new();
        for (position, operation) in self.history.operations().iter().enumerate() {
            if operation.output.is_none() && self.model.only_reads(&operation.input, None) {
                continue;
            }
            let key = self.model.key(&operation.input);
            let number = *numbers.entry(key).or_insert_with_key(|key| {
                parts.push(Part { key: key.clone(), positions: Vec::new(), operations: Vec::new() });
                parts.len() - 1
            });
            parts[number].positions.push(position);
            parts[number].operations.push(interval(operation));
        }
        parts
    }

    /// The verdict on `part`, of which `stuck` is the first return that no order explains. `exact` is the
    /// model's exact method for the part, if it has one.
    fn violation<'p>(
        &self,
        part: &'p Part<'a, M>,
        stuck: usize,
        exact: Option<Box<dyn Exact<'p> + 'p>>,
    ) -> Verdict {
        let end = part.operations[stuck].ret;
        let shown = |op: usize| self.shown(part.positions[op]);
        // An exact method does without a copy of the operations.
        let exact = exact.map(|exact| exact.until(end.unwrap_or(usize::MAX)));
        let (called, beginning) = match exact {
            Some(_) => {
                (part.operations.partition_point(|it| end.is_none_or(|end| it.call < end)), Vec::new())
            }
            None => {
                let beginning = beginning(&part.operations, stuck);
                (beginning.len(), beginning)
            }
        };
        let operations = if exact.is_some() { &part.operations[..called] } else { &beginning[..] };
        let (orders, all_prefixes) = self.orders(exact.as_deref(), operations, stuck);
        let order = orders.first().map(|order| order.operations.as_slice());
        let core = match &exact {
            Some(exact) => {
                let (operations, is_minimal) = contradiction(&**exact, stuck);
                Core { operations, is_minimal, is_in_order: false }
            }
            None => shrink(self.model, operations, stuck, order),
        };
        let no_moment = exact.as_ref().and_then(|exact| exact.decide(None).err()).and_then(|impossible| {
            Some(NoMoment { version: impossible.version?, operation: shown(impossible.operation) })
        });
        let right_later = if core.operations == [stuck] && !core.is_in_order {
            self.is_right_later(part, stuck)
        } else {
            None
        };
        let remark = |&op: &usize| {
            let (answer, other) = (operations[stuck].output?, operations[op]);
            Some((part.positions[op], self.model.remark(answer, other.input, other.output)?))
        };
        let others = core.operations.iter().filter(|&&op| op != stuck);
        let remarks = others.filter_map(remark).collect();
        let prefix = |order: Order<M::State>| Prefix {
            order: order.operations.iter().map(|&op| part.positions[op]).collect(),
            last: order.operations[order.operations.len().saturating_sub(Prefix::SHOWN)..]
                .iter()
                .map(|&op| shown(op))
                .collect(),
            state: self.model.describe_state(&order.state),
            allowed: self.model.allowed(&order.state, operations[stuck].input),
        };
        Verdict::Violation(Box::new(Evidence {
            key: part.key.to_string(),
            operation: shown(stuck),
            prefixes: orders.into_iter().map(prefix).collect(),
            all_prefixes,
            core: core.operations.into_iter().map(shown).collect(),
            remarks,
            minimal: core.is_minimal,
            in_order: core.is_in_order,
            right_later,
            no_moment,
            operations: called,
            spent: self.spent,
        }))
    }

    /// Whether an answer that is right at no time before it was given could be right with the help of
    /// operations that were called later. `None` if that takes too long to decide.
    fn is_right_later(&self, part: &Part<'_, M>, stuck: usize) -> Option<bool> {
        let called = beginning(&part.operations, stuck).len();
        if called == part.operations.len() {
            return Some(false);
        }
        match self.model.exact(&part.operations) {
            Some(exact) => Some(!exact.contradict(&[stuck])),
            None => can_be_right(self.model, &part.operations, stuck),
        }
    }

    /// Orders of `operations` without the one that is stuck, and whether these are all. `exact` is the
    /// model's exact method for `operations`, if it has one.
    fn orders(
        &self,
        exact: Option<&dyn Exact<'_>>,
        operations: &[Interval<'_, M::Input, M::Output>],
        stuck: usize,
    ) -> (Vec<Order<M::State>>, bool) {
        if let Some(exact) = exact {
            let (orders, all) = exact.orders(stuck, Evidence::PREFIXES);
            let with_state = |order: Vec<usize>| {
                let state = self.state(operations, &order)?;
                Some(Order { operations: order, state })
            };
            return (orders.into_iter().filter_map(with_state).collect(), all);
        }
        let others: Vec<usize> = (0..operations.len()).filter(|&op| op != stuck).collect();
        let without: Vec<_> = others.iter().map(|&op| operations[op]).collect();
        let steps = PREFIX_STEPS + PREFIX_STEPS_AN_OPERATION * operations.len() as u64;
        let budget = Budget { steps, bytes: self.budget.bytes };
        let (mut orders, all) = Search::new(self.model, &without, &[]).orders(budget, Evidence::PREFIXES);
        for order in &mut orders {
            order.operations.iter_mut().for_each(|op| *op = others[*op]);
        }
        (orders, all)
    }

    /// The state after operations in this order; `None` if an answer is wrong in it.
    fn state(&self, operations: &[Interval<'_, M::Input, M::Output>], order: &[usize]) -> Option<M::State> {
        let state = order.iter().try_fold(self.model.init(), |state, &op| {
            self.model.step(&state, operations[op].input, operations[op].output)
        });
        debug_assert!(state.is_some(), "an exact method found a wrong order: {order:?}");
        state
    }

    fn shown(&self, position: usize) -> DescribedOperation {
        let operation = &self.history.operations()[position];
        DescribedOperation {
            position,
            client: operation.client,
            called: operation.called,
            returned: operation.returned,
            input: self.model.describe_input(&operation.input),
            output: operation.output.as_ref().map(|output| self.model.describe_output(output)),
        }
    }
}

fn interval<I, O>(operation: &Operation<I, O>) -> Interval<'_, I, O> {
    Interval {
        input: &operation.input,
        output: operation.output.as_ref(),
        call: operation.call_event(),
        ret: operation.return_event(),
    }
}

/// If operations have no order, the first return that no order explains: the shortest beginning without an
/// order ends with it.
///
/// The method names an operation that leaves no moment. Mostly it is the one that is looked for.
fn first_impossible<I, O>(exact: &dyn Exact<'_>, operations: &[Interval<'_, I, O>]) -> Option<usize> {
    let mut named = exact.decide(None).err()?.operation;
    // No order explains the returns up to this event.
    let mut bad = None;
    // There is an order of the operations with the returns up to this event.
    let mut good = None;
    for _ in 0..GUESSES {
        let Some(ret) = operations[named].ret.filter(|&ret| bad.is_none_or(|bad| ret < bad)) else { break };
        if exact.decide(Some(ret)).is_ok() {
            good = Some(ret);
            break;
        }
        bad = Some(ret);
        match ret.checked_sub(1).map(|before| exact.decide(Some(before))) {
            Some(Err(earlier)) => named = earlier.operation,
            _ => return Some(named),
        }
    }
    let is_between = |ret: &usize| good.is_none_or(|good| *ret > good) && bad.is_none_or(|bad| *ret <= bad);
    let returns = operations.iter().enumerate();
    let mut returns: Vec<(usize, usize)> =
        returns.filter_map(|(op, operation)| Some((operation.ret.filter(is_between)?, op))).collect();
    returns.sort_unstable();
    let first = returns.partition_point(|&(ret, _)| exact.decide(Some(ret)).is_ok());
    // The whole has no order, so there is such a return, the last one at the latest.
    Some(returns[first.min(returns.len() - 1)].1)
}

/// The operations called before `last` returned, with the returns up to then.
fn beginning<'a, I, O>(operations: &[Interval<'a, I, O>], last: usize) -> Vec<Interval<'a, I, O>> {
    let end = operations[last].ret;
    operations
        .iter()
        .take_while(|operation| end.is_none_or(|end| operation.call < end))
        .map(|operation| Interval {
            ret: operation.ret.filter(|&ret| end.is_none_or(|end| ret <= end)),
            ..*operation
        })
        .collect()
}
