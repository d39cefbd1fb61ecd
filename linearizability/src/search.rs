//! [`Search`]: Wing and Gong's search for an order, with Lowe's cache of visited configurations.

use crate::model::{Interval, Model};
use crate::seen::Seen;
use crate::states::{States, more_steps};
use crate::verdict::{Budget, Spent};

/// The result of a search.
pub(crate) enum Ended {
    /// There is an order of all operations that must take effect.
    Complete,
    /// All possibilities were tried. The position of the operation whose return no order passes; of several,
    /// the last one that any order reaches.
    Stuck(usize),
    /// The budget is spent.
    OutOfBudget,
}

/// An order of operations, as far as it goes.
pub(crate) struct Order<S> {
    /// Positions of operations.
    pub operations: Vec<usize>,
    /// The state at its end.
    pub state: S,
}

/// A step of the path from the beginning to the present position of the search.
#[derive(Clone, Copy)]
struct Frame {
    choice: Choice,
    /// State and frontier before it.
    state: u32,
    frontier: u32,
}

#[derive(Clone, Copy)]
enum Choice {
    /// The operation takes effect here.
    Place(u32),
    /// The operation is a read that is right here. Any order that is possible without it is possible with it,
    /// so this is no choice.
    Read(u32),
    /// The operation never takes effect. This is tried last, when its return is reached.
    Drop(u32),
    /// A free operation takes effect here, and stays free.
    Free(u32),
}

/// The next operation to be tried.
#[derive(Clone, Copy)]
enum Cursor {
    /// An operation of the list, or its end.
    Call(u32),
    /// A free operation.
    Free(u32),
    /// Another choice before this one.
    Back,
}

/// The result of a try.
enum Tried {
    /// The next try may proceed from here.
    Refused,
    /// The configuration was visited before, and so was that of every other try.
    InVain,
    /// The search has made one more choice.
    Moved,
}

/// A search for an order of the operations on one key.
///
/// The operations that are not settled are a doubly linked list, in the order of their calls. A step tries
/// the next one of those that are called before the first return of the list. If the model accepts its
/// answer, and the resulting configuration is new, the operation is removed from the list, and the search
/// continues from the head of the list. When all have been tried, the operation of that first return cannot
/// take effect in time: it is left out if it may be, or else the last choice is undone, and the next
/// operation is tried instead.
pub(crate) struct Search<'a, M: Model> {
    model: &'a M,
    operations: &'a [Interval<'a, M::Input, M::Output>],
    /// Operations that may take effect at any time, any number of times or never.
    free: &'a [Interval<'a, M::Input, M::Output>],
    /// For each operation: whether it may be left out.
    optional: Vec<bool>,
    /// For each operation: whether it leaves every state unchanged.
    reads: Vec<bool>,
    /// Operations by the order of their returns, without those that have none.
    returns: Vec<u32>,
    /// For each operation: its bit. Operations that are under way at the same time have different bits.
    bit: Vec<u32>,
    next: Vec<u32>,
    previous: Vec<u32>,

    settled: Vec<bool>,
    mask: Vec<u64>,
    /// The first of `returns` that has not been passed.
    frontier: u32,
    state: u32,
    path: Vec<Frame>,
    states: States<M::State>,
    seen: Seen,
    furthest: u32,
    steps: u64,
}

impl<'a, M: Model> Search<'a, M> {
    /// A search that has not begun. `operations` are in the order of their calls.
    pub fn new(
        model: &'a M,
        operations: &'a [Interval<'a, M::Input, M::Output>],
        free: &'a [Interval<'a, M::Input, M::Output>],
    ) -> Self {
        let count = u32::try_from(operations.len()).expect("fewer than 2^32 operations");
        let optional = operations.iter().map(|operation| match (operation.ret, operation.output) {
            (Some(_), Some(output)) => model.may_be_lost(operation.input, output),
            _ => true,
        });
        let reads = operations.iter().map(|operation| model.only_reads(operation.input, operation.output));
        let mut returns: Vec<u32> = (0..count).filter(|&op| operations[op as usize].ret.is_some()).collect();
        returns.sort_unstable_by_key(|&op| operations[op as usize].ret);
        let (bit, bits) = bits(operations, &returns);
        let words = bits.div_ceil(64).max(1);
        let mut search = Self {
            model,
            operations,
            free,
            optional: optional.collect(),
            reads: reads.collect(),
            returns,
            bit,
            // The list is a ring with one more entry, which is both of its ends.
            next: (1..=count).chain([0]).collect(),
            previous: [count].into_iter().chain(0..count).collect(),
            settled: vec![false; operations.len()],
            mask: vec![0; words],
            frontier: 0,
            state: 0,
            path: Vec::new(),
            states: States::new(),
            seen: Seen::new(words),
            furthest: 0,
            steps: 0,
        };
        let init = model.init();
        search.state = search.states.number(model, init).0;
        search.seen.insert(0, search.state, &search.mask);
        search
    }

    /// The cost so far.
    pub fn spent(&self) -> Spent {
        Spent { steps: self.steps, bytes: self.seen.bytes() + self.states.bytes() }
    }

    /// Searches until an order is found, there is none, or `budget` is spent.
    pub fn run(&mut self, budget: Budget) -> Ended {
        match self.explore(budget, |_| true) {
            Some(true) => Ended::Complete,
            Some(false) => Ended::Stuck(self.returns[self.furthest as usize] as usize),
            None => Ended::OutOfBudget,
        }
    }

    /// Orders of all operations that lead to different states, `wanted` at most, and whether there are no
    /// others.
    pub fn orders(&mut self, budget: Budget, wanted: usize) -> (Vec<Order<M::State>>, bool) {
        let mut found: Vec<(u32, Vec<usize>)> = Vec::new();
        let ended = self.explore(budget, |search| {
            if found.iter().any(|(state, _)| *state == search.state) {
                return false;
            }
            if found.len() == wanted {
                return true;
            }
            let order = search.path.iter().filter_map(|frame| match frame.choice {
                Choice::Place(op) | Choice::Read(op) => Some(op as usize),
                Choice::Drop(_) | Choice::Free(_) => None,
            });
            found.push((search.state, order.collect()));
            false
        });
        let orders = found
            .into_iter()
            .map(|(state, operations)| Order { operations, state: self.states.get(state).clone() });
        (orders.collect(), ended == Some(false))
    }

    /// Visits all configurations, until `enough` accepts one in which all returns are passed. `None` if the
    /// budget is spent, otherwise whether one was accepted.
    fn explore(&mut self, budget: Budget, mut enough: impl FnMut(&Self) -> bool) -> Option<bool> {
        if self.all_passed() && enough(self) {
            return Some(true);
        }
        let mut cursor = self.first_call();
        loop {
            if self.spent().exceeds(budget) {
                return None;
            }
            let outcome;
            (outcome, cursor) = match cursor {
                Cursor::Call(op) if self.can_come_next(op) => {
                    (self.place(op), Cursor::Call(self.next[op as usize]))
                }
                Cursor::Call(_) => (Tried::Refused, Cursor::Free(0)),
                Cursor::Free(op) if (op as usize) < self.free.len() => {
                    (self.apply_free(op), Cursor::Free(op + 1))
                }
                Cursor::Free(_) => (self.drop_first(), Cursor::Back),
                Cursor::Back => match self.undo() {
                    Some(cursor) => (Tried::Refused, cursor),
                    None => return Some(false),
                },
            };
            match outcome {
                Tried::Refused => {}
                Tried::InVain => cursor = Cursor::Back,
                Tried::Moved => {
                    self.furthest = self.furthest.max(self.frontier);
                    if self.all_passed() && enough(self) {
                        return Some(true);
                    }
                    cursor = self.first_call();
                }
            }
        }
    }

    fn first_call(&self) -> Cursor {
        Cursor::Call(self.next[self.operations.len()])
    }

    /// Whether no operation is left that must take effect.
    fn all_passed(&self) -> bool {
        self.frontier as usize == self.returns.len()
    }

    /// Whether `op` is an operation, and called before the first return that has not been passed.
    fn can_come_next(&self, op: u32) -> bool {
        let Some(operation) = self.operations.get(op as usize) else { return false };
        let first = self.returns.get(self.frontier as usize);
        first.is_none_or(|&first| Some(operation.call) < self.operations[first as usize].ret)
    }

    /// Lets `op` take effect here.
    fn place(&mut self, op: u32) -> Tried {
        let Some(state) = self.step(&self.operations[op as usize]) else { return Tried::Refused };
        if state == self.state && self.optional[op as usize] {
            // It would change nothing, and no other operation depends on it.
            return Tried::Refused;
        }
        let reads = self.reads[op as usize];
        let frame = Frame {
            choice: if reads { Choice::Read(op) } else { Choice::Place(op) },
            state: self.state,
            frontier: self.frontier,
        };
        self.settle(op);
        self.state = state;
        if self.seen.insert(self.frontier, state, &self.mask) {
            self.path.push(frame);
            return Tried::Moved;
        }
        self.state = frame.state;
        self.unsettle(op, frame.frontier);
        if reads { Tried::InVain } else { Tried::Refused }
    }

    /// Lets a free operation take effect here.
    fn apply_free(&mut self, op: u32) -> Tried {
        let Some(state) = self.step(&self.free[op as usize]) else { return Tried::Refused };
        if !self.seen.insert(self.frontier, state, &self.mask) {
            return Tried::Refused;
        }
        self.path.push(Frame { choice: Choice::Free(op), state: self.state, frontier: self.frontier });
        self.state = state;
        Tried::Moved
    }

    /// Leaves out the operation whose return is next, if it may be left out.
    fn drop_first(&mut self) -> Tried {
        let Some(&op) = self.returns.get(self.frontier as usize) else { return Tried::Refused };
        if !self.optional[op as usize] {
            return Tried::Refused;
        }
        let frame = Frame { choice: Choice::Drop(op), state: self.state, frontier: self.frontier };
        self.settle(op);
        if self.seen.insert(self.frontier, self.state, &self.mask) {
            self.path.push(frame);
            return Tried::Moved;
        }
        self.unsettle(op, frame.frontier);
        Tried::Refused
    }

    /// Undoes the last choice. Returns where to continue; `None` at the beginning.
    fn undo(&mut self) -> Option<Cursor> {
        let frame = self.path.pop()?;
        self.state = frame.state;
        Some(match frame.choice {
            Choice::Place(op) => {
                self.unsettle(op, frame.frontier);
                Cursor::Call(self.next[op as usize])
            }
            // The alternatives are no better, or have been tried before.
            Choice::Read(op) | Choice::Drop(op) => {
                self.unsettle(op, frame.frontier);
                Cursor::Back
            }
            Choice::Free(op) => Cursor::Free(op + 1),
        })
    }

    /// The number of the state after `operation`; `None` if the model does not accept it here.
    fn step(&mut self, operation: &Interval<'a, M::Input, M::Output>) -> Option<u32> {
        self.steps += 1;
        let state = self.states.get(self.state);
        let state = self.model.step(state, operation.input, operation.output)?;
        let (number, size) = self.states.number(self.model, state);
        self.steps += more_steps(size);
        Some(number)
    }

    /// Removes `op` from the list, and passes the returns that can be passed now.
    fn settle(&mut self, op: u32) {
        let (previous, next) = (self.previous[op as usize], self.next[op as usize]);
        self.next[previous as usize] = next;
        self.previous[next as usize] = previous;
        self.settled[op as usize] = true;
        self.flip(op);
        while let Some(&first) = self.returns.get(self.frontier as usize)
            && self.settled[first as usize]
        {
            // From here on its bit may be used by another operation.
            self.flip(first);
            self.frontier += 1;
        }
    }

    /// Undoes [`settle`](Self::settle), for the operation that was settled last.
    fn unsettle(&mut self, op: u32, frontier: u32) {
        while self.frontier > frontier {
            self.frontier -= 1;
            self.flip(self.returns[self.frontier as usize]);
        }
        self.flip(op);
        self.settled[op as usize] = false;
        let (previous, next) = (self.previous[op as usize], self.next[op as usize]);
        self.next[previous as usize] = op;
        self.previous[next as usize] = op;
    }

    fn flip(&mut self, op: u32) {
        let bit = self.bit[op as usize] as usize;
        self.mask[bit / 64] ^= 1 << (bit % 64);
    }
}

/// A bit for each operation, different for those that are under way at the same time, and the number of bits
/// used.
fn bits<I, O>(operations: &[Interval<'_, I, O>], returns: &[u32]) -> (Vec<u32>, usize) {
    let mut bits: Vec<u32> = Vec::with_capacity(operations.len());
    let mut unused = Vec::new();
    let mut count = 0;
    let mut returns = returns.iter().map(|&op| op as usize).peekable();
    for operation in operations {
        while let Some(op) = returns.next_if(|&op| operations[op].ret < Some(operation.call)) {
            unused.push(bits[op]);
        }
        bits.push(unused.pop().unwrap_or_else(|| {
            count += 1;
            count - 1
        }));
    }
    (bits, count as usize)
}
