//! [`decide`]: decides histories of versioned puts by their versions, without a search.
//!
//! A put that succeeded at version `v` is the one that led from `v` to `v + 1`. So the order of the changes
//! is known, and for each `Get` the two changes between which it belongs. The times of the changes remain to
//! be found: each change is placed as early as possible; if one is too late then, it always is. That takes a
//! sort and a pass.
//!
//! Two kinds of operation leave a choice. Of several puts that *may* have made the same change, the one that
//! can be earliest is as good as any. A put that was refused because of its version saw a later version, or
//! an earlier one. A later one constrains no other operation, so it saw an earlier one only if it cannot have
//! seen a later one. That postpones changes, so the pass is repeated until no change is postponed any more.
//! Where an operation that is not needed could help by leading to one more version, the search has to decide.

use crate::key_value::{KeyValueInput, KeyValueOutput};
use crate::model::{Interval, Shortcut};

type Operation<'a> = Interval<'a, KeyValueInput, KeyValueOutput>;

/// The most passes. Only histories made for the purpose need more.
const PASSES: usize = 64;

/// A put that may have led, or did lead, from one version to the next.
#[derive(Clone, Copy)]
struct Change {
    version: u64,
    op: usize,
    /// Whether it did, so that no other put can have.
    sure: bool,
}

/// A put that was refused because of its version.
#[derive(Clone, Copy)]
struct Wrong {
    version: u64,
    op: usize,
    /// Set when it cannot have seen a later version: the reason.
    saw_earlier: Option<Reason>,
}

/// The reason why something cannot be earlier.
#[derive(Clone, Copy)]
enum Reason {
    Beginning,
    /// The call of this operation, which comes before it.
    Call(usize),
    /// None of the changes from this version can be earlier.
    Change(usize),
}

/// The earliest moment at which a version can be left: after the event.
#[derive(Clone, Copy)]
struct Earliest {
    event: usize,
    reason: Reason,
}

impl Earliest {
    fn not_before(&mut self, call: usize, op: usize) {
        if call > self.event {
            *self = Self { event: call, reason: Reason::Call(op) };
        }
    }
}

/// A violation: the operations that allow no order.
struct Core(Vec<usize>);

struct Versions<'a> {
    operations: &'a [Operation<'a>],
    /// Operations that belong to one version, with the version.
    reads: Vec<(u64, usize)>,
    changes: Vec<Change>,
    wrong: Vec<Wrong>,
    /// The last version that must have existed, and an operation that shows it.
    last: (u64, usize),
    /// For each version before the last: the earliest time at which it was left.
    left: Vec<Earliest>,
    /// For each version before the last: the changes that can have led away from it, and the time before
    /// which they cannot have.
    choices: Vec<(std::ops::Range<usize>, Earliest)>,
}

/// Decides the operations on one key, which are in the order of their calls.
pub(crate) fn decide(operations: &[Operation<'_>]) -> Shortcut {
    let decided = Versions::read(operations).and_then(|mut versions| versions.decide());
    match decided {
        Ok(shortcut) => shortcut,
        Err(Core(mut core)) => {
            core.sort_unstable();
            core.dedup();
            Shortcut::Violation { core }
        }
    }
}

impl<'a> Versions<'a> {
    /// Sorts operations by the versions that they involve.
    fn read(operations: &'a [Operation<'a>]) -> Result<Self, Core> {
        let mut versions = Self {
            operations,
            reads: Vec::new(),
            changes: Vec::new(),
            wrong: Vec::new(),
            last: (0, 0),
            left: Vec::new(),
            choices: Vec::new(),
        };
        for (op, operation) in operations.iter().enumerate() {
            versions.note(op, operation)?;
        }
        versions.reads.sort_unstable();
        versions.changes.sort_unstable_by_key(|change| (change.version, !change.sure, change.op));
        versions.wrong.sort_unstable_by_key(|wrong| (wrong.version, wrong.op));
        versions.leave_out_other_values()?;
        Ok(versions)
    }

    fn note(&mut self, op: usize, operation: &Operation<'_>) -> Result<(), Core> {
        use KeyValueOutput::{Done, Maybe, NoKey, Value, WrongVersion};
        let returned = operation.ret.is_some();
        match (operation.input, operation.output) {
            (KeyValueInput::Put { version, .. }, None | Some(Maybe)) => {
                self.changes.push(Change { version: *version, op, sure: false });
            }
            (KeyValueInput::Put { version, .. }, Some(Done)) => {
                self.changes.push(Change { version: *version, op, sure: returned });
                if returned {
                    self.must_exist(version.checked_add(1).ok_or_else(|| Core(vec![op]))?, op);
                }
            }
            // Without a return these may be left out, and have no effect.
            _ if !returned => {}
            (KeyValueInput::Put { version, .. }, Some(WrongVersion)) => {
                // There is a key, and it is at another version.
                self.must_exist(if *version == 1 { 2 } else { 1 }, op);
                self.wrong.push(Wrong { version: *version, op, saw_earlier: None });
            }
            (KeyValueInput::Put { version: 1.., .. }, Some(NoKey))
            | (KeyValueInput::Get { .. }, Some(NoKey)) => {
                self.reads.push((0, op));
            }
            (KeyValueInput::Get { .. }, Some(Value { version: version @ 1.., .. })) => {
                self.must_exist(*version, op);
                self.reads.push((*version, op));
            }
            // No state gives such an answer.
            _ => return Err(Core(vec![op])),
        }
        Ok(())
    }

    fn must_exist(&mut self, version: u64, op: usize) {
        if version > self.last.0 {
            self.last = (version, op);
        }
    }

    /// Keeps, of the changes up to the last version, those that agree with what was read. An error if there
    /// are two where there can be one, or none where there must be one.
    fn leave_out_other_values(&mut self) -> Result<(), Core> {
        let (last, who) = self.last;
        let mut kept = Vec::new();
        let (mut change, mut read) = (0, 0);
        for version in 0..last {
            let changes = run(&self.changes, &mut change, |change| change.version.cmp(&version));
            let reads = run(&self.reads, &mut read, |read| read.0.cmp(&(version + 1)));
            let first = self.agreed(changes, reads)?;
            let begin = kept.len();
            kept.extend(changes.iter().filter(|change| match first {
                _ if changes[0].sure => change.sure,
                Some(first) => self.written(change.op) == self.value_read(first),
                None => true,
            }));
            if kept.len() == begin {
                return Err(Core(vec![first.unwrap_or(who)]));
            }
            let nothing = Earliest { event: 0, reason: Reason::Beginning };
            self.choices.push((begin..kept.len(), nothing));
        }
        // Puts that could lead beyond the last version.
        kept.extend(self.changes.iter().filter(|change| change.version == last));
        self.changes = kept;
        Ok(())
    }

    /// A read of the version that `changes` led to, if there is one; an error if what is known of them does
    /// not agree.
    fn agreed(&self, changes: &[Change], reads: &[(u64, usize)]) -> Result<Option<usize>, Core> {
        if let [one, another, ..] = changes
            && another.sure
        {
            return Err(Core(vec![one.op, another.op]));
        }
        let sure = changes.first().filter(|change| change.sure);
        let first = reads.first().map(|&(_, op)| op);
        for &(_, op) in reads {
            let value = self.value_read(op);
            if !changes.iter().any(|change| self.written(change.op) == value) {
                return Err(Core(vec![op]));
            }
            if let Some(sure) = sure
                && self.written(sure.op) != value
            {
                return Err(Core(vec![sure.op, op]));
            }
            if let Some(first) = first
                && self.value_read(first) != value
            {
                return Err(Core(vec![first, op]));
            }
        }
        Ok(first)
    }

    fn written(&self, op: usize) -> Option<&'a str> {
        match self.operations[op].input {
            KeyValueInput::Put { value, .. } => Some(value),
            KeyValueInput::Get { .. } => None,
        }
    }

    fn value_read(&self, op: usize) -> Option<&'a str> {
        match self.operations[op].output {
            Some(KeyValueOutput::Value { value, .. }) => Some(value),
            _ => None,
        }
    }

    fn decide(&mut self) -> Result<Shortcut, Core> {
        let last = self.last.0;
        // A change from the last version would help such a put, and might be in the way of others.
        let one_more = self.wrong.iter().any(|wrong| wrong.version == last)
            && self.changes.last().is_some_and(|change| change.version == last);
        for _ in 0..PASSES {
            match self.pass() {
                Ok(true) => {}
                Ok(false) => return Ok(Shortcut::Linearizable),
                Err(_) if one_more => return Ok(Shortcut::Undecided),
                Err(core) => return Err(core),
            }
        }
        Ok(Shortcut::Undecided)
    }

    /// Gives each change its earliest possible time. Returns whether that showed that a refused put must have
    /// seen an earlier version; then the times may be too early.
    fn pass(&mut self) -> Result<bool, Core> {
        let last = self.last.0;
        self.left.clear();
        let (mut read, mut wrong) = (0, 0);
        let mut now = Earliest { event: 0, reason: Reason::Beginning };
        for version in 0..=last {
            let began = now;
            for &(_, op) in run(&self.reads, &mut read, |read| read.0.cmp(&version)) {
                if self.too_late(began, op) {
                    return Err(self.core([op], began.reason));
                }
                now.not_before(self.operations[op].call, op);
            }
            if version == last {
                break;
            }
            for wrong in run(&self.wrong, &mut wrong, |wrong| wrong.version.cmp(&(version + 1))) {
                if wrong.saw_earlier.is_some() {
                    now.not_before(self.operations[wrong.op].call, wrong.op);
                }
            }
            now = self.leave(version as usize, now)?;
            self.left.push(now);
        }
        self.look_at_wrong_versions()
    }

    /// The earliest time at which a version can be left, not before `base`.
    fn leave(&mut self, version: usize, base: Earliest) -> Result<Earliest, Core> {
        self.choices[version].1 = base;
        let changes = &self.changes[self.choices[version].0.clone()];
        if let [change] = changes
            && change.sure
        {
            let mut earliest = base;
            earliest.not_before(self.operations[change.op].call, change.op);
            if self.too_late(earliest, change.op) {
                return Err(self.core([change.op], earliest.reason));
            }
            return Ok(earliest);
        }
        // They are in the order of their calls.
        match changes.iter().find(|change| !self.too_late(base, change.op)) {
            Some(change) if self.operations[change.op].call > base.event => {
                Ok(Earliest { event: self.operations[change.op].call, reason: Reason::Change(version) })
            }
            Some(_) => Ok(base),
            None => Err(self.core([], Reason::Change(version))),
        }
    }

    fn look_at_wrong_versions(&mut self) -> Result<bool, Core> {
        let last = self.last.0;
        let mut again = false;
        for position in 0..self.wrong.len() {
            let Wrong { version, op, saw_earlier } = self.wrong[position];
            // There was a key.
            if self.too_late(self.left[0], op) {
                return Err(self.core([op], self.left[0].reason));
            }
            if version == 0 || version > last || saw_earlier.is_some() {
                continue;
            }
            let later = self.left.get(version as usize).copied();
            if later.is_some_and(|later| !self.too_late(later, op)) {
                continue;
            }
            if version == 1 {
                // There is no earlier version that has a key.
                return Err(self.core([op], self.left[1].reason));
            }
            // At the last version, no later one is the reason.
            self.wrong[position].saw_earlier = Some(later.map_or(Reason::Beginning, |later| later.reason));
            again = true;
        }
        Ok(again)
    }

    /// Whether `op` had returned by then.
    fn too_late(&self, moment: Earliest, op: usize) -> bool {
        self.operations[op].ret.is_some_and(|ret| ret <= moment.event)
    }

    /// The operations, and those that explain `reason`.
    fn core<const N: usize>(&self, operations: [usize; N], reason: Reason) -> Core {
        let mut core = operations.to_vec();
        let mut reasons = vec![reason];
        let mut explained = rustc_hash::FxHashSet::default();
        while let Some(reason) = reasons.pop() {
            match reason {
                Reason::Beginning => {}
                Reason::Call(op) => {
                    core.push(op);
                    let wrong = self.wrong.iter().find(|wrong| wrong.op == op);
                    // Such a put is early because it cannot have seen a later version, which has a reason
                    // too.
                    if let Some(reason) = wrong.and_then(|wrong| wrong.saw_earlier)
                        && explained.insert((false, op))
                    {
                        reasons.push(reason);
                    }
                }
                Reason::Change(version) => {
                    if explained.insert((true, version)) {
                        let (changes, base) = &self.choices[version];
                        core.extend(self.changes[changes.clone()].iter().map(|change| change.op));
                        core.push(self.witness(version as u64 + 1));
                        reasons.push(base.reason);
                    }
                }
            }
        }
        Core(core)
    }

    /// An operation that shows that a version existed, and its value if it was read.
    fn witness(&self, version: u64) -> usize {
        let read = self.reads.partition_point(|read| read.0 < version);
        match self.reads.get(read) {
            Some(&(read, op)) if read == version => op,
            _ => self.last.1,
        }
    }
}

/// The run of items, in a sorted slice, that compare equal, from `from` on.
fn run<'i, T>(items: &'i [T], from: &mut usize, compare: impl Fn(&T) -> std::cmp::Ordering) -> &'i [T] {
    let begin = *from + items[*from..].iter().take_while(|item| compare(item).is_lt()).count();
    let count = items[begin..].iter().take_while(|item| compare(item).is_eq()).count();
    *from = begin + count;
    &items[begin..*from]
}
