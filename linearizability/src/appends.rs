//! [`Appends`]: decides the puts and appends on a key exactly, where each text that was read shows which of
//! them made it.
//!
//! # Chains
//!
//! The text of a key is the initial one, which is empty, or the value of the last put; and then the values of
//! the appends since, in their order. If a text can be taken apart into such values in one way only, a read
//! that was answered this text shows all the puts and appends since the beginning or the last put: nothing
//! else took effect in between. (The [`Tree`] of texts finds the way, or that there are several. Then
//! [`Appends::new`] returns nothing, and the search decides.)
//!
//! All reads that show the same put are answered while it is the last one. So of two such texts one is the
//! beginning of the other. The put, the appends that were seen after it, and the reads, each after what it
//! shows, are a *chain*. The order in a chain is known, but for reads of the same text, which may be in the
//! order of their calls. No other put or append is between the operations of a chain, as the last read shows.
//! So chains do not interleave, and each put or append is in one chain at most, at one place. The beginning
//! is like a put that returned before all events, if something was read that shows it.
//!
//! A put or an append that no read shows stands between chains. If it never returned, it can be left out.
//! What is read does not depend on it, so this is all: an order of the chains, and of these *loose*
//! operations, explains all answers.
//!
//! # Zones
//!
//! An operation takes effect at a moment of its interval. It is left to find out whether moments can be
//! chosen such that chains do not interleave, and the order in each is kept. Let `f` be the earliest last
//! moment of the operations of a chain, and `s` the latest first one (Gibbons and Korach, "Testing Shared
//! Memories", SIAM Journal on Computing 26(4), 1997, who have one write in each chain).
//! - If `f < s`, one operation of the chain takes effect at `f` or earlier, and one at `s` or later. The
//!   *forward zone* from `f` to `s` belongs to this chain. No other operation takes effect within.
//! - Otherwise all operations can take effect at one moment, from `s` to `f`, in any order.
//!
//! So there is an order only if forward zones do not overlap, and each other chain and each loose operation
//! has a moment that is within no forward zone. (Zones may touch: at one moment, any order is possible.) And
//! each chain must be possible by itself: if each operation takes effect as early as the order allows, none
//! is too late.
//!
//! That is enough. If the moments of a chain are possible by themselves, they remain so if those before `f`
//! are moved to `f`, and those after `s` to `s`: no operation has its last moment before `f`, or its first
//! one after `s`. Then chains with a forward zone are within it, and all others at one moment outside of all.
//! `Zones` does this in the time of a sort.
//!
//! # Contradictions
//!
//! To ask whether some operations contradict each other, all other puts and appends are taken to be *free*:
//! each takes effect at any time, any number of times or never. A chain then begins with the first of its
//! operations that is not free (the beginning never is). Free puts and appends that are needed before
//! it take effect at the same moment, and free ones between its operations take no time. A read that shows
//! free ones only is a chain by itself, and so the rest remains as it is.

use crate::endings::{Contents, endings};
use crate::model::{Exact, Impossible, Interval};
use crate::moments::NEVER;
use crate::pieces::Pieces;
use crate::text::{TextInput, TextOutput};
use crate::tree::Tree;
use crate::zones::{Row, Times, Zones};

type Operation<'a> = Interval<'a, TextInput, TextOutput>;

/// The meaning of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// A read of the text of this node.
    Read(usize),
    /// A put or an append that took effect, or may have.
    Write,
    /// No state gives this answer.
    Wrong,
    /// A read that was not answered.
    Nothing,
}

/// The operations on one key.
pub(crate) struct Appends<'a> {
    operations: &'a [Operation<'a>],
    /// Call and return of each operation.
    intervals: Vec<(usize, usize)>,
    roles: Vec<Role>,
    tree: Tree,
    /// Sorted.
    rows: Vec<Row>,
    /// The event with which the operations end: later calls and returns are not known.
    end: usize,
}

/// The beginning, which makes the initial text.
const BEGINNING: Row = Row { node: 0, is_read: false, op: None };

impl<'a> Appends<'a> {
    /// Takes apart what was read. `operations` are in the order of their calls. `None` if a value is empty,
    /// or if something was read that puts and appends can have made in several ways.
    pub fn new(operations: &'a [Operation<'a>]) -> Option<Self> {
        let intervals: Vec<(usize, usize)> =
            operations.iter().map(|operation| (operation.call, operation.ret.unwrap_or(NEVER))).collect();
        let calls: Vec<usize> = operations.iter().map(|operation| operation.call).collect();
        let mut roles = Vec::with_capacity(operations.len());
        let mut values = Vec::new();
        let mut texts = Vec::new();
        for (op, operation) in operations.iter().enumerate() {
            roles.push(match (operation.input, operation.output) {
                (TextInput::Get { .. }, None) => Role::Nothing,
                (TextInput::Get { .. }, Some(TextOutput::Value(text))) => {
                    texts.push((text.as_bytes(), op));
                    // Until its text is found.
                    Role::Wrong
                }
                (TextInput::Put { value, .. }, None | Some(TextOutput::Done)) => {
                    values.push((&**value, op, true));
                    Role::Write
                }
                (TextInput::Append { value, .. }, None | Some(TextOutput::Done)) => {
                    values.push((&**value, op, false));
                    Role::Write
                }
                _ => Role::Wrong,
            });
        }
        if values.iter().any(|(value, ..)| value.is_empty()) {
            return None;
        }
        let (tree, found) = Tree::new(&Pieces::new(values.into_iter()), texts, &calls).ok()?;
        for (op, node) in found {
            roles[op] = node.map_or(Role::Wrong, Role::Read);
        }
        let mut appends = Self { operations, intervals, roles, tree, rows: Vec::new(), end: NEVER - 1 };
        appends.rows = appends.rows_of(0..operations.len());
        Some(appends)
    }

    /// The rows of operations, and of the beginning.
    fn rows_of(&self, operations: impl Iterator<Item = usize>) -> Vec<Row> {
        let mut rows = vec![BEGINNING];
        for op in operations {
            match self.roles[op] {
                Role::Read(node) => rows.push(Row { node, is_read: true, op: Some(op) }),
                Role::Write => {
                    rows.extend(self.tree.made_by(op).map(|node| Row { node, is_read: false, op: Some(op) }));
                }
                Role::Wrong | Role::Nothing => {}
            }
        }
        rows.sort_unstable();
        rows
    }

    fn times(&self, end: usize) -> Times<'_> {
        Times { tree: &self.tree, intervals: &self.intervals, end }
    }

    /// The puts and appends that were called.
    fn writes(&self) -> impl Iterator<Item = usize> {
        (0..self.roles.len()).filter(|&op| self.roles[op] == Role::Write && self.intervals[op].0 < self.end)
    }

    /// The first return of an answer that is never right.
    fn wrong(&self, end: usize, but: Option<usize>) -> Option<usize> {
        let wrong = (0..self.roles.len()).filter(|&op| self.roles[op] == Role::Wrong && Some(op) != but);
        wrong.filter(|&op| self.intervals[op].1 <= end).min_by_key(|&op| self.intervals[op].1)
    }

    /// Whether an operation can have a part in a contradiction.
    fn constrains(&self, op: usize) -> bool {
        let (call, ret) = self.intervals[op];
        match self.roles[op] {
            Role::Write => call < self.end && (ret <= self.end || self.tree.made[op].is_some()),
            Role::Read(_) | Role::Wrong => ret <= self.end,
            Role::Nothing => false,
        }
    }

    /// The operations that were expected next after a text on the way to that of `node`, and did not come
    /// next: what other reads show. The last ones come first. Then the put with which the text begins.
    fn missed(&self, node: usize) -> Vec<usize> {
        let mut missed = Vec::new();
        let mut below = None;
        for above in self.tree.path_back(node) {
            let others = self.tree.children(above).filter(|&child| Some(child) != below);
            missed.extend(others.filter_map(|child| self.tree.nodes[child].op));
            below = Some(above);
        }
        missed.extend(below.and_then(|base| self.tree.nodes[base].op));
        missed
    }
}

impl Contents for Appends<'_> {
    fn is_write(&self, op: usize) -> bool {
        self.roles[op] == Role::Write
    }

    fn is_put(&self, op: usize) -> bool {
        matches!(self.operations[op].input, TextInput::Put { .. })
    }

    fn value(&self, op: usize) -> &str {
        match self.operations[op].input {
            TextInput::Put { value, .. } | TextInput::Append { value, .. } => value,
            TextInput::Get { .. } => "",
        }
    }
}

impl<'a> Exact<'a> for Appends<'a> {
    fn decide(&self, end: Option<usize>) -> Result<(), Impossible> {
        let end = end.map_or(self.end, |end| end.min(self.end));
        if let Some(operation) = self.wrong(end, None) {
            return Err(Impossible { version: None, operation });
        }
        match Zones::new(self.times(end), &self.rows, self.writes()) {
            Ok(_) => Ok(()),
            Err(operation) => Err(Impossible { version: None, operation }),
        }
    }

    fn until(mut self: Box<Self>, end: usize) -> Box<dyn Exact<'a> + 'a> {
        self.end = end.min(self.end);
        self
    }

    fn contradict(&self, operations: &[usize]) -> bool {
        let is_wrong = |&op: &usize| self.roles[op] == Role::Wrong && self.intervals[op].1 <= self.end;
        if operations.iter().any(is_wrong) {
            return true;
        }
        let rows = self.rows_of(operations.iter().copied());
        let writes = operations.iter().copied().filter(|&op| self.roles[op] == Role::Write);
        Zones::new(self.times(self.end), &rows, writes).is_err()
    }

    fn orders(&self, without: usize, wanted: usize) -> (Vec<Vec<usize>>, bool) {
        if self.wrong(self.end, Some(without)).is_some() {
            return (Vec::new(), true);
        }
        let rows: Vec<Row> = self.rows.iter().filter(|row| row.op != Some(without)).copied().collect();
        let times = self.times(self.end);
        let writes = || self.writes().filter(|&op| op != without);
        // What is not among the writes is free, but this one is absent.
        let is_needed = |row: &Row| {
            let returned = row.is_read && row.op.is_some_and(|op| times.returned(op));
            returned && self.tree.made_by(without).any(|made| self.tree.contains(made, row.node))
        };
        if rows.iter().any(is_needed) {
            return (Vec::new(), true);
        }
        let Ok(zones) = Zones::new(times, &rows, writes()) else { return (Vec::new(), true) };
        let pending: Vec<usize> = writes().filter(|&op| !times.returned(op) && !zones.is_seen(op)).collect();
        endings(&zones, self, times, &pending, wanted)
    }

    fn nearest(&self, operation: usize) -> Box<dyn Iterator<Item = usize> + '_> {
        let first = match self.roles[operation] {
            Role::Read(node) => self.missed(node),
            Role::Write | Role::Wrong | Role::Nothing => Vec::new(),
        };
        let mut is_left: Vec<bool> = (0..self.roles.len()).map(|op| self.constrains(op)).collect();
        is_left[operation] = false;
        let last = (0..self.roles.len()).rev();
        Box::new(first.into_iter().chain(last).filter(move |&op| std::mem::take(&mut is_left[op])))
    }
}
