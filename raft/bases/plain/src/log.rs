//! The log (§5.3). Its beginning may have been replaced by a snapshot (§7).
//!
//! Slot 0 holds a head entry without a command: its index and term are those of the last entry in the
//! snapshot, or zero without a snapshot. So the entry before any other one always has a slot.

use labapi::{LogIndex, Term};
use serde::{Deserialize, Serialize};

/// A command, and the term in which a leader received it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) term: Term,
    #[serde(with = "labgob::bytes")]
    pub(crate) command: Vec<u8>,
}

/// The log of one server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Log {
    /// The index of the head entry: the last index in the snapshot.
    head: LogIndex,
    /// The head entry, and the entries after it.
    slots: Vec<Entry>,
}

impl Default for Log {
    fn default() -> Self {
        Self::after(LogIndex(0), Term(0))
    }
}

impl Log {
    /// An empty log after a snapshot that ends with this index and term.
    pub(crate) fn after(last_included_index: LogIndex, last_included_term: Term) -> Self {
        let head = Entry { term: last_included_term, command: Vec::new() };
        Self { head: last_included_index, slots: vec![head] }
    }

    /// The slot of an index that is not below the head.
    fn slot(&self, index: LogIndex) -> usize {
        (index.0 - self.head.0) as usize
    }

    /// The last index that the snapshot replaces.
    pub(crate) fn head(&self) -> LogIndex {
        self.head
    }

    /// The term of the entry at that index.
    pub(crate) fn head_term(&self) -> Term {
        self.slots[0].term
    }

    /// The index of the last entry.
    pub(crate) fn last_index(&self) -> LogIndex {
        LogIndex(self.head.0 + self.slots.len() as u64 - 1)
    }

    /// The term of the last entry.
    pub(crate) fn last_term(&self) -> Term {
        self.slots[self.slots.len() - 1].term
    }

    /// Whether the index is that of the head or of an entry after it.
    pub(crate) fn has(&self, index: LogIndex) -> bool {
        self.head <= index && index <= self.last_index()
    }

    /// The term of the entry at `index`, which the log [has](Self::has).
    pub(crate) fn term(&self, index: LogIndex) -> Term {
        self.slots[self.slot(index)].term
    }

    /// The entry at `index`, which comes after the head.
    pub(crate) fn entry(&self, index: LogIndex) -> &Entry {
        &self.slots[self.slot(index)]
    }

    /// The entries from `index` on, which comes after the head.
    pub(crate) fn from(&self, index: LogIndex) -> Vec<Entry> {
        self.slots[self.slot(index)..].to_vec()
    }

    /// The terms of the entries after the head.
    pub(crate) fn terms(&self) -> impl Iterator<Item = Term> + '_ {
        self.slots[1..].iter().map(|entry| entry.term)
    }

    /// The first index of this term after the head.
    pub(crate) fn first_of(&self, term: Term) -> Option<LogIndex> {
        let slot = self.slots[1..].iter().position(|entry| entry.term == term)?;
        Some(LogIndex(self.head.0 + 1 + slot as u64))
    }

    /// The last index of this term; the head counts.
    pub(crate) fn last_of(&self, term: Term) -> Option<LogIndex> {
        let slot = self.slots.iter().rposition(|entry| entry.term == term)?;
        Some(LogIndex(self.head.0 + slot as u64))
    }

    /// Adds an entry at the end.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.slots.push(entry);
    }

    /// Deletes the entry at `index` and all that follow it.
    pub(crate) fn truncate(&mut self, index: LogIndex) {
        let slot = self.slot(index);
        self.slots.truncate(slot);
    }

    /// Drops the entries up to and including `index`, which a snapshot replaces from now on.
    pub(crate) fn trim(&mut self, index: LogIndex) {
        let slot = self.slot(index);
        self.slots.drain(..slot);
        self.slots[0].command = Vec::new();
        self.head = index;
    }
}
