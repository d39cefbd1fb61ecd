//! Storage that survives a crash: [`Storage`] holds named records, and [`Persister`] is its interface in the
//! course's labs, with a Raft state and a snapshot.
//!
//! A real server would write a file and wait for the disk. Here a save never fails, and takes no time unless
//! the harness makes it [slow](Storage::set_save_time). A server that restarts reads what was saved;
//! everything else is lost. A slow save that a crash [interrupts](Storage::set_interrupted_saves) takes
//! effect as a whole or not at all.
//!
//! Not modelled: torn writes, and the loss of a save that has returned.
//!
//! # Example
//!
//! A server crashes during its second save, and restarts with the first:
//!
//! ```
//! use std::time::Duration;
//!
//! use labrt::thread;
//! use labrt::world::{Options, simulate};
//! use persister::Persister;
//!
//! let run = simulate(Options::new(1), |world| {
//!     let persister = Persister::new();
//!     let save_time = Duration::from_millis(10);
//!     persister.set_save_time(world, "server 0", Some(save_time..=save_time));
//!
//!     let node = world.node("server 0");
//!     let server_persister = persister.clone();
//!     node.run("server", move || {
//!         server_persister.save(b"term 1", b"a snapshot");
//!         server_persister.save(b"term 2", b"a snapshot");
//!     });
//!     thread::sleep(Duration::from_millis(15));
//!
//!     // The crash: all threads of the server end, and the next incarnation gets a copy of the storage.
//!     node.kill();
//!     let restarted = persister.copy();
//!     assert_eq!(restarted.read_raft_state(), b"term 1");
//!     assert_eq!(restarted.read_snapshot(), b"a snapshot");
//!     assert_eq!(restarted.raft_state_size(), 6);
//! });
//! run.result.unwrap();
//! ```

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

use store::Write;

/// The record that holds the Raft state.
const RAFT_STATE: &str = "raft_state";

/// The record that holds the snapshot.
const SNAPSHOT: &str = "snapshot";

/// A handle to the storage of one server. Clones share the storage.
///
/// The next incarnation of a server gets a [`copy`](Self::copy), so that late saves of the previous one have
/// no effect on it.
#[derive(Clone, Default)]
pub struct Persister {
    storage: Storage,
}

impl Persister {
    /// Makes an empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a persister on this storage. It uses the records `raft_state` and `snapshot`.
    #[must_use]
    pub fn on(storage: Storage) -> Self {
        Self { storage }
    }

    /// The storage under this persister.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Saves the Raft state and the snapshot atomically: no read gives one without the other. When this
    /// returns, both are durable.
    ///
    /// Both replace the earlier ones. An empty `snapshot` erases the earlier one, so give the current
    /// snapshot with each save. A save is a scheduling point.
    ///
    /// A destructor on a server that is being killed saves nothing. A slow save that a crash interrupts has
    /// no effect, or, if the harness [lets it](Storage::set_interrupted_saves), takes effect as a whole.
    #[track_caller]
    pub fn save(&self, raft_state: &[u8], snapshot: &[u8]) {
        self.save_tail(0, raft_state, snapshot);
    }

    /// As [`save`](Self::save), but the first `kept` bytes of the Raft state stay as they are: `tail` is what
    /// comes after them. So a log that grows at its end is saved by what is new of it.
    ///
    /// What stays is from the save that began last, also if that is not durable yet. When this returns, all
    /// is.
    ///
    /// # Panics
    ///
    /// Panics if the Raft state has fewer than `kept` bytes.
    #[track_caller]
    pub fn save_tail(&self, kept: usize, tail: &[u8], snapshot: &[u8]) {
        let state = Write { name: RAFT_STATE, kept, tail };
        self.storage.write(&[state, Write { name: SNAPSHOT, kept: 0, tail: snapshot }]);
    }

    /// For the harness: sets the duration of each save; see [`Storage::set_save_time`].
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

    /// The storage after a crash at this moment, for the next incarnation; see [`Storage::copy`].
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
