//! [`ShadowLog`]: what is known of a server's log from outside.
//!
//! An entry is *certain* if every correct server that has told what this one has told has it in its log now.
//! It is *possible* if some correct server may have it. Whatever the server did unseen, its log has all
//! certain entries, and no entry that is not possible.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::fact::Fact;
use super::message::{Entry, Index, Position, Term};

#[derive(Default)]
pub(super) struct ShadowLog {
    certain: BTreeMap<Index, Certain>,
    possible: FxHashMap<Index, Vec<Possible>>,
    /// No entry after this index is possible.
    bound: Index,
    /// A snapshot may have replaced all entries up to this index.
    snapshot: Index,
}

/// An entry that a server certainly has.
#[derive(Clone)]
pub(super) struct Certain {
    pub term: Term,
    /// A hash of its command, if known.
    pub command: Option<u64>,
    /// The event that shows it.
    pub since: Fact,
    /// Whether a crash must not lose it: the server has acknowledged it.
    pub durable: bool,
}

/// An entry that a server may have.
struct Possible {
    term: Term,
    /// The number of the first event after which it may have it. `None` if it was the server's own entry,
    /// which it had before anybody saw it.
    since: Option<u64>,
    /// The requests that may have brought it and are not answered. Empty once it is known that it was
    /// there.
    calls: Vec<u64>,
}

impl ShadowLog {
    /// The last certain entry.
    pub fn last(&self) -> Option<(Position, &Certain)> {
        let (&index, certain) = self.certain.last_key_value()?;
        Some((Position { index, term: certain.term }, certain))
    }

    pub fn certain(&self, index: Index) -> Option<&Certain> {
        self.certain.get(&index)
    }

    /// Certain entries that have become so by events for which `known` holds, the last one.
    pub fn last_known(&self, known: impl Fn(&Certain) -> bool) -> Option<(Position, &Certain)> {
        let (&index, certain) = self.certain.iter().rev().find(|(_, certain)| known(certain))?;
        Some((Position { index, term: certain.term }, certain))
    }

    /// Whether the log may have this entry, or the snapshot may stand for it.
    pub fn may_have(&self, at: Position) -> bool {
        at.index == 0
            || at.index <= self.snapshot
            || self.certain.get(&at.index).is_some_and(|certain| certain.term == at.term)
            || self.possible.get(&at.index).is_some_and(|all| all.iter().any(|it| it.term == at.term))
    }

    /// The number of the first event after which the log may have had the entry, if it came by a request.
    pub fn possible_since(&self, at: Position) -> Option<u64> {
        let all = self.possible.get(&at.index)?;
        all.iter().find(|it| it.term == at.term)?.since
    }

    /// The index up to which a snapshot may stand for entries.
    pub fn snapshot_bound(&self) -> Index {
        self.snapshot
    }

    /// The last index that is possible.
    pub fn bound(&self) -> Index {
        self.bound.max(self.snapshot)
    }

    /// A request arrives that may append these entries.
    pub fn may_append(&mut self, call: u64, number: u64, prev: Position, entries: &[Entry]) {
        for (index, entry) in (prev.index + 1..).zip(entries) {
            self.possible_by(Position { index, term: entry.term }, number, Some(call));
        }
        if !entries.is_empty() {
            self.bound = self.bound.max(prev.index + entries.len() as u64);
        }
        self.may_truncate(prev, entries);
    }

    /// Entries from the first one on that may conflict with these are not certain any more.
    fn may_truncate(&mut self, prev: Position, entries: &[Entry]) {
        let Some((&last, _)) = self.certain.last_key_value() else { return };
        let conflicts = |(index, entry): &(u64, &Entry)| {
            *index <= last && self.certain.get(index).is_none_or(|certain| certain.term != entry.term)
        };
        if let Some((index, _)) = (prev.index + 1..).zip(entries).find(conflicts) {
            self.certain.split_off(&index);
        }
    }

    fn possible_by(&mut self, at: Position, number: u64, call: Option<u64>) {
        let all = self.possible.entry(at.index).or_default();
        match all.iter_mut().find(|it| it.term == at.term) {
            Some(known) if known.calls.is_empty() => {}
            Some(known) => match call {
                Some(call) => known.calls.push(call),
                None => known.calls.clear(),
            },
            None => {
                let since = call.map(|_| number);
                all.push(Possible { term: at.term, since, calls: call.into_iter().collect() });
            }
        }
    }

    /// The request was refused: it has appended nothing.
    pub fn refused(&mut self, call: u64, prev: Position, entries: &[Entry]) {
        for (index, _) in (prev.index + 1..).zip(entries) {
            let Some(all) = self.possible.get_mut(&index) else { continue };
            all.retain_mut(|it| {
                let was_open = !it.calls.is_empty();
                if let Some(position) = it.calls.iter().position(|&open| open == call) {
                    it.calls.swap_remove(position);
                }
                !(was_open && it.calls.is_empty())
            });
        }
    }

    /// The server had these entries, but may have lost them since to a request that it works on. They stay
    /// possible, whatever is refused later.
    pub fn had(&mut self, all: impl IntoIterator<Item = Position>, fact: &Fact) {
        for at in all.into_iter().filter(|at| at.index > 0) {
            self.possible_by(at, fact.number, None);
            self.bound = self.bound.max(at.index);
        }
    }

    /// The server has acknowledged these entries, and the one before them.
    ///
    /// `replaced` tells whether some of them certainly replaced others when no other request was being
    /// handled: then nothing follows them.
    pub fn acknowledged(&mut self, fact: &Fact, prev: Position, entries: &[Entry], replaced: bool) {
        // What is before a snapshot is accepted without a comparison.
        if prev.index >= self.snapshot || self.certain.contains_key(&prev.index) {
            self.has(prev, None, fact, true);
        }
        for (index, entry) in (prev.index + 1..).zip(entries) {
            self.has(Position { index, term: entry.term }, entry.command, fact, true);
        }
        if replaced {
            self.bound = prev.index + entries.len() as u64;
        }
    }

    /// The server certainly has this entry from now on.
    pub fn has(&mut self, at: Position, command: Option<u64>, fact: &Fact, durable: bool) {
        if at.index == 0 {
            return;
        }
        self.possible_by(at, fact.number, None);
        self.bound = self.bound.max(at.index);
        match self.certain.get_mut(&at.index) {
            Some(known) if known.term == at.term => {
                known.command = known.command.or(command);
                if durable && !known.durable {
                    known.durable = true;
                    known.since = fact.clone();
                }
            }
            _ => {
                let certain = Certain { term: at.term, command, since: fact.clone(), durable };
                self.certain.insert(at.index, certain);
            }
        }
    }

    /// The server may have replaced all entries up to this one by a snapshot.
    pub fn may_install(&mut self, last: Position, number: u64) {
        self.snapshot = self.snapshot.max(last.index);
        self.possible_by(last, number, None);
        // What follows is kept only if the log has the snapshot's last entry.
        if self.certain.get(&last.index).is_none_or(|certain| certain.term != last.term) {
            self.certain.split_off(&last.index);
        }
    }

    /// Entries that the server has not acknowledged may be lost in a crash.
    pub fn crash(&mut self) {
        self.certain.retain(|_, certain| certain.durable);
    }
}
