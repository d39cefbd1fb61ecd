//! [`Log`]: the library's storage. Entries and snapshot are in memory, and saved through a [`Persister`].

use bytes::Bytes;
use labgob::Decoder;
use persister::Persister;
use raft_rs::eraftpb::{ConfState, Entry, HardState, Snapshot};
use raft_rs::util::limit_size;
use raft_rs::{Error, GetEntriesContext, RaftState, Storage, StorageError};
use serde::{Deserialize, Serialize};

use crate::index_map::IndexMap;

/// The context of an entry that is a command. The library's own entries have none. The data does not tell: a
/// command may be empty.
const COMMAND: &[u8] = b"c";

/// The context with which a command is proposed.
pub(crate) fn command_context() -> Vec<u8> {
    COMMAND.to_vec()
}

/// Whether an entry is a command, and not the empty entry of a new leader.
pub(crate) fn is_command(entry: &Entry) -> bool {
    entry.context == COMMAND
}

/// The persistent state of a server. The hard state's commit index is saved with the rest, and is not a
/// reason to save.
pub(crate) struct Log {
    hard_state: HardState,
    /// All servers, forever.
    conf_state: ConfState,
    /// The raft index at the end of the snapshot, and the term of the entry there; 0 without a snapshot.
    base: u64,
    base_term: u64,
    /// The snapshot as the service made it.
    snapshot: Vec<u8>,
    /// The entries after the snapshot.
    entries: Vec<Entry>,
    /// The same entries, encoded one after the other, and where each of them ends. If each save encoded all
    /// entries, a command would cost as much as all commands before it.
    encoded: Vec<u8>,
    ends: Vec<usize>,
    index_map: IndexMap,
    persister: Persister,
}

/// The saved state before the entries.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Header {
    term: u64,
    vote: u64,
    commit: u64,
    base: u64,
    base_term: u64,
    base_command: u64,
}

/// A saved entry. Its index follows from its place.
#[derive(Debug, Serialize, Deserialize)]
struct SavedEntry {
    term: u64,
    is_command: bool,
    #[serde(with = "labgob::bytes")]
    data: Vec<u8>,
}

/// What the library's snapshot of the state machine contains.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SnapshotData {
    /// The last command that the snapshot includes.
    pub(crate) command_index: u64,
    /// The snapshot as the service made it.
    #[serde(with = "labgob::bytes")]
    pub(crate) snapshot: Vec<u8>,
}

impl SnapshotData {
    /// Decodes the data of a snapshot that another server's [`Log`] has made.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        labgob::decode(&snapshot.data).expect("these bytes were made by `Log::snapshot`")
    }
}

impl Log {
    /// The log of a server among `servers`: empty at first, and after a crash as it was saved.
    pub(crate) fn restore(persister: Persister, servers: usize) -> Self {
        let voters: Vec<u64> = (1..=servers as u64).collect();
        let bytes = persister.read_raft_state();
        let mut decoder = Decoder::new(&bytes);
        let header = if bytes.is_empty() {
            Header::default()
        } else {
            decoder.decode().expect("the header was made by `save`")
        };
        let mut hard_state = HardState::new();
        (hard_state.term, hard_state.vote, hard_state.commit) = (header.term, header.vote, header.commit);
        let mut log = Self {
            hard_state,
            conf_state: ConfState::from((voters, Vec::new())),
            base: header.base,
            base_term: header.base_term,
            snapshot: persister.read_snapshot(),
            entries: Vec::new(),
            encoded: Vec::new(),
            ends: Vec::new(),
            index_map: IndexMap::after(header.base, header.base_command),
            persister,
        };
        while !decoder.is_empty() {
            let saved: SavedEntry = decoder.decode().expect("the entries were made by `save`");
            let mut entry = Entry::new();
            entry.index = log.last() + 1;
            entry.term = saved.term;
            entry.data = saved.data.into();
            entry.context = if saved.is_command { Bytes::from_static(COMMAND) } else { Bytes::new() };
            log.append(vec![entry]);
        }
        log
    }

    /// Saves everything at once.
    pub(crate) fn save(&self) {
        let header = Header {
            term: self.hard_state.term,
            vote: self.hard_state.vote,
            commit: self.hard_state.commit,
            base: self.base,
            base_term: self.base_term,
            base_command: self.index_map.base_command(),
        };
        let mut bytes = labgob::encode(&header).expect("numbers can be encoded");
        bytes.extend_from_slice(&self.encoded);
        self.persister.save(&bytes, &self.snapshot);
    }

    /// The size in bytes of what is saved, without the snapshot.
    pub(crate) fn saved_bytes(&self) -> usize {
        self.persister.raft_state_size()
    }

    /// Takes over the term, the vote and the commit index.
    pub(crate) fn set_hard_state(&mut self, hard_state: HardState) {
        self.hard_state = hard_state;
    }

    /// Takes over the commit index alone.
    pub(crate) fn set_commit(&mut self, commit: u64) {
        self.hard_state.commit = commit;
    }

    /// Appends entries, in the place of those that have the same or a higher index.
    pub(crate) fn append(&mut self, entries: Vec<Entry>) {
        let Some(first) = entries.first() else { return };
        let kept = first.index.checked_sub(self.base + 1).expect("a snapshot is never overwritten") as usize;
        assert!(kept <= self.entries.len(), "the entries follow the log without a gap");
        self.entries.truncate(kept);
        self.ends.truncate(kept);
        self.encoded.truncate(self.ends.last().copied().unwrap_or(0));
        self.index_map.truncate(self.last());
        for entry in entries {
            let is_command = is_command(&entry);
            let saved = SavedEntry { term: entry.term, is_command, data: entry.data.to_vec() };
            labgob::encode_into(&saved, &mut self.encoded).expect("numbers and bytes can be encoded");
            self.ends.push(self.encoded.len());
            self.index_map.push(is_command);
            self.entries.push(entry);
        }
    }

    /// Replaces everything by a leader's snapshot. Returns what is in it.
    pub(crate) fn install(&mut self, snapshot: &Snapshot) -> SnapshotData {
        let (metadata, data) = (snapshot.get_metadata(), SnapshotData::of(snapshot));
        (self.base, self.base_term) = (metadata.index, metadata.term);
        self.index_map = IndexMap::after(self.base, data.command_index);
        self.snapshot.clone_from(&data.snapshot);
        self.entries.clear();
        self.encoded.clear();
        self.ends.clear();
        self.hard_state.commit = self.hard_state.commit.max(self.base);
        data
    }

    /// Replaces the log up to and including a command by the service's snapshot. Returns whether it did: not
    /// if the log has a snapshot that reaches as far.
    ///
    /// # Panics
    ///
    /// Panics if that command has not been committed.
    pub(crate) fn compact(&mut self, command: u64, snapshot: Vec<u8>) -> bool {
        if command <= self.index_map.base_command() {
            return false;
        }
        let index = self.index_map.raft_index(command).filter(|&index| index <= self.hard_state.commit);
        let index = index
            .unwrap_or_else(|| panic!("a snapshot up to {command} holds commands that were not delivered"));
        let dropped = (index - self.base) as usize;
        self.base_term = self.entries[dropped - 1].term;
        self.base = index;
        self.index_map.compact(index);
        self.entries.drain(..dropped);
        let dropped_bytes = self.ends.drain(..dropped).next_back().unwrap_or(0);
        self.encoded.drain(..dropped_bytes);
        self.ends.iter_mut().for_each(|end| *end -= dropped_bytes);
        self.snapshot = snapshot;
        true
    }

    /// Which entries are commands.
    pub(crate) fn index_map(&self) -> &IndexMap {
        &self.index_map
    }

    /// The raft index at the end of the snapshot.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// The term of the entry at the end of the snapshot.
    pub(crate) fn base_term(&self) -> u64 {
        self.base_term
    }

    /// The entries after the snapshot.
    pub(crate) fn entries_after_snapshot(&self) -> &[Entry] {
        &self.entries
    }

    fn last(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    /// The place of an entry in `entries`.
    fn place(&self, index: u64) -> raft_rs::Result<usize> {
        let place = index.checked_sub(self.base + 1).ok_or(Error::Store(StorageError::Compacted))?;
        Ok(place as usize)
    }
}

impl Storage for Log {
    fn initial_state(&self) -> raft_rs::Result<RaftState> {
        Ok(RaftState::new(self.hard_state.clone(), self.conf_state.clone()))
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _: GetEntriesContext,
    ) -> raft_rs::Result<Vec<Entry>> {
        let mut entries = self.entries[self.place(low)?..self.place(high)?].to_vec();
        limit_size(&mut entries, max_size.into());
        Ok(entries)
    }

    fn term(&self, index: u64) -> raft_rs::Result<u64> {
        if index == self.base {
            return Ok(self.base_term);
        }
        let entry = self.entries.get(self.place(index)?);
        entry.map(|entry| entry.term).ok_or(Error::Store(StorageError::Unavailable))
    }

    fn first_index(&self) -> raft_rs::Result<u64> {
        Ok(self.base + 1)
    }

    fn last_index(&self) -> raft_rs::Result<u64> {
        Ok(self.last())
    }

    fn snapshot(&self, request_index: u64, _: u64) -> raft_rs::Result<Snapshot> {
        if self.base < request_index {
            return Err(Error::Store(StorageError::SnapshotTemporarilyUnavailable));
        }
        let data =
            SnapshotData { command_index: self.index_map.base_command(), snapshot: self.snapshot.clone() };
        let mut snapshot = Snapshot::new();
        snapshot.data = labgob::encode(&data).expect("numbers and bytes can be encoded").into();
        let metadata = snapshot.mut_metadata();
        (metadata.index, metadata.term) = (self.base, self.base_term);
        metadata.set_conf_state(self.conf_state.clone());
        Ok(snapshot)
    }
}

#[cfg(test)]
mod tests {
    use labrt::world::{Options, simulate};

    use super::*;

    /// An entry; a blank one without data.
    fn entry(index: u64, term: u64, data: Option<&[u8]>) -> Entry {
        let mut entry = Entry::new();
        (entry.index, entry.term) = (index, term);
        if let Some(data) = data {
            entry.data = data.to_vec().into();
            entry.context = command_context().into();
        }
        entry
    }

    /// Compares all that is saved.
    fn assert_same(back: &Log, log: &Log) {
        assert_eq!(back.hard_state, log.hard_state);
        assert_eq!((back.base, back.base_term), (log.base, log.base_term));
        assert_eq!(back.snapshot, log.snapshot);
        assert_eq!(back.entries, log.entries);
        assert_eq!((&back.encoded, &back.ends), (&log.encoded, &log.ends));
        assert_eq!(back.index_map, log.index_map);
    }

    #[test]
    fn a_log_comes_back_as_it_was_saved() {
        let changes: [fn(&mut Log); 6] = [
            |_| (),
            |log| {
                log.append(vec![entry(1, 1, None), entry(2, 1, Some(b"a")), entry(3, 1, Some(b""))]);
                (log.hard_state.term, log.hard_state.vote, log.hard_state.commit) = (1, 2, 2);
            },
            |log| log.append(vec![entry(3, 2, None), entry(4, 2, Some(b"b"))]),
            |log| {
                log.set_commit(4);
                assert!(log.compact(1, b"a".to_vec()));
                assert!(!log.compact(1, b"again".to_vec()));
                assert_eq!((log.base, log.entries.len()), (2, 2));
            },
            |log| {
                assert!(log.compact(2, b"ab".to_vec()));
                assert_eq!((log.base, log.base_term, log.entries.len()), (4, 2, 0));
            },
            |log| log.append(vec![entry(5, 3, None), entry(6, 3, Some(b"c"))]),
        ];
        let run = simulate(Options::new(1), move |_| {
            let persister = Persister::new();
            let mut log = Log::restore(persister.clone(), 3);
            for change in changes {
                change(&mut log);
                log.save();
                assert_same(&Log::restore(persister.clone(), 3), &log);
            }
            assert_eq!(log.index_map().command_index(6), 3);
            assert_eq!([4, 5, 6].map(|index| log.term(index).unwrap()), [2, 3, 3]);
            assert_eq!(log.term(3), Err(Error::Store(StorageError::Compacted)));
            assert_eq!(log.term(7), Err(Error::Store(StorageError::Unavailable)));

            // Another server takes it over.
            let mut other = Log::restore(Persister::new(), 3);
            other.append(vec![entry(1, 1, Some(b"x"))]);
            let data = other.install(&log.snapshot(0, 2).unwrap());
            assert_eq!(data, SnapshotData { command_index: 2, snapshot: b"ab".to_vec() });
            assert_eq!((other.base, other.base_term, other.last()), (4, 2, 4));
            assert_eq!(other.index_map().command_index(4), 2);
            other.append(vec![entry(5, 3, None), entry(6, 3, Some(b"c"))]);
            assert_eq!(other.index_map(), log.index_map());
        });
        run.result.unwrap();
    }

    #[test]
    fn a_snapshot_of_what_is_not_committed_is_refused() {
        let run = simulate(Options::new(1), |_| {
            let mut log = Log::restore(Persister::new(), 3);
            log.append(vec![entry(1, 1, Some(b"a"))]);
            log.compact(1, Vec::new());
        });
        let failure = run.result.unwrap_err();
        assert!(failure.message.contains("commands that were not delivered"), "{failure}");
    }
}
