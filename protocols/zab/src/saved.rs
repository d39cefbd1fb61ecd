//! What survives a crash: both epochs, and the history with its snapshot. All of it is saved before a message
//! that depends on it leaves the server.
//!
//! Each transaction is a record of its own, so that a save costs as much as what has changed.

use labapi::Zxid;
use labrt::time::Instant;
use persister::Storage;
use serde::de::DeserializeOwned;

use crate::election::Election;
use crate::history::{History, Transaction};
use crate::messages::Snapshot;
use crate::server::{Role, Server, State};
use crate::vote::{ServerId, Vote};

const ACCEPTED_EPOCH: &str = "accepted_epoch";
const CURRENT_EPOCH: &str = "current_epoch";
const SNAPSHOT: &str = "snapshot";

/// What the names of the records of transactions begin with.
const TRANSACTION: &str = "transaction ";

/// The record of a transaction. The names are in the order of the ids.
fn record(zxid: Zxid) -> String {
    format!("{TRANSACTION}{:08x} {:08x}", zxid.epoch, zxid.counter)
}

fn read<T: DeserializeOwned>(storage: &Storage, record: &str) -> Option<T> {
    let bytes = storage.read(record);
    (!bytes.is_empty()).then(|| labgob::decode(&bytes).expect("it was saved"))
}

fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
    labgob::encode(value).expect("numbers and bytes can be encoded")
}

impl State {
    /// The state of a server that starts.
    pub(crate) fn restore(storage: &Storage, me: ServerId) -> Self {
        let snapshot: Option<Snapshot> = read(storage, SNAPSHOT);
        let (base, snapshot) = snapshot.map_or((Zxid::ZERO, Vec::new()), |it| (it.zxid, it.bytes));
        let names = storage.records().into_iter().map(|(name, _)| name);
        let transactions: Vec<Transaction> = names
            .filter(|name| name.starts_with(TRANSACTION))
            .filter_map(|name| read(storage, &name))
            .collect();
        let history = History::new(base, transactions);
        let current_epoch = read(storage, CURRENT_EPOCH).unwrap_or_default();
        let vote = Vote { epoch: current_epoch, zxid: history.last(), leader: me };
        Self {
            accepted_epoch: read(storage, ACCEPTED_EPOCH).unwrap_or_default(),
            current_epoch,
            history,
            snapshot,
            committed: base,
            applied: Zxid::ZERO,
            role: Role::Looking(Election::new()),
            session: 0,
            round: 0,
            vote,
            deadline: Instant::now(),
            killed: false,
        }
    }
}

impl Server {
    pub(crate) fn save_accepted_epoch(&self, state: &State) {
        self.storage.save(ACCEPTED_EPOCH, &encode(&state.accepted_epoch));
    }

    pub(crate) fn save_current_epoch(&self, state: &State) {
        self.storage.save(CURRENT_EPOCH, &encode(&state.current_epoch));
    }

    /// Saves what has changed in the history, atomically: a new snapshot, transactions that it has no more,
    /// and new ones.
    pub(crate) fn save_history(
        &self,
        snapshot: Option<&Snapshot>,
        dropped: &[Transaction],
        added: &[Transaction],
    ) {
        let snapshot = snapshot.map(|snapshot| (SNAPSHOT.to_owned(), encode(snapshot)));
        let dropped = dropped.iter().map(|it| (record(it.zxid), Vec::new()));
        let added = added.iter().map(|it| (record(it.zxid), encode(it)));
        let records: Vec<(String, Vec<u8>)> = snapshot.into_iter().chain(dropped).chain(added).collect();
        let records: Vec<(&str, &[u8])> =
            records.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        self.storage.commit(&records);
    }
}
