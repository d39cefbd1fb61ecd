//! The log (§5.3), whose beginning may have been replaced by a snapshot (§7), and the configurations in it
//! (§6).
//!
//! "A server always uses the latest configuration in its log, regardless of whether the entry is committed"
//! (§6). So the configuration belongs to the log: it changes when an entry is appended, and changes back when
//! the entry is deleted.

use labapi::{LogIndex, Term};
use serde::{Deserialize, Serialize};

use crate::membership::Configuration;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The term in which a leader appended it.
    pub(crate) term: Term,
    pub(crate) payload: Payload,
}

/// The content of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Payload {
    /// Nothing: the first entry of a leader's term (§8).
    Nothing,
    /// A command of the service.
    Command(#[serde(with = "labgob::bytes")] Vec<u8>),
    /// A configuration.
    Configuration(Configuration),
}

/// The log of one server. Terms never decrease along it.
#[derive(Debug)]
pub(crate) struct Log {
    /// The end of the snapshot.
    base: Base,
    /// The entries after the snapshot.
    entries: Vec<Entry>,
    /// The configurations among the entries, in their order.
    configurations: Vec<(LogIndex, Configuration)>,
    /// The number of changes since the server started.
    changes: u64,
}

/// What is known of the part of the log that a snapshot replaces. Without a snapshot: before the first entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Base {
    /// The last index that the snapshot replaces.
    pub(crate) last_included_index: LogIndex,
    /// The term of the entry there.
    pub(crate) last_included_term: Term,
    /// The index of the last configuration up to there; 0 for the one that the cluster began with.
    pub(crate) configuration_index: LogIndex,
    /// That configuration.
    pub(crate) configuration: Configuration,
}

impl Base {
    /// The beginning of a log of a cluster that begins with this configuration.
    pub(crate) fn beginning(configuration: Configuration) -> Self {
        let (zero, term) = (LogIndex(0), Term(0));
        Self { last_included_index: zero, last_included_term: term, configuration_index: zero, configuration }
    }
}

impl Log {
    /// A log with these entries after a snapshot.
    pub(crate) fn new(base: Base, entries: Vec<Entry>) -> Self {
        let mut log = Self { base, entries: Vec::new(), configurations: Vec::new(), changes: 0 };
        entries.into_iter().for_each(|entry| log.append(entry));
        log
    }

    pub(crate) fn base(&self) -> &Base {
        &self.base
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How often the log has changed since the server started.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// The last configuration, and the index of its entry.
    pub(crate) fn configuration(&self) -> (LogIndex, &Configuration) {
        let of_base = (self.base.configuration_index, &self.base.configuration);
        self.configurations.last().map_or(of_base, |(index, configuration)| (*index, configuration))
    }

    /// Where in `entries` the entry at `index` belongs, if it comes after the snapshot.
    fn slot(&self, index: LogIndex) -> Option<usize> {
        index.0.checked_sub(self.base.last_included_index.0 + 1).map(|slot| slot as usize)
    }

    /// The index of the last entry, even if it is in the snapshot; 0 if there never was one.
    pub(crate) fn last_index(&self) -> LogIndex {
        LogIndex(self.base.last_included_index.0 + self.entries.len() as u64)
    }

    /// The term of the last entry; 0 if there never was one.
    pub(crate) fn last_term(&self) -> Term {
        self.entries.last().map_or(self.base.last_included_term, |entry| entry.term)
    }

    /// The term of the entry at `index`; `None` if the log ends before it, or if it is in the snapshot and
    /// not its last one.
    pub(crate) fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == self.base.last_included_index {
            return Some(self.base.last_included_term);
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

    /// The first index after the snapshot whose entry has the term of the one at `index`.
    pub(crate) fn first_of_term_at(&self, index: LogIndex) -> LogIndex {
        let Some(term) = self.term_at(index) else { return index };
        let slot = self.entries.partition_point(|entry| entry.term < term);
        LogIndex(self.base.last_included_index.0 + 1 + slot as u64).min(index)
    }

    /// Adds an entry at the end.
    pub(crate) fn append(&mut self, entry: Entry) {
        let index = self.last_index().next();
        if let Payload::Configuration(configuration) = &entry.payload {
            self.configurations.push((index, configuration.clone()));
        }
        self.entries.push(entry);
        self.changes += 1;
    }

    /// Deletes the entry at `index` and all that follow it. An earlier configuration counts again if they had
    /// one.
    ///
    /// # Panics
    ///
    /// Panics if `index` is in the snapshot.
    pub(crate) fn truncate_from(&mut self, index: LogIndex) {
        let slot = self.slot(index).expect("what the snapshot replaced is committed and stays");
        self.entries.truncate(slot);
        self.configurations.retain(|(at, _)| *at < index);
        self.changes += 1;
    }

    /// Drops the entries up to and including `index`, which a snapshot replaces from now on.
    ///
    /// # Panics
    ///
    /// Panics if the log has no entry at `index`.
    pub(crate) fn compact_to(&mut self, index: LogIndex) {
        let last_included_term = self.term_at(index).expect("a log is cut at one of its entries");
        let kept_from = self.slot(index.next()).expect("the entry after one that is here is not replaced");
        self.entries.drain(..kept_from);
        let kept = self.configurations.partition_point(|(at, _)| *at <= index);
        if let Some((configuration_index, configuration)) = self.configurations.drain(..kept).next_back() {
            (self.base.configuration_index, self.base.configuration) = (configuration_index, configuration);
        }
        (self.base.last_included_index, self.base.last_included_term) = (index, last_included_term);
        self.changes += 1;
    }

    /// Drops all entries. The log goes on after a snapshot that ends there.
    pub(crate) fn restart_after(&mut self, base: Base) {
        *self = Self { changes: self.changes + 1, ..Self::new(base, Vec::new()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log whose entries have these terms and no payload.
    fn log_of(terms: &[u64]) -> Log {
        let entries = terms.iter().map(|&term| Entry { term: Term(term), payload: Payload::Nothing });
        Log::new(Base::beginning(Configuration::of([0, 1, 2])), entries.collect())
    }

    fn terms_at(log: &Log, indices: &[u64]) -> Vec<Option<u64>> {
        indices.iter().map(|&index| log.term_at(LogIndex(index)).map(|term| term.0)).collect()
    }

    #[test]
    fn indices_stay_what_they_are_when_the_log_is_cut() {
        let mut log = log_of(&[1, 1, 2, 3, 3]);
        assert_eq!(terms_at(&log, &[0, 1, 3, 5, 6]), [Some(0), Some(1), Some(2), Some(3), None]);
        log.compact_to(LogIndex(3));
        assert_eq!((log.last_index(), log.last_term()), (LogIndex(5), Term(3)));
        assert_eq!(terms_at(&log, &[0, 2, 3, 4, 5, 6]), [None, None, Some(2), Some(3), Some(3), None]);
        log.truncate_from(LogIndex(4));
        assert_eq!((log.last_index(), log.last_term()), (LogIndex(3), Term(2)));
        assert_eq!(log.entries_from(LogIndex(4)), []);
    }

    #[test]
    fn the_beginning_of_a_term_is_found() {
        let mut log = log_of(&[1, 1, 3, 3, 5]);
        let firsts = |log: &Log, of: &[u64]| -> Vec<u64> {
            of.iter().map(|&index| log.first_of_term_at(LogIndex(index)).0).collect()
        };
        assert_eq!(firsts(&log, &[1, 2, 3, 4, 5]), [1, 1, 3, 3, 5]);
        log.compact_to(LogIndex(3));
        assert_eq!(firsts(&log, &[3, 4, 5]), [3, 4, 5]);
    }

    #[test]
    fn the_last_configuration_counts_even_if_it_is_deleted_or_replaced() {
        let mut log = log_of(&[1, 1]);
        let add = |log: &mut Log, servers: &[usize]| {
            let configuration = Configuration::of(servers.iter().copied());
            log.append(Entry { term: Term(2), payload: Payload::Configuration(configuration) });
        };
        let voters = |log: &Log| {
            let (index, configuration) = log.configuration();
            (index.0, configuration.voters.iter().copied().collect::<Vec<_>>())
        };
        assert_eq!(voters(&log), (0, vec![0, 1, 2]));
        add(&mut log, &[0, 1]);
        add(&mut log, &[1, 2]);
        assert_eq!(voters(&log), (4, vec![1, 2]));
        log.truncate_from(LogIndex(4));
        assert_eq!(voters(&log), (3, vec![0, 1]));

        log.compact_to(LogIndex(3));
        assert_eq!(voters(&log), (3, vec![0, 1]));
        add(&mut log, &[5]);
        assert_eq!(voters(&log), (4, vec![5]));
        log.truncate_from(LogIndex(4));
        assert_eq!(voters(&log), (3, vec![0, 1]));

        log.restart_after(Base::beginning(Configuration::of([7])));
        assert_eq!(voters(&log), (0, vec![7]));
    }
}
