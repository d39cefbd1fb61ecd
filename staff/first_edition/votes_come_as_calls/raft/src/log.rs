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
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// The snapshot replaces everything up to and including this index; zero without a snapshot.
    last_included_index: LogIndex,
    /// The term of the entry at `last_included_index`.
    last_included_term: Term,
    /// The entries after `last_included_index`.
    entries: Vec<Entry>,
    /// How often entries were taken away in this life.
    rewrites: u64,
}

impl Log {
    /// A log with these entries after a snapshot that ends with this index and term.
    pub(crate) fn new(last_included_index: LogIndex, last_included_term: Term, entries: Vec<Entry>) -> Self {
        Self { last_included_index, last_included_term, entries, rewrites: 0 }
    }

    /// Where in `entries` the entry at `index` belongs, if it comes after the snapshot.
    fn slot(&self, index: LogIndex) -> Option<usize> {
        index.0.checked_sub(self.last_included_index.0 + 1).map(|slot| slot as usize)
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
        self.entries.last().map_or(self.last_included_term, |entry| entry.term)
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
        let slot = self.slot(index).expect("what the snapshot replaced cannot be read entry by entry");
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
    }

    /// Deletes the entry at `index` and all that follow it.
    ///
    /// # Panics
    ///
    /// Panics if `index` is in the snapshot.
    pub(crate) fn truncate_from(&mut self, index: LogIndex) {
        let slot = self.slot(index).expect("what the snapshot replaced is committed and stays");
        self.entries.truncate(slot);
        self.rewrites += 1;
    }

    /// Drops the entries up to and including `index`, which a snapshot replaces from now on.
    ///
    /// # Panics
    ///
    /// Panics if the log has no entry at `index`.
    pub(crate) fn compact_to(&mut self, index: LogIndex) {
        let term = self.term_at(index).expect("a log is cut at one of its entries");
        let kept_from =
            self.slot(index.next()).expect("the entry after one that is here comes after the snapshot");
        self.entries.drain(..kept_from);
        self.last_included_index = index;
        self.last_included_term = term;
        self.rewrites += 1;
    }

    /// Drops all entries. The log goes on after a snapshot that ends with this index and term.
    pub(crate) fn restart_after(&mut self, last_included_index: LogIndex, last_included_term: Term) {
        self.entries.clear();
        self.last_included_index = last_included_index;
        self.last_included_term = last_included_term;
        self.rewrites += 1;
    }

    /// How often entries were taken away in this life. As long as the number is the same, the log has
    /// changed at most by growing at its end.
    pub(crate) fn rewrites(&self) -> u64 {
        self.rewrites
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A log without a snapshot whose entries have these terms.
    pub(crate) fn log_of(terms: &[u64]) -> Log {
        let mut log = Log::default();
        for &term in terms {
            log.append(Entry { term: Term(term), command: vec![] });
        }
        log
    }

    /// The terms of the entries after the snapshot.
    pub(crate) fn terms_of(log: &Log) -> Vec<u64> {
        log.entries.iter().map(|entry| entry.term.0).collect()
    }

    fn terms_at(log: &Log, indices: &[u64]) -> Vec<Option<u64>> {
        indices.iter().map(|&index| log.term_at(LogIndex(index)).map(|term| term.0)).collect()
    }

    #[test]
    fn an_empty_log_ends_before_the_first_index() {
        let log = Log::default();
        assert_eq!((log.last_index(), log.last_term()), (LogIndex(0), Term(0)));
        assert_eq!(terms_at(&log, &[0, 1]), [Some(0), None]);
        assert_eq!(log.entries_from(LogIndex(1)), []);
    }

    #[test]
    fn indices_stay_what_they_are_when_the_log_is_cut() {
        let mut log = log_of(&[1, 1, 2, 3, 3]);
        assert_eq!(terms_at(&log, &[0, 1, 3, 5, 6]), [Some(0), Some(1), Some(2), Some(3), None]);

        log.compact_to(LogIndex(3));
        assert_eq!((log.last_included_index(), log.last_included_term()), (LogIndex(3), Term(2)));
        assert_eq!((log.last_index(), log.last_term()), (LogIndex(5), Term(3)));
        assert_eq!(terms_at(&log, &[0, 2, 3, 4, 5, 6]), [None, None, Some(2), Some(3), Some(3), None]);
        assert_eq!(log.entries_from(LogIndex(4)).len(), 2);
        assert_eq!(log.entries_from(LogIndex(5)).len(), 1);
        assert_eq!(log.entries_from(LogIndex(6)).len(), 0);

        log.append(Entry { term: Term(4), command: vec![7] });
        assert_eq!(log.entries_from(LogIndex(6)), [Entry { term: Term(4), command: vec![7] }]);
        log.truncate_from(LogIndex(5));
        assert_eq!((log.last_index(), log.last_term()), (LogIndex(4), Term(3)));
        log.truncate_from(LogIndex(4));
        assert_eq!((log.last_index(), log.last_term()), (LogIndex(3), Term(2)));
    }

    #[test]
    fn a_log_can_be_cut_at_its_very_end() {
        let mut log = log_of(&[1, 2]);
        log.compact_to(LogIndex(2));
        assert_eq!((log.last_index(), log.last_term()), (LogIndex(2), Term(2)));
        assert_eq!(log.entries_from(LogIndex(3)), []);
    }

    #[test]
    fn a_log_can_go_on_after_a_snapshot_of_someone_else() {
        let mut log = log_of(&[1, 1, 1]);
        log.restart_after(LogIndex(9), Term(4));
        assert_eq!(
            (log.last_included_index(), log.last_index(), log.last_term()),
            (LogIndex(9), LogIndex(9), Term(4))
        );
        assert_eq!(terms_at(&log, &[3, 9, 10]), [None, Some(4), None]);
    }

    #[test]
    #[should_panic(expected = "cannot be read entry by entry")]
    fn what_the_snapshot_replaced_cannot_be_read() {
        let mut log = log_of(&[1, 1, 1]);
        log.compact_to(LogIndex(2));
        log.entries_from(LogIndex(2));
    }

    #[test]
    fn the_ends_of_a_term_are_found() {
        let whole = log_of(&[1, 1, 3, 3, 5]);
        let mut cut = log_of(&[1, 1, 3, 3, 5]);
        cut.compact_to(LogIndex(3));
        let ends = |log: &Log, term| {
            let (first, last) = (log.first_index_of(Term(term)), log.last_index_of(Term(term)));
            (first.map(|index| index.0), last.map(|index| index.0))
        };
        for (term, in_whole, in_cut) in [
            (1, (Some(1), Some(2)), (None, None)),
            (2, (None, None), (None, None)),
            (3, (Some(3), Some(4)), (Some(4), Some(4))),
            (5, (Some(5), Some(5)), (Some(5), Some(5))),
            (6, (None, None), (None, None)),
        ] {
            assert_eq!(ends(&whole, term), in_whole, "term {term}");
            assert_eq!(ends(&cut, term), in_cut, "term {term}, cut");
        }
        // The last entry that the snapshot replaced is gone, but its term can still be compared.
        cut.compact_to(LogIndex(4));
        assert_eq!(ends(&cut, 3), (None, Some(4)));
    }
}
