//! [`Service`]: the service on each server: a store of versioned keys, which notes what is delivered.

use std::collections::BTreeMap;
use std::sync::Arc;

use labapi::{Delivery, Zab, Zxid};
use labrt::world::World;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::event::{Extent, ZabEvent};
use super::put::Put;
use crate::event::EventSource;
use crate::linearizability::KeyValueOutput;
use crate::protocol::NodeEnv;

/// A snapshot is taken after so many transactions.
const SNAPSHOT_INTERVAL: u64 = 10;

/// The service on a server, in one incarnation.
pub(super) struct Service {
    events: EventSource,
    world: World,
    snapshots: bool,
    deliveries: Deliveries,
    state: Mutex<State>,
    /// The outcomes of puts that this incarnation has executed, by the put's number.
    outcomes: Mutex<BTreeMap<u64, KeyValueOutput>>,
}

/// The state of the service: what a snapshot has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) extent: Extent,
    /// Value and version of each key.
    pub(super) keys: BTreeMap<String, (String, u64)>,
}

impl Service {
    pub fn new(env: &NodeEnv<'_>, snapshots: bool, deliveries: &Deliveries) -> Arc<Self> {
        let (events, world) = (env.events(), env.world.clone());
        let (state, outcomes) = <(Mutex<State>, Mutex<BTreeMap<u64, KeyValueOutput>>)>::default();
        Arc::new(Self { events, world, snapshots, deliveries: deliveries.clone(), state, outcomes })
    }

    /// The last transaction that is in the state.
    pub fn applied(&self) -> Zxid {
        self.state.lock().extent.zxid
    }

    /// Value and version of a key, and the last transaction that is in the state.
    pub fn read(&self, key: &str) -> (Zxid, Option<(String, u64)>) {
        let state = self.state.lock();
        (state.extent.zxid, state.keys.get(key).cloned())
    }

    /// The outcome of a put, if this incarnation has executed it.
    pub fn outcome(&self, put: u64) -> Option<KeyValueOutput> {
        self.outcomes.lock().get(&put).cloned()
    }

    /// Does what one message of the server says.
    pub fn handle(&self, message: Delivery, zab: &dyn Zab) {
        match message {
            Delivery::Transaction { zxid, transaction } => self.deliver(zxid, transaction, zab),
            Delivery::Snapshot { zxid, snapshot } => self.install(zxid, &snapshot),
        }
    }

    fn deliver(&self, zxid: Zxid, transaction: Vec<u8>, zab: &dyn Zab) {
        let delivered = ZabEvent::Delivered { zxid, transaction };
        self.events.emit(&delivered);
        let ZabEvent::Delivered { transaction, .. } = delivered else { unreachable!("it was made here") };
        let snapshot = {
            let mut state = self.state.lock();
            state.extent = state.extent.and(zxid, &transaction);
            if let Some(put) = Put::parse(&transaction) {
                let outcome = put.execute(&mut state.keys);
                self.outcomes.lock().insert(put.number, outcome);
            }
            self.record(state.extent);
            let is_due = self.snapshots && state.extent.count.is_multiple_of(SNAPSHOT_INTERVAL);
            is_due.then(|| labgob::encode(&*state).expect("numbers and strings can be encoded"))
        };
        self.world.note("tester", || format!("delivered {zxid}: {}", String::from_utf8_lossy(&transaction)));
        self.deliveries.add(zxid, transaction);
        if let Some(snapshot) = snapshot {
            self.world.note("tester", || format!("snapshot up to {zxid}, {} bytes", snapshot.len()));
            self.deliveries.made(zxid, &snapshot);
            zab.snapshot(zxid, snapshot);
        }
    }

    fn install(&self, zxid: Zxid, snapshot: &[u8]) {
        let is_known = self.deliveries.is_snapshot(zxid, snapshot);
        let new: Option<State> = if is_known { labgob::decode(snapshot).ok() } else { None };
        let content = new.as_ref().map(|new| new.extent);
        self.events.emit(&ZabEvent::Installed { zxid, content });
        self.world.note("tester", || format!("installed a snapshot up to {zxid}"));
        if let Some(new) = new {
            self.record(new.extent);
            *self.state.lock() = new;
        }
    }

    /// Adds to the fingerprint of the run.
    fn record(&self, extent: Extent) {
        self.world.record_event(extent.hash.wrapping_add(self.events.who().server as u64));
    }
}

/// All transactions that any server has delivered.
#[derive(Clone, Default)]
pub(super) struct Deliveries {
    all: Arc<Mutex<BTreeMap<Zxid, Vec<u8>>>>,
    /// The snapshots that services have made. All that end with the same transaction are equal.
    snapshots: Arc<Mutex<BTreeMap<Zxid, Vec<u8>>>>,
}

impl Deliveries {
    fn add(&self, zxid: Zxid, transaction: Vec<u8>) {
        self.all.lock().entry(zxid).or_insert(transaction);
    }

    fn made(&self, zxid: Zxid, snapshot: &[u8]) {
        self.snapshots.lock().entry(zxid).or_insert_with(|| snapshot.to_vec());
    }

    /// Whether a service has made this snapshot after the transaction of this id.
    fn is_snapshot(&self, zxid: Zxid, snapshot: &[u8]) -> bool {
        self.snapshots.lock().get(&zxid).is_some_and(|made| made == snapshot)
    }

    /// The transaction that was delivered under this id.
    pub fn get(&self, zxid: Zxid) -> Option<Vec<u8>> {
        self.all.lock().get(&zxid).cloned()
    }

    /// The ids of a transaction that was delivered.
    pub fn ids_of(&self, transaction: &[u8]) -> Vec<Zxid> {
        let all = self.all.lock();
        all.iter().filter(|(_, it)| it.as_slice() == transaction).map(|(zxid, _)| *zxid).collect()
    }

    /// The number of transactions.
    pub fn count(&self) -> u64 {
        self.all.lock().len() as u64
    }
}
