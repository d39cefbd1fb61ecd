//! [`Walk`]: decides a history of versioned puts exactly, without a search.
//!
//! A change leads from one version to the next, so the order of the changes is known. Not known is the moment
//! at which each version began. The walk goes through the versions, and keeps the set of all moments at which
//! the present one can have begun with everything right that concerns earlier versions:
//! - A read of version `v` returned after `v` began, and was called before `v + 1` began.
//! - `v + 1` began within the call of a put at `v`: the one that succeeded, or else one that may have taken
//!   effect, with the value that was read at `v + 1`.
//! - A put at `v` that was refused was called before `v` began, and saw an earlier version, or it returned
//!   after `v + 1` began, and saw that one or a later one. In both cases it returned after version 1 began.
//!
//! There is no other constraint. None concerns more than two versions, next to each other. So there is an
//! order if and only if the set is not empty when the walk ends. It ends at the last version that must have
//! existed, or at a later one, if a put that was refused at the last one has to see a later one.
//!
//! From an interval of moments at which `v` can have begun, `v + 1` can begin in an interval: without refused
//! puts, at any later moment; and those that were called after `v` began limit it to moments before they
//! returned. The later `v` began, the fewer they are. Each refused put and each choice of a put splits one
//! interval at most, so all sets together have no more intervals than there are versions and operations.
//! After the sort, the walk takes linear time.

use crate::model::Impossible;
use crate::moments::{Moments, NEVER};
use crate::versions::{Role, Row, Versions};

/// The operations of the history that are not among the rows of a walk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// They are no part of it.
    Absent,
    /// Each takes effect at any time, any number of times or never.
    Free,
}

/// A walk through the versions.
pub(crate) struct Walk<'a, 'r> {
    versions: &'a Versions<'a>,
    rows: &'r [Row],
    others: Others,
    /// The event with which the history ends.
    end: usize,
    /// The last version that must have existed, and an operation that shows it.
    last: (u64, usize),
    /// The refused put that returned first.
    first_refused: Option<Row>,
    /// The moments at which the present version can have begun.
    moments: Moments,
    /// The puts that can have begun it.
    writers: Vec<Row>,
}

/// A version on the way.
pub(crate) struct Stop<'w, 'r> {
    /// The moments at which it can have begun.
    pub moments: &'w Moments,
    /// The puts that can have begun it.
    pub writers: &'w [Row],
    /// Puts at this version that were refused.
    pub refused: &'r [Row],
    /// Whether the history can end with this version.
    pub can_end: bool,
}

/// The rows of one version.
#[derive(Clone, Copy, Default)]
struct Group<'r> {
    reads: &'r [Row],
    puts: &'r [Row],
    refused: &'r [Row],
}

impl<'r> Group<'r> {
    fn new(rows: &'r [Row]) -> Self {
        let (reads, rest) = rows.split_at(rows.partition_point(|row| row.role < Role::Put));
        let (puts, refused) = rest.split_at(rest.partition_point(|row| row.role < Role::Refused));
        Self { reads, puts, refused }
    }

    fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.puts.is_empty() && self.refused.is_empty()
    }
}

impl<'a, 'r> Walk<'a, 'r> {
    /// A walk through `rows`, which are some of those of `versions` and sorted as they are, as far as they
    /// are known when event `end` is over.
    pub fn new(versions: &'a Versions<'a>, rows: &'r [Row], end: usize, others: Others) -> Self {
        let mut last = (0, 0);
        let mut first_refused: Option<Row> = None;
        for row in rows.iter().filter(|row| row.returned(end)) {
            let exists = match row.role {
                Role::Read => row.version,
                Role::Put if row.done => row.version.saturating_add(1),
                Role::Put => 0,
                // It saw a key, and another version.
                Role::Refused if row.version == 1 => 2,
                Role::Refused => 1,
            };
            if exists > last.0 {
                last = (exists, row.op);
            }
            if row.role == Role::Refused && first_refused.is_none_or(|first| row.ret < first.ret) {
                first_refused = Some(*row);
            }
        }
        let (moments, writers) = (Moments::beginning(), Vec::new());
        Self { versions, rows, others, end, last, first_refused, moments, writers }
    }

    /// Whether the rows have an order; if not, where the walk ends before its time.
    pub fn run(self) -> Result<(), Impossible> {
        self.visit(|stop| stop.can_end)
    }

    /// Shows each version to `enough` until that returns true. An error says why there is no further version;
    /// it is no violation if the history can end with one of those that were shown.
    pub fn visit(mut self, mut enough: impl FnMut(Stop<'_, 'r>) -> bool) -> Result<(), Impossible> {
        let (last, who) = self.last;
        if self.others == Others::Free && last > self.versions.reach() {
            return Err(Impossible { version: Some(self.versions.reach() + 1), operation: who });
        }
        let mut groups = self.rows.chunk_by(|a, b| a.version == b.version).peekable();
        let mut version = 0;
        let mut puts: &[Row] = &[];
        // The reason why no later version should be needed.
        let mut waiting = None;
        loop {
            let group = groups.next_if(|rows| rows[0].version == version);
            let group = group.map_or_else(Group::default, Group::new);
            let begun = if version > 0 { self.begin(version, puts, group.reads) } else { Ok(()) };
            if let Err(operation) = begun.and_then(|()| self.until_returns(version, group.reads)) {
                return Err(waiting.unwrap_or(Impossible { version: Some(version), operation }));
            }
            let waits = self.waits(group.refused);
            let can_end = version >= last && waits.is_none();
            if enough(Stop {
                moments: &self.moments,
                writers: &self.writers,
                refused: group.refused,
                can_end,
            }) {
                return Ok(());
            }
            if let Some(operation) = waits.filter(|_| version >= last) {
                waiting.get_or_insert(Impossible { version: Some(version), operation });
            }
            if let Err(operation) = self.leave(version, &group) {
                return Err(waiting.unwrap_or(Impossible { version: Some(version + 1), operation }));
            }
            puts = group.puts;
            version += 1;
            if self.others == Others::Free && group.is_empty() && version < last {
                // Free puts begin these versions, at any time.
                let next = groups.peek().map_or(last, |rows| rows[0].version.min(last));
                version = version.max(next - 1);
            }
        }
    }

    /// Keeps the moments at which one of the `puts` at the version before can have begun `version`, with what
    /// `reads` saw. An error has the operation for which there is none.
    fn begin(&mut self, version: u64, puts: &'r [Row], reads: &[Row]) -> Result<(), usize> {
        let end = self.end;
        let read = self.one_value(reads)?;
        let fits =
            |put: &Row| read.is_none_or(|read| self.versions.written(put) == self.versions.value_read(read));
        let mut done = puts.iter().filter(|put| put.done && put.returned(end));
        self.writers.clear();
        if let Some(one) = done.next() {
            if let Some(another) = done.next() {
                return Err(if one.ret > another.ret { one.op } else { another.op });
            }
            if let Some(read) = read.filter(|_| !fits(one)) {
                return Err(read.op);
            }
            self.writers.push(*one);
        } else {
            if self.others == Others::Free {
                let kept = |put: &Row| puts.iter().any(|kept| kept.op == put.op);
                let mut free = self.versions.at(version - 1).iter().filter(|row| row.role == Role::Put);
                if free.any(|put| fits(put) && !kept(put)) {
                    return Ok(());
                }
            }
            self.writers.extend(puts.iter().filter(|put| put.call < end && fits(put)));
        }
        let Some(first) = self.writers.first() else { return Err(read.map_or(self.last.1, |read| read.op)) };
        self.moments.keep(self.writers.iter().map(|put| put.window(end)));
        if self.moments.is_empty() { Err(first.op) } else { Ok(()) }
    }

    /// One of the reads of a version, if there are any. An error if they saw different values.
    fn one_value<'s>(&self, reads: &'s [Row]) -> Result<Option<&'s Row>, usize> {
        let mut reads = reads.iter().filter(|read| read.returned(self.end));
        let Some(first) = reads.next() else { return Ok(None) };
        let value = self.versions.value_read(first);
        match reads.find(|read| self.versions.value_read(read) != value) {
            None => Ok(Some(first)),
            Some(other) => Err(if first.ret > other.ret { first.op } else { other.op }),
        }
    }

    /// Keeps the moments of the beginning of `version` that are before its reads returned.
    fn until_returns(&mut self, version: u64, reads: &[Row]) -> Result<(), usize> {
        let refused = self.first_refused.as_ref().filter(|_| version == 1);
        let reads = reads.iter().filter(|read| read.returned(self.end));
        if let Some(first) = reads.chain(refused).min_by_key(|row| row.ret) {
            self.moments.not_after(first.ret);
            if self.moments.is_empty() {
                return Err(first.op);
            }
        }
        Ok(())
    }

    /// An operation because of which the history cannot end with this version: a put that was refused at it,
    /// and cannot have been called before it began. (With a put that was refused at version 0 or 1, a later
    /// version must have existed anyway.)
    fn waits(&self, refused: &[Row]) -> Option<usize> {
        let late = refused.iter().rev().find(|row| row.returned(self.end))?;
        (self.moments.last() <= Some(late.call)).then_some(late.op)
    }

    /// Turns the moments of the beginning of `version` into those of its end.
    fn leave(&mut self, version: u64, group: &Group<'_>) -> Result<(), usize> {
        let end = self.end;
        let mut refused = group.refused.iter().rev().filter(|row| row.returned(end)).peekable();
        if version == 1 {
            // No earlier version has a key.
            let first = refused.min_by_key(|row| row.ret);
            self.moments.extend_to(|_| NEVER);
            if let Some(first) = first {
                self.moments.not_after(first.ret);
                if self.moments.is_empty() {
                    return Err(first.op);
                }
            }
        } else {
            // Version 0 is no key, and what was refused there saw version 1 or a later one.
            let mut limit = NEVER;
            self.moments.extend_to(|moment| {
                while let Some(row) = refused.next_if(|row| version > 0 && row.call >= moment) {
                    limit = limit.min(row.ret);
                }
                limit
            });
        }
        let reads = group.reads.iter().rev();
        if let Some(late) = { reads }.find(|read| read.returned(end)) {
            self.moments.not_before(late.call + 1);
            if self.moments.is_empty() {
                return Err(late.op);
            }
        }
        Ok(())
    }
}
