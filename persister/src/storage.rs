//! [`Storage`]: named records that survive a crash.

use std::fmt;
use std::ops::RangeInclusive;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use labrt::world::World;
use parking_lot::Mutex;

use crate::faults::{InterruptedSaves, SaveTime};
use crate::observer::Observer;
use crate::store::{Store, Write};

/// A handle to the storage of one server, which survives a crash: byte strings (*records*) under names.
/// Clones share the storage.
///
/// The next incarnation of a server gets a [`copy`](Self::copy), so that late saves of the previous one have
/// no effect on it.
#[derive(Clone, Default)]
pub struct Storage {
    store: Arc<Mutex<Store>>,
}

/// For lab code.
impl Storage {
    /// Makes an empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Saves these records atomically: no other thread, and no server after a crash, reads some of them
    /// without the others. When this returns, they are durable.
    ///
    /// A record of the same name is replaced, or erased if the new one is empty. All other records stay. A
    /// commit is a scheduling point.
    ///
    /// A destructor on a server that is being killed saves nothing. A slow commit that a crash interrupts has
    /// no effect, unless the harness [lets it](Self::set_interrupted_saves) take effect as a whole.
    ///
    /// # Panics
    ///
    /// Panics if two of the records have the same name.
    #[track_caller]
    pub fn commit(&self, records: &[(&str, &[u8])]) {
        self.write(&records.iter().map(|&(name, tail)| Write { name, kept: 0, tail }).collect::<Vec<_>>());
    }

    /// As [`commit`](Self::commit), but the first bytes of each record stay as they are: a record is a name,
    /// how many bytes stay, and what comes after them. So a log that grows at its end is saved by what is new
    /// of it.
    ///
    /// What stays is from the save that began last, also if that is not durable yet. When this returns, the
    /// whole record is.
    ///
    /// # Panics
    ///
    /// Panics if more bytes of a record shall stay than it has, and if two of the records have the same name.
    #[track_caller]
    pub fn commit_tails(&self, records: &[(&str, usize, &[u8])]) {
        self.write(&records.iter().map(|&(name, kept, tail)| Write { name, kept, tail }).collect::<Vec<_>>());
    }

    #[track_caller]
    pub(crate) fn write(&self, writes: &[Write<'_>]) {
        for (at, Write { name, .. }) in writes.iter().enumerate() {
            let duplicate = writes[..at].iter().any(|other| other.name == *name);
            assert!(!duplicate, "a commit has two records {name:?}");
        }
        let location = Location::caller();
        // The server may be killed here, before anything is written, but not after this line.
        labrt::world::scheduling_point();
        if labrt::world::is_dying() {
            return;
        }
        let mut store = self.store.lock();
        for Write { name, kept, .. } in writes {
            let length = store.latest(name).len();
            assert!(
                *kept <= length,
                "a commit keeps {kept} bytes of the record {name:?}, which has {length}"
            );
        }
        let Some(save_time) = &mut store.save_time else {
            return store.commit(writes, location);
        };
        let delay = save_time.draw();
        let number = store.begin(writes, location);
        drop(store);
        delay.wait();
        self.store.lock().finish(number);
    }

    /// [Commits](Self::commit) one record.
    #[track_caller]
    pub fn save(&self, record: &str, bytes: &[u8]) {
        self.commit(&[(record, bytes)]);
    }

    /// The record of this name that was saved last; empty if there is none.
    #[must_use]
    pub fn read(&self, record: &str) -> Vec<u8> {
        self.store.lock().read(record).to_vec()
    }

    /// The length of the record in bytes; 0 if there is none.
    #[must_use]
    pub fn size(&self, record: &str) -> usize {
        self.store.lock().read(record).len()
    }

    /// The name and the length in bytes of each record that is not empty, in order of name.
    #[must_use]
    pub fn records(&self) -> Vec<(String, usize)> {
        self.store.lock().sizes().map(|(name, size)| (name.to_owned(), size)).collect()
    }
}

/// For the harness.
impl Storage {
    /// The storage after a crash at this moment: another storage with the same records and the same faults.
    ///
    /// For each commit in progress, and each whose thread was killed, it is drawn here whether it takes
    /// effect, in the order in which they began: see [`set_interrupted_saves`](Self::set_interrupted_saves).
    /// This storage does not change, and another copy of it draws again. The copy continues the random
    /// streams of the faults. It has no observer: the harness sets one for each incarnation.
    #[must_use]
    pub fn copy(&self) -> Self {
        let after = self.store.lock().crash();
        Self { store: Arc::new(Mutex::new(after)) }
    }

    /// Sets the duration of each save on the run's clock, drawn uniformly from the range. `None`, as at
    /// first: saves take no time.
    ///
    /// The thread that saves waits meanwhile, and reads give the earlier records. Several threads may save at
    /// a time; of each record, the save that began last remains. This holds for clones, for later copies, and
    /// for saves that begin from now on.
    ///
    /// The durations are drawn from a random stream of the world that belongs to `name`, from its start.
    ///
    /// # Panics
    ///
    /// Panics if the range is empty.
    pub fn set_save_time(&self, world: &World, name: &str, time: Option<RangeInclusive<Duration>>) {
        let save_time = time.map(|time| Box::new(SaveTime::new(world, name, &time)));
        self.store.lock().save_time = save_time;
    }

    /// Sets the probability with which a commit that a crash interrupts takes effect as a whole. At first it
    /// is 0.
    ///
    /// Only commits that [take time](Self::set_save_time) can be interrupted. The next incarnation of the
    /// server reads the records of the [`copy`](Self::copy). This holds for clones, for later copies, and for
    /// commits in progress.
    ///
    /// The draws are from the world's random stream `faults: interrupted saves of ` and `name`, from its
    /// start.
    ///
    /// # Panics
    ///
    /// Panics unless the probability is from 0 to 1.
    pub fn set_interrupted_saves(&self, world: &World, name: &str, probability: f64) {
        let interrupted_saves = Box::new(InterruptedSaves::new(world, name, probability));
        self.store.lock().interrupted_saves = Some(interrupted_saves);
    }

    /// Sets the observer, which is told of every save from now on, also through clones, but not of copies.
    ///
    /// # Panics
    ///
    /// Panics if the storage already has an observer.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        let former = self.store.lock().observer.replace(observer);
        assert!(former.is_none(), "the storage has an observer");
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Storage").field(&self.records()).finish()
    }
}
