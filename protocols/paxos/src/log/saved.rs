//! What survives a crash: the promise, what was accepted, and the snapshot. All of it is saved before a
//! message that depends on it leaves the server.
//!
//! Each entry is a record of its own, so that a save costs as much as what has changed.

use labrt::time::Instant;
use persister::Storage;
use serde::{Deserialize, Serialize};

use super::entries::{Base, Entries, Instance};
use super::peer::{Peer, Role, State};
use crate::ballot::Ballot;

/// The record of everything that is not an entry or the snapshot.
const HEADER: &str = "acceptor";

/// The record of the snapshot, which services read when they start.
const SNAPSHOT: &str = "snapshot";

/// The record of an instance.
fn record(instance: Instance) -> String {
    format!("instance {instance}")
}

#[derive(Default, Serialize, Deserialize)]
struct Header {
    promised: Ballot,
    base: Base,
    /// What was known to be chosen at the last save. Later knowledge is learned again.
    chosen: Instance,
    /// The last instance that has a record.
    last: Instance,
}

impl Header {
    fn of(state: &State) -> Vec<u8> {
        let State { promised, entries, .. } = state;
        let (base, chosen, last) = (entries.base(), entries.chosen(), entries.last());
        labgob::encode(&Self { promised: *promised, base, chosen, last }).expect("numbers can be encoded")
    }
}

impl State {
    /// The state of a server that starts.
    pub(crate) fn restore(storage: &Storage) -> Self {
        let bytes = storage.read(HEADER);
        let header: Header =
            if bytes.is_empty() { Header::default() } else { labgob::decode(&bytes).expect("it was saved") };
        let mut entries = Entries::after(header.base);
        for instance in header.base.instance + 1..=header.last {
            let bytes = storage.read(&record(instance));
            if !bytes.is_empty() {
                entries.put(instance, labgob::decode(&bytes).expect("it was saved"));
            }
        }
        while entries.chosen() < header.chosen {
            entries.choose_next();
        }
        Self {
            promised: header.promised,
            entries,
            snapshot: storage.read(SNAPSHOT),
            role: Role::Follower,
            deadline: Instant::now(),
            applied: header.base.instance,
            ask_at: Instant::now(),
            killed: false,
        }
    }
}

impl Peer {
    /// Saves the promise and these entries, atomically.
    pub(crate) fn save(&self, state: &State, changed: &[Instance]) {
        let mut records = vec![(HEADER.to_owned(), Header::of(state))];
        records.extend(changed.iter().map(|instance| {
            let entry = state.entries.get(*instance).expect("it has just been written");
            (record(*instance), labgob::encode(entry).expect("numbers and bytes can be encoded"))
        }));
        self.commit(&records);
    }

    /// Saves the snapshot, and erases the entries that it replaces, atomically.
    pub(crate) fn save_snapshot(&self, state: &State, dropped: &[Instance]) {
        let mut records =
            vec![(HEADER.to_owned(), Header::of(state)), (SNAPSHOT.to_owned(), state.snapshot.clone())];
        records.extend(dropped.iter().map(|instance| (record(*instance), Vec::new())));
        self.commit(&records);
    }

    fn commit(&self, records: &[(String, Vec<u8>)]) {
        let records: Vec<(&str, &[u8])> =
            records.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        self.storage.commit(&records);
    }

    /// The bytes that are saved, without the snapshot.
    pub(crate) fn saved_bytes(&self) -> usize {
        let records = self.storage.records();
        records.iter().filter(|(name, _)| name != SNAPSHOT).map(|(_, bytes)| bytes).sum()
    }
}
