//! [`Store`]: the records, and the commits on their way to them.
//!
//! Commits may take effect in another order than they have begun in, and the one that was begun last is the
//! one that stays. So a commit that takes effect strikes its records out of all commits that were begun
//! before it and are still under way. Of those, the other records take effect later, all at once again: the
//! outcome is that of the commits one after the other, in the order in which they have begun.

use std::panic::Location;
use std::sync::Arc;

use crate::faults::{InterruptedSaves, SaveTime};
use crate::observer::{Observer, SaveEvent, SaveStep};

#[derive(Default)]
pub(crate) struct Store {
    /// In order of name. None of them is empty.
    records: Vec<Record>,
    /// Commits that take time and have neither taken effect nor been replaced, in the order in which they
    /// have begun. Those whose threads a crash has ended stay here: a copy decides what becomes of them.
    under_way: Vec<Commit>,
    /// Commits that were begun.
    begun: u64,
    /// `None`: a save takes no time.
    pub(crate) save_time: Option<Box<SaveTime>>,
    /// `None`: an interrupted save has no effect.
    pub(crate) interrupted_saves: Option<Box<InterruptedSaves>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// A name and what is stored under it.
#[derive(Clone)]
struct Record {
    name: Box<str>,
    bytes: Vec<u8>,
}

/// A commit under way.
struct Commit {
    number: u64,
    records: Vec<Record>,
    location: &'static Location<'static>,
}

impl Store {
    /// The record of that name; empty if there is none.
    pub(crate) fn read(&self, name: &str) -> &[u8] {
        self.find(name).map_or(&[], |at| &self.records[at].bytes)
    }

    /// Names and sizes, in order of name.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (&str, usize)> {
        self.records.iter().map(|record| (&*record.name, record.bytes.len()))
    }

    /// A commit that takes no time.
    pub(crate) fn commit(&mut self, records: &[(&str, &[u8])], location: &'static Location<'static>) {
        self.begun += 1;
        for (at, &(name, bytes)) in records.iter().enumerate() {
            match self.records.get_mut(at) {
                // A server that saves the same records each time, in order of name, need not search.
                Some(record) if *record.name == *name && !bytes.is_empty() => {
                    overwrite(&mut record.bytes, bytes);
                }
                _ => self.write(name, bytes),
            }
            strike_out(&mut self.under_way, name);
        }
        self.tell(self.begun, SaveStep::TookEffect { slow: false }, records, location);
    }

    /// A commit that takes time has begun. Answers its number.
    pub(crate) fn begin(&mut self, records: &[(&str, &[u8])], location: &'static Location<'static>) -> u64 {
        self.begun += 1;
        let owned = records.iter().map(|&(name, bytes)| Record { name: name.into(), bytes: bytes.into() });
        self.under_way.push(Commit { number: self.begun, records: owned.collect(), location });
        self.tell(self.begun, SaveStep::Began, records, location);
        self.begun
    }

    /// A commit that was begun has taken its time.
    pub(crate) fn finish(&mut self, number: u64) {
        let at = self.under_way.iter().position(|commit| commit.number == number);
        let commit = self.under_way.remove(at.expect("a commit that has begun ends once"));
        let earlier = self.under_way.partition_point(|other| other.number < number);
        for Record { name, bytes } in &commit.records {
            self.write(name, bytes);
            strike_out(&mut self.under_way[..earlier], name);
        }
        self.tell_of(&commit, SaveStep::TookEffect { slow: true });
    }

    /// The store that a crash at this moment leaves.
    pub(crate) fn crash(&mut self) -> Self {
        let mut left = Self { records: self.records.clone(), begun: self.begun, ..Self::default() };
        for commit in &self.under_way {
            let took_effect = self.interrupted_saves.as_mut().is_some_and(|saves| saves.takes_effect());
            if took_effect {
                for Record { name, bytes } in &commit.records {
                    left.write(name, bytes);
                }
            }
            self.tell_of(commit, SaveStep::Interrupted { took_effect });
        }
        left.save_time = self.save_time.clone();
        left.interrupted_saves = self.interrupted_saves.clone();
        left
    }

    /// The position of the record of that name, or else where it belongs.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.records.binary_search_by(|record| (*record.name).cmp(name))
    }

    fn write(&mut self, name: &str, bytes: &[u8]) {
        match self.find(name) {
            Ok(at) if bytes.is_empty() => {
                self.records.remove(at);
            }
            Ok(at) => overwrite(&mut self.records[at].bytes, bytes),
            Err(_) if bytes.is_empty() => {}
            Err(at) => self.records.insert(at, Record { name: name.into(), bytes: bytes.into() }),
        }
    }

    fn tell(
        &self,
        number: u64,
        step: SaveStep,
        records: &[(&str, &[u8])],
        location: &'static Location<'static>,
    ) {
        if let Some(observer) = &self.observer {
            observer.on(&SaveEvent { number, step, records, location });
        }
    }

    fn tell_of(&self, commit: &Commit, step: SaveStep) {
        if self.observer.is_some() {
            let records: Vec<_> = commit.records.iter().map(|it| (&*it.name, &*it.bytes)).collect();
            self.tell(commit.number, step, &records, commit.location);
        }
    }
}

/// The record was replaced by a commit that has begun after all of these.
fn strike_out(earlier: &mut [Commit], name: &str) {
    for commit in earlier {
        commit.records.retain(|record| *record.name != *name);
    }
}

/// Replaces the content and keeps the memory: a Raft peer saves at nearly every message.
fn overwrite(buffer: &mut Vec<u8>, content: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saving_keeps_the_memory() {
        let mut store = Store::default();
        store.commit(&[("state", &[1; 100])], Location::caller());
        let memory = store.read("state").as_ptr();
        for content in [&b"a long state"[..], b"s", b"short"] {
            store.commit(&[("state", content)], Location::caller());
            assert_eq!(store.read("state"), content);
            assert_eq!(store.read("state").as_ptr(), memory);
        }
    }

    #[test]
    fn an_erased_record_takes_no_room() {
        let mut store = Store::default();
        for number in 0..100 {
            let name = format!("record {number}");
            store.commit(&[(&name, b"content")], Location::caller());
            store.commit(&[(&name, b"")], Location::caller());
            assert!(store.records.is_empty());
        }
    }
}
