//! What a server keeps across a crash: its Raft state and its latest snapshot.
//!
//! A real server would write a file and wait for the disk. Here a save takes no time, unless the harness makes it
//! [slow](Persister::set_save_time), and never fails, so what is saved is what the server comes back with; what is
//! not saved is gone.
//!
//! Left out: torn writes, lost writes.

#![warn(missing_docs)]

mod disk;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use labrt::world::World;
use parking_lot::Mutex;

use disk::Disk;

/// A handle to one server's store. Clones share the store.
///
/// A server's next life is given a [`copy`](Self::copy), so that what its last life may still save
/// reaches nobody.
#[derive(Clone, Default)]
pub struct Persister {
    store: Arc<Mutex<Store>>,
}

#[derive(Clone, Default)]
struct Store {
    raft_state: Vec<u8>,
    snapshot: Vec<u8>,
    /// `None`: a save takes no time.
    disk: Option<Box<Disk>>,
}

impl Persister {
    /// A store with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Saves both, at once: nobody ever reads the one without the other. They are safe when this returns.
    ///
    /// What was saved before is replaced. An empty `snapshot` erases an earlier one, so whoever saves the state
    /// gives the current snapshot each time. A scheduling point.
    ///
    /// Does nothing in a destructor of a server that is being killed: nothing is saved after a crash. A slow save that a
    /// crash interrupts leaves what was saved before.
    #[track_caller]
    pub fn save(&self, raft_state: &[u8], snapshot: &[u8]) {
        // The server may be killed here, before anything is written, but not from here on.
        labrt::world::point();
        if labrt::world::is_dying() {
            return;
        }
        let mut store = self.store.lock();
        if let Some(disk) = &mut store.disk {
            let write = disk.begin();
            drop(store);
            // A crash that comes meanwhile ends the thread here.
            let number = write.wait();
            store = self.store.lock();
            if !store.disk.as_mut().is_none_or(|disk| disk.finish(number)) {
                return;
            }
        }
        overwrite(&mut store.raft_state, raft_state);
        overwrite(&mut store.snapshot, snapshot);
    }

    /// For the harness: how long each save takes on the run's clock; any time of the range is as likely as another.
    /// `None`: no time, which is so at first.
    ///
    /// The thread that saves waits meanwhile, and readers see what was saved before. Several threads may save at a
    /// time; what was begun last is what stays. Holds for clones, for later copies, and for saves that begin from now on.
    ///
    /// The times are drawn from the world's random stream `extras: saves of ` and `name`, from its start.
    ///
    /// # Panics
    ///
    /// Panics if the range is empty.
    pub fn set_save_time(&self, world: &World, name: &str, time: Option<RangeInclusive<Duration>>) {
        let disk = time.map(|time| Box::new(Disk::new(world, name, &time)));
        self.store.lock().disk = disk;
    }

    /// The Raft state that was saved last; empty if none was.
    #[must_use]
    pub fn read_raft_state(&self) -> Vec<u8> {
        self.store.lock().raft_state.clone()
    }

    /// The snapshot that was saved last; empty if there is none.
    #[must_use]
    pub fn read_snapshot(&self) -> Vec<u8> {
        self.store.lock().snapshot.clone()
    }

    /// The length of the Raft state in bytes.
    #[must_use]
    pub fn raft_state_size(&self) -> usize {
        self.store.lock().raft_state.len()
    }

    /// The length of the snapshot in bytes.
    #[must_use]
    pub fn snapshot_size(&self) -> usize {
        self.store.lock().snapshot.len()
    }

    /// Another store that now holds the same.
    #[must_use]
    pub fn copy(&self) -> Self {
        let store = self.store.lock().clone();
        Self { store: Arc::new(Mutex::new(store)) }
    }
}

/// Replaces the content and keeps the memory: a Raft peer saves at nearly every message.
fn overwrite(buffer: &mut Vec<u8>, content: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(content);
}

impl fmt::Debug for Persister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let store = self.store.lock();
        f.debug_struct("Persister")
            .field("raft_state_size", &store.raft_state.len())
            .field("snapshot_size", &store.snapshot.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn overwriting_keeps_the_memory() {
        let mut buffer = Vec::with_capacity(100);
        let memory = buffer.as_ptr();
        for content in [&b"a long state"[..], b"", b"short"] {
            super::overwrite(&mut buffer, content);
            assert_eq!(buffer, content);
            assert_eq!(buffer.as_ptr(), memory);
        }
    }
}
