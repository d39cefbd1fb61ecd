//! The log after the snapshot, and what is saved of it.

use labapi::{LogIndex, Term};
use labgob::{DecodeError, Decoder};
use serde::{Deserialize, Serialize};

/// The number of entries that a request carries at most.
const BATCH: usize = 64;

/// A command, and the term of the leader that received it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) term: Term,
    #[serde(with = "labgob::bytes")]
    pub(crate) command: Vec<u8>,
}

/// The log of a server.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// The last index and term in the snapshot; zero without one.
    base: (LogIndex, Term),
    entries: Vec<Entry>,
    /// The entries as they are saved, one after the other.
    bytes: Vec<u8>,
    /// Where each entry begins in `bytes`.
    begins: Vec<usize>,
}

impl Log {
    /// A log without entries after a snapshot.
    pub(crate) fn after(base: (LogIndex, Term)) -> Self {
        Self { base, ..Self::default() }
    }

    /// The last index and term in the snapshot.
    pub(crate) fn base(&self) -> (LogIndex, Term) {
        self.base
    }

    /// The last index and term.
    pub(crate) fn last(&self) -> (LogIndex, Term) {
        let index = LogIndex(self.base.0.0 + self.entries.len() as u64);
        (index, self.entries.last().map_or(self.base.1, |entry| entry.term))
    }

    /// The term at `index`; `None` if it is unknown.
    pub(crate) fn term(&self, index: LogIndex) -> Option<Term> {
        if index == self.base.0 { Some(self.base.1) } else { self.get(index).map(|entry| entry.term) }
    }

    /// The entry at `index`, if it is here.
    pub(crate) fn get(&self, index: LogIndex) -> Option<&Entry> {
        self.entries.get(self.position(index)?)
    }

    fn position(&self, index: LogIndex) -> Option<usize> {
        index.0.checked_sub(self.base.0.0 + 1).map(|position| position as usize)
    }

    /// A batch of entries that begins with `index`.
    pub(crate) fn batch(&self, index: LogIndex) -> Vec<Entry> {
        let begin = self.position(index).expect("what the snapshot holds is not sent as entries");
        self.entries.iter().skip(begin).take(BATCH).cloned().collect()
    }

    /// The last index up to `index` whose term is not above `term`; not before the snapshot's end.
    pub(crate) fn back_to_term(&self, index: LogIndex, term: Term) -> (LogIndex, Term) {
        let mut index = index.min(self.last().0);
        while index > self.base.0 && self.term(index).is_some_and(|here| here > term) {
            index = index.prev();
        }
        (index, self.term(index).unwrap_or_default())
    }

    /// Adds an entry.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.begins.push(self.bytes.len());
        labgob::encode_into(&entry, &mut self.bytes).expect("numbers and bytes can be encoded");
        self.entries.push(entry);
    }

    /// Takes `entries`, which follow `prev_log_index`. Returns whether the log has changed.
    pub(crate) fn merge(&mut self, prev_log_index: LogIndex, entries: Vec<Entry>) -> bool {
        let mut changed = false;
        let mut index = prev_log_index;
        for entry in entries {
            index = index.next();
            // What the snapshot holds is committed, and so the same.
            if index <= self.base.0 || self.term(index) == Some(entry.term) {
                continue;
            }
            self.truncate(index);
            self.push(entry);
            changed = true;
        }
        changed
    }

    /// Deletes the entry at `index`, if there is one, and all that follow it.
    fn truncate(&mut self, index: LogIndex) {
        let Some(begin) = self.position(index).filter(|&position| position < self.entries.len()) else {
            return;
        };
        self.bytes.truncate(self.begins[begin]);
        self.begins.truncate(begin);
        self.entries.truncate(begin);
    }

    /// Drops the entries that a snapshot up to `index` replaces; all, if the log differs there.
    pub(crate) fn compact(&mut self, index: LogIndex, term: Term) {
        let kept = match self.position(index.next()) {
            Some(position) if self.term(index) == Some(term) => self.entries.split_off(position),
            _ => Vec::new(),
        };
        *self = Self::after((index, term));
        for entry in kept {
            self.push(entry);
        }
    }

    /// The entries as they are saved.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The log of so many saved entries.
    pub(crate) fn restore(
        base: (LogIndex, Term),
        count: usize,
        decoder: &mut Decoder<'_>,
    ) -> Result<Self, DecodeError> {
        let mut log = Self::after(base);
        for _ in 0..count {
            log.push(decoder.decode()?);
        }
        Ok(log)
    }
}
