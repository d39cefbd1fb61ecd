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
use crate::store::Store;

/// A handle to what one server keeps across a crash: records of bytes, each under a name. Clones share it.
///
/// A server's next incarnation is given a [`copy`](Self::copy), so that what the last one may still save
/// reaches nobody.
#[derive(Clone, Default)]
pub struct Storage {
    store: Arc<Mutex<Store>>,
}

/// For lab code.
impl Storage {
    /// A storage with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Saves these records at once: no crash and no other thread ever finds some of them without the others.
    /// They are safe when this returns.
    ///
    /// A record of the same name is replaced, or erased if the new one is empty. All other records stay. A
    /// scheduling point.
    ///
    /// Does nothing in a destructor of a server that is being killed: nothing is saved after a crash. A slow
    /// commit that a crash interrupts leaves what was saved before, unless the harness [lets
    /// it](Self::set_interrupted_saves) take effect as a whole.
    ///
    /// # Panics
    ///
    /// Panics if two of the records have the same name.
    #[track_caller]
    pub fn commit(&self, records: &[(&str, &[u8])]) {
        for (at, (name, _)) in records.iter().enumerate() {
            let twice = records[..at].iter().any(|(other, _)| other == name);
            assert!(!twice, "a commit has two records {name:?}");
        }
        let location = Location::caller();
        // The server may be killed here, before anything is written, but not from here on.
        labrt::world::scheduling_point();
        if labrt::world::is_dying() {
            return;
        }
        let mut store = self.store.lock();
        let Some(save_time) = &mut store.save_time else {
            return store.commit(records, location);
        };
        let delay = save_time.draw();
        let number = store.begin(records, location);
        drop(store);
        delay.wait();
        self.store.lock().finish(number);
    }

    /// [Commits](Self::commit) one record.
    #[track_caller]
    pub fn save(&self, record: &str, bytes: &[u8]) {
        self.commit(&[(record, bytes)]);
    }

    /// The record that was saved last under this name; empty if there is none.
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
    /// The storage that a crash at this moment leaves: another one that now holds the same, with the same
    /// faults.
    ///
    /// Commits under way, and those whose threads were killed while they were, are decided here, each by
    /// itself and in the order in which they have begun: see
    /// [`set_interrupted_saves`](Self::set_interrupted_saves). This storage does not change, and another copy
    /// of it decides anew. The copy goes on with the random streams of the faults where this storage is. It
    /// has no observer: the harness sets one for each incarnation.
    #[must_use]
    pub fn copy(&self) -> Self {
        let left = self.store.lock().crash();
        Self { store: Arc::new(Mutex::new(left)) }
    }

    /// How long each save takes on the run's clock; any time of the range is as likely as another.
    /// `None`: no time, which is so at first.
    ///
    /// The thread that saves waits meanwhile, and readers see what was saved before. Several threads may save
    /// at a time; of each record, what was begun last is what stays. Holds for clones, for later copies, and
    /// for saves that begin from now on.
    ///
    /// The times are drawn from the world's random stream `extras: saves of ` and `name`, from its start.
    ///
    /// # Panics
    ///
    /// Panics if the range is empty.
    pub fn set_save_time(&self, world: &World, name: &str, time: Option<RangeInclusive<Duration>>) {
        let save_time = time.map(|time| Box::new(SaveTime::new(world, name, &time)));
        self.store.lock().save_time = save_time;
    }

    /// The probability with which a commit that a crash interrupts takes effect, as a whole; 0 at first.
    ///
    /// Only commits that [take time](Self::set_save_time) can be interrupted. The server that crashed is told
    /// nothing of either outcome, and its next incarnation reads what the [`copy`](Self::copy) holds. Holds
    /// for clones, for later copies, and for commits under way.
    ///
    /// It is drawn from the world's random stream `faults: interrupted saves of ` and `name`, from its start.
    ///
    /// # Panics
    ///
    /// Panics unless the probability is from 0 to 1.
    pub fn set_interrupted_saves(&self, world: &World, name: &str, probability: f64) {
        let interrupted_saves = Box::new(InterruptedSaves::new(world, name, probability));
        self.store.lock().interrupted_saves = Some(interrupted_saves);
    }

    /// Has `observer` told of every save from now on. Holds for clones, not for copies.
    ///
    /// # Panics
    ///
    /// Panics if the storage has an observer.
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
