//! [`Versions`]: the operations on a key of versioned puts, sorted by the versions that they concern.

use std::cmp::Reverse;

use crate::key_value::{KeyValueInput, KeyValueOutput};
use crate::model::{Exact, Impossible, Interval};
use crate::moments::NEVER;
use crate::orders::orders;
use crate::walk::{Others, Walk};

type Operation<'a> = Interval<'a, KeyValueInput, KeyValueOutput>;

/// The way in which an operation concerns a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// It was answered what is right at this version only.
    Read,
    /// A put at this version that took effect, or may have.
    Put,
    /// A put at this version that was answered that there is a key, with another version.
    Refused,
}

/// An operation that concerns a version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub version: u64,
    pub role: Role,
    /// Whether its answer says that it took effect.
    pub done: bool,
    pub op: usize,
    pub call: usize,
    /// [`NEVER`] if it did not return.
    pub ret: usize,
}

impl Row {
    /// Whether it has returned when event `end` is over.
    pub fn returned(&self, end: usize) -> bool {
        self.ret <= end
    }

    /// The first and the last moment at which it can take effect, as far as is known when event `end` is
    /// over.
    pub fn window(&self, end: usize) -> (usize, usize) {
        (self.call + 1, if self.returned(end) { self.ret } else { NEVER })
    }
}

/// The effect of an answer on the order.
enum Answer {
    Concerns(Row),
    /// No state gives this answer.
    Wrong,
    /// It may be given at any time.
    Right,
}

/// The operations on one key.
pub(crate) struct Versions<'a> {
    operations: &'a [Operation<'a>],
    /// The event with which they end: later calls and returns are not known.
    end: usize,
    /// By version, role, and call.
    rows: Vec<Row>,
    /// Operations that were answered what is never right.
    wrong: Vec<usize>,
    /// The first version at which there is no put.
    reach: u64,
}

impl<'a> Versions<'a> {
    /// Sorts `operations`, which are in the order of their calls, by version.
    pub fn new(operations: &'a [Operation<'a>]) -> Self {
        let mut rows = Vec::with_capacity(operations.len());
        let mut wrong = Vec::new();
        for (op, operation) in operations.iter().enumerate() {
            match answer(op, operation, NEVER) {
                Answer::Concerns(row) => rows.push(row),
                Answer::Wrong => wrong.push(op),
                Answer::Right => {}
            }
        }
        let rows = by_version(rows);
        let reach = reach(&rows);
        Self { operations, end: NEVER, rows, wrong, reach }
    }

    /// The first version at which there is no put.
    pub fn reach(&self) -> u64 {
        self.reach
    }

    /// The value that a put would write.
    pub fn written(&self, put: &Row) -> Option<&'a str> {
        match self.operations[put.op].input {
            KeyValueInput::Put { value, .. } => Some(value),
            KeyValueInput::Get { .. } => None,
        }
    }

    /// The value that a read was answered; `None` if there was no key.
    pub fn value_read(&self, read: &Row) -> Option<&'a str> {
        match self.operations[read.op].output {
            Some(KeyValueOutput::Value { value, .. }) => Some(value),
            _ => None,
        }
    }

    /// The rows of `version`.
    pub fn at(&self, version: u64) -> &[Row] {
        let begin = self.rows.partition_point(|row| row.version < version);
        let rows = &self.rows[begin..];
        &rows[..rows.partition_point(|row| row.version == version)]
    }

    /// The version that an operation concerns.
    fn version(&self, op: usize) -> Option<u64> {
        match answer(op, &self.operations[op], self.end) {
            Answer::Concerns(row) => Some(row.version),
            Answer::Wrong | Answer::Right => None,
        }
    }
}

impl<'a> Exact<'a> for Versions<'a> {
    fn decide(&self, end: Option<usize>) -> Result<(), Impossible> {
        let end = end.unwrap_or(NEVER - 1);
        let ret = |op: usize| self.operations[op].ret.filter(|&ret| ret <= end);
        if let Some(&operation) =
            self.wrong.iter().filter(|&&op| ret(op).is_some()).min_by_key(|&&op| ret(op))
        {
            return Err(Impossible { version: None, operation });
        }
        Walk::new(self, &self.rows, end, Others::Absent).run()
    }

    fn until(mut self: Box<Self>, end: usize) -> Box<dyn Exact<'a> + 'a> {
        self.end = end;
        self.rows.retain_mut(|row| {
            let returned = row.returned(end);
            if !returned {
                row.ret = NEVER;
            }
            // Of what has not returned, puts alone may take effect.
            row.call < end && (returned || row.role == Role::Put)
        });
        self.wrong.retain(|&op| self.operations[op].ret.is_some_and(|ret| ret <= end));
        self.reach = reach(&self.rows);
        self
    }

    fn contradict(&self, operations: &[usize]) -> bool {
        let mut rows = Vec::with_capacity(operations.len());
        for &op in operations {
            match answer(op, &self.operations[op], self.end) {
                Answer::Concerns(row) => rows.push(row),
                Answer::Wrong => return true,
                Answer::Right => {}
            }
        }
        sort(&mut rows);
        Walk::new(self, &rows, NEVER - 1, Others::Free).run().is_err()
    }

    fn orders(&self, without: usize, wanted: usize) -> (Vec<Vec<usize>>, bool) {
        if self.wrong.iter().any(|&op| op != without) {
            return (Vec::new(), true);
        }
        let rows: Vec<Row> = self.rows.iter().filter(|row| row.op != without).copied().collect();
        orders(self, &rows, wanted)
    }

    fn nearest(&self, operation: usize) -> Box<dyn Iterator<Item = usize> + '_> {
        let version = self.version(operation).unwrap_or_default();
        let (mut before, mut from) =
            self.rows.split_at(self.rows.partition_point(|row| row.version < version));
        // The versions at one distance after the other, on both sides.
        let by_distance = std::iter::from_fn(move || {
            let below = before.last().map(|row| version - row.version);
            let above = from.first().map(|row| row.version - version);
            let distance = [below, above].into_iter().flatten().min()?;
            let mut rows: Vec<Row> = Vec::new();
            if below == Some(distance) {
                let first = before.partition_point(|row| row.version < version - distance);
                rows.extend(&before[first..]);
                before = &before[..first];
            }
            if above == Some(distance) {
                let end = from.partition_point(|row| row.version - version <= distance);
                rows.extend(&from[..end]);
                from = &from[end..];
            }
            rows.sort_unstable_by_key(|row| Reverse(row.call));
            Some(rows)
        });
        Box::new(by_distance.flatten().map(|row| row.op).filter(move |&op| op != operation))
    }
}

fn sort(rows: &mut [Row]) {
    rows.sort_unstable_by_key(|row| (row.version, row.role, row.call));
}

/// `rows`, which are in the order of their calls, by version, role, and call.
fn by_version(mut rows: Vec<Row>) -> Vec<Row> {
    let last = rows.iter().map(|row| row.version).max().unwrap_or_default();
    // Mostly each version has a put, so there are not many more versions than rows.
    let Some(last) = usize::try_from(last).ok().filter(|last| *last <= 2 * rows.len()) else {
        sort(&mut rows);
        return rows;
    };
    // The place of the next row of each version.
    let mut places = vec![0; last + 2];
    rows.iter().for_each(|row| places[row.version as usize + 1] += 1);
    for version in 1..places.len() {
        places[version] += places[version - 1];
    }
    let Some(&any) = rows.first() else { return rows };
    let mut sorted = vec![any; rows.len()];
    for row in rows {
        let place = &mut places[row.version as usize];
        sorted[*place] = row;
        *place += 1;
    }
    // Those of one version are in the order of their calls.
    sorted.chunk_by_mut(|a, b| a.version == b.version).for_each(|rows| rows.sort_by_key(|row| row.role));
    sorted
}

/// The first version at which there is no put among `rows`, which are sorted.
fn reach(rows: &[Row]) -> u64 {
    let mut reach = 0;
    for row in rows.iter().filter(|row| row.role == Role::Put) {
        if row.version > reach {
            break;
        }
        reach = row.version + 1;
    }
    reach
}

/// What an answer says, as far as is known when event `end` is over.
fn answer(op: usize, operation: &Operation<'_>, end: usize) -> Answer {
    use KeyValueInput::{Get, Put};
    use KeyValueOutput::{Done, Maybe, NoKey, Value, WrongVersion};
    let returned = operation.ret.filter(|&ret| ret <= end);
    let row = |version, role| {
        let done = matches!(operation.output, Some(Done));
        let ret = returned.unwrap_or(NEVER);
        Answer::Concerns(Row { version, role, done, op, call: operation.call, ret })
    };
    match (operation.input, operation.output) {
        (Put { version: version @ ..u64::MAX, .. }, None | Some(Maybe | Done)) => row(*version, Role::Put),
        // There is no version after the last one, so this put has no effect.
        (Put { version: u64::MAX, .. }, Some(Maybe)) => Answer::Right,
        // What has not returned and takes no effect constrains nothing.
        _ if returned.is_none() => Answer::Right,
        (Put { version, .. }, Some(WrongVersion)) => row(*version, Role::Refused),
        (Put { version: 1.., .. } | Get { .. }, Some(NoKey)) => row(0, Role::Read),
        (Get { .. }, Some(Value { version: version @ 1.., .. })) => row(*version, Role::Read),
        _ => Answer::Wrong,
    }
}
