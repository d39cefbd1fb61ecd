//! The log (§5.3), whose beginning may have been replaced by a snapshot (§7).
//!
//! Everywhere else an index is global: it counts the commands since the beginning of time, and the
//! first has index 1. Only this file knows that entries live in a vector, and where:
//!
//! ```text
//!                 last_included_index          last_index()
//!                         │                         │
//!      1     2     3     [4]     5     6     7      8
//!      └──── in the snapshot ┘  slot 0     1     2  slot 3
//! ```

use labapi::{LogIndex, Term};
use serde::{Deserialize, Serialize};

/// A command, and the term in which a leader received it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) term: Term,
    #[serde(with = "labgob::bytes")]
    pub(crate) command: Vec<u8>,
}

/// The log of one server.
///
/// Terms never decrease along the log.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Log {
    /// The snapshot replaces everything up to and including this index; zero without a snapshot.
    last_included_index: LogIndex,
    /// The term of the entry at `last_included_index`.
    last_included_term: Term,
    /// The entries after `last_included_index`.
    entries: Vec<Entry>,
    /// How often the log was changed in this life.
    #[serde(skip)]
    changes: u64,
}

impl Log {
    /// Where in `entries` the entry at `index` belongs, if it comes after the snapshot.
    fn slot(&self, index: LogIndex) -> Option<usize> {
        index
            .0
            .checked_sub(self.last_included_index.0 + 1)
            .map(|slot| slot as usize)
    }

    /// The index of the entry that belongs at `slot`.
    fn index_of_slot(&self, slot: usize) -> LogIndex {
        LogIndex(self.last_included_index.0 + 1 + slot as u64)
    }

    /// The last index that the snapshot replaces; zero without a snapshot.
    pub(crate) fn last_included_index(&self) -> LogIndex {
        self.last_included_index
    }

    /// The term of the last entry that the snapshot replaces; zero without a snapshot.
    pub(crate) fn last_included_term(&self) -> Term {
        self.last_included_term
    }

    /// The index of the last entry, be it in the snapshot; zero if there never was one.
    pub(crate) fn last_index(&self) -> LogIndex {
        self.index_of_slot(self.entries.len()).prev()
    }

    /// The term of the last entry; zero if there never was one.
    pub(crate) fn last_term(&self) -> Term {
        self.entries
            .last()
            .map_or(self.last_included_term, |entry| entry.term)
    }

    /// The term of the entry at `index`. `None` if the log ends before it, or if only the snapshot
    /// knows it; of what the snapshot replaced, the last entry's term is still here.
    pub(crate) fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == self.last_included_index {
            return Some(self.last_included_term);
        }
        self.entries.get(self.slot(index)?).map(|entry| entry.term)
    }

    /// All entries from `index` to the end.
    ///
    /// # Panics
    ///
    /// Panics if `index` is in the snapshot or beyond the next free place.
    pub(crate) fn entries_from(&self, index: LogIndex) -> &[Entry] {
        let slot = self
            .slot(index)
            .expect("what the snapshot replaced cannot be read entry by entry");
        &self.entries[slot..]
    }

    /// The first entry in the log that has this term.
    pub(crate) fn first_index_of(&self, term: Term) -> Option<LogIndex> {
        let slot = self.entries.partition_point(|entry| entry.term < term);
        let found = self.entries.get(slot).is_some_and(|entry| entry.term == term);
        found.then(|| self.index_of_slot(slot))
    }

    /// The last entry in the log that has this term.
    pub(crate) fn last_index_of(&self, term: Term) -> Option<LogIndex> {
        let after = self.entries.partition_point(|entry| entry.term <= term);
        let index = self.index_of_slot(after).prev();
        (self.term_at(index) == Some(term)).then_some(index)
    }

    /// Adds an entry at the end.
    pub(crate) fn append(&mut self, entry: Entry) {
        self.entries.push(entry);
        self.changes += 1;
    }

    /// Deletes the entry at `index` and all that follow it.
    ///
    /// # Panics
    ///
    /// Panics if `index` is in the snapshot.
    pub(crate) fn truncate_from(&mut self, index: LogIndex) {
        let slot = self
            .slot(index)
            .expect("what the snapshot replaced is committed and stays");
        self.entries.truncate(slot);
        self.changes += 1;
    }

    /// Drops the entries up to and including `index`, which a snapshot replaces from now on.
    ///
    /// # Panics
    ///
    /// Panics if the log has no entry at `index`.
    pub(crate) fn compact_to(&mut self, index: LogIndex) {
        let term = self.term_at(index).expect("a log is cut at one of its entries");
        let kept_from = self
            .slot(index.next())
            .expect("the entry after one that is here comes after the snapshot");
        self.entries.drain(..kept_from);
        self.last_included_index = index;
        self.last_included_term = term;
        self.changes += 1;
    }

    /// Drops all entries. The log goes on after a snapshot that ends with this index and term.
    pub(crate) fn restart_after(&mut self, last_included_index: LogIndex, last_included_term: Term) {
        self.entries.clear();
        self.last_included_index = last_included_index;
        self.last_included_term = last_included_term;
        self.changes += 1;
    }

    /// How often the log was changed in this life. As long as the number is the same, so is the log.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }
}
