//! The log (§5.3). Its beginning may have been replaced by a snapshot (§7).
//!
//! Slot 0 holds a head entry without a command: its index and term are those of the last entry in the
//! snapshot, or zero without a snapshot. So the entry before any other one always has a slot.

use labapi::{LogIndex, Term};
use labgob::{DecodeError, Decoder};
use serde::{Deserialize, Serialize};

/// The most entries that one request carries.
pub(crate) const MAX_ENTRIES: usize = 50;

/// A command, and the term in which a leader received it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) term: Term,
    #[serde(with = "labgob::bytes")]
    pub(crate) command: Vec<u8>,
}

/// The log of one server.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// The index of the head entry: the last index in the snapshot.
    head: LogIndex,
    /// The head entry, and the entries after it.
    slots: Vec<Entry>,
    /// The encoding of the slots. It is kept, or each save would cost as much as all commands before it.
    encoded: Vec<u8>,
    /// Where the encoding of each slot ends.
    ends: Vec<usize>,
}

impl Default for Log {
    fn default() -> Self {
        Self::after(LogIndex(0), Term(0))
    }
}

impl Log {
    /// An empty log after a snapshot that ends with this index and term.
    pub(crate) fn after(last_included_index: LogIndex, last_included_term: Term) -> Self {
        let mut log = Self { head: last_included_index, slots: vec![], encoded: vec![], ends: vec![] };
        log.push(Entry { term: last_included_term, command: Vec::new() });
        log
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

    /// The entries from `index` on, which comes after the head, but not more than a request carries.
    pub(crate) fn from(&self, index: LogIndex) -> Vec<Entry> {
        self.slots[self.slot(index)..].iter().take(MAX_ENTRIES).cloned().collect()
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
        labgob::encode_into(&entry, &mut self.encoded).expect("numbers and bytes can be encoded");
        self.ends.push(self.encoded.len());
        self.slots.push(entry);
    }

    /// Deletes the entry at `index` and all that follow it.
    pub(crate) fn truncate(&mut self, index: LogIndex) {
        let slot = self.slot(index);
        self.slots.truncate(slot);
        self.ends.truncate(slot);
        self.encoded.truncate(self.ends[slot - 1]);
    }

    /// Drops the entries up to and including `index`, which a snapshot replaces from now on.
    pub(crate) fn trim(&mut self, index: LogIndex) {
        let mut log = Self::after(index, self.term(index));
        for entry in self.slots.drain(self.slot(index) + 1..) {
            log.push(entry);
        }
        *self = log;
    }

    /// The number of slots and their encoding, from which [`decode`](Self::decode) makes the log again.
    pub(crate) fn encoded(&self) -> (usize, &[u8]) {
        (self.slots.len(), &self.encoded)
    }

    /// The log whose head has this index, from the encoding of so many slots.
    pub(crate) fn decode(
        head: LogIndex,
        slots: usize,
        decoder: &mut Decoder<'_>,
    ) -> Result<Self, DecodeError> {
        let first: Entry = decoder.decode()?;
        let mut log = Self::after(head, first.term);
        for _ in 1..slots {
            log.push(decoder.decode()?);
        }
        Ok(log)
    }
}
