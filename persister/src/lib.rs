//! Storage that survives a crash: [`Storage`] holds named records, and [`Persister`] is its face in the
//! course's labs, with a Raft state and a snapshot.
//!
//! A real server would write a file and wait for the disk. Here a save takes no time, unless the harness
//! makes it [slow](Storage::set_save_time), and never fails, so what is saved is what the server comes back
//! with; what is not saved is gone. Of a slow save that a crash [interrupts](Storage::set_interrupted_saves),
//! the server finds all or nothing.
//!
//! Left out: torn writes, and the loss of a save that has returned.

#![warn(missing_docs)]

mod faults;
mod observer;
mod storage;
mod store;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use labrt::world::World;

pub use observer::{Observer, SaveEvent, SaveStep};
pub use storage::Storage;

/// The record that holds the Raft state.
const RAFT_STATE: &str = "raft_state";

/// The record that holds the snapshot.
const SNAPSHOT: &str = "snapshot";

/// A handle to one server's store. Clones share the store.
///
/// A server's next incarnation is given a [`copy`](Self::copy), so that what the last one may still save
/// reaches nobody.
#[derive(Clone, Default)]
pub struct Persister {
    storage: Storage,
}

impl Persister {
    /// A store with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A persister on this storage: the records `raft_state` and `snapshot` of it.
    #[must_use]
    pub fn on(storage: Storage) -> Self {
        Self { storage }
    }

    /// The storage below.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Saves both, at once: nobody ever reads the one without the other. They are safe when this returns.
    ///
    /// What was saved before is replaced. An empty `snapshot` erases an earlier one, so whoever saves the
    /// state gives the current snapshot each time. A scheduling point.
    ///
    /// Does nothing in a destructor of a server that is being killed: nothing is saved after a crash. A slow
    /// save that a crash interrupts leaves what was saved before, or, if the harness wants it so, both of the
    /// new.
    #[track_caller]
    pub fn save(&self, raft_state: &[u8], snapshot: &[u8]) {
        self.storage.commit(&[(RAFT_STATE, raft_state), (SNAPSHOT, snapshot)]);
    }

    /// For the harness: how long each save takes; see [`Storage::set_save_time`].
    ///
    /// # Panics
    ///
    /// Panics if the range is empty.
    pub fn set_save_time(&self, world: &World, name: &str, time: Option<RangeInclusive<Duration>>) {
        self.storage.set_save_time(world, name, time);
    }

    /// The Raft state that was saved last; empty if none was.
    #[must_use]
    pub fn read_raft_state(&self) -> Vec<u8> {
        self.storage.read(RAFT_STATE)
    }

    /// The snapshot that was saved last; empty if there is none.
    #[must_use]
    pub fn read_snapshot(&self) -> Vec<u8> {
        self.storage.read(SNAPSHOT)
    }

    /// The length of the Raft state in bytes.
    #[must_use]
    pub fn raft_state_size(&self) -> usize {
        self.storage.size(RAFT_STATE)
    }

    /// The length of the snapshot in bytes.
    #[must_use]
    pub fn snapshot_size(&self) -> usize {
        self.storage.size(SNAPSHOT)
    }

    /// Another store that now holds the same; see [`Storage::copy`].
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::on(self.storage.copy())
    }
}

impl fmt::Debug for Persister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Persister")
            .field("raft_state_size", &self.raft_state_size())
            .field("snapshot_size", &self.snapshot_size())
            .finish()
    }
}
