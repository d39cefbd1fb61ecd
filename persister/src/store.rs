//! [`Store`]: the records, and the commits in progress.
//!
//! Commits may take effect in another order than they began. The result is as if each had taken effect in the
//! order in which they began: a commit that takes effect removes its records from all earlier commits that
//! are still in progress. The other records of those take effect later, all at once.

use std::panic::Location;
use std::sync::Arc;

use crate::faults::{InterruptedSaves, SaveTime};
use crate::observer::{Observer, SaveEvent, SaveStep};

#[derive(Default)]
pub(crate) struct Store {
    /// In order of name. No record is empty.
    records: Vec<Record>,
    /// Slow commits that have not taken effect, in the order in which they began. Commits whose threads were
    /// killed stay here: a copy decides whether they take effect.
    in_progress: Vec<Commit>,
    /// The number of commits so far, which is the number of the latest.
    started: u64,
    /// `None`: a save takes no time.
    pub(crate) save_time: Option<Box<SaveTime>>,
    /// `None`: an interrupted save has no effect.
    pub(crate) interrupted_saves: Option<Box<InterruptedSaves>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// A name and the bytes that are stored under it.
#[derive(Clone)]
struct Record {
    name: Box<str>,
    bytes: Vec<u8>,
}

/// A commit in progress.
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

    /// Names and sizes in bytes, in order of name.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (&str, usize)> {
        self.records.iter().map(|record| (&*record.name, record.bytes.len()))
    }

    /// Commits at once.
    pub(crate) fn commit(&mut self, records: &[(&str, &[u8])], location: &'static Location<'static>) {
        self.started += 1;
        for (at, &(name, bytes)) in records.iter().enumerate() {
            match self.records.get_mut(at) {
                // A server that saves the same records each time, in order of name, need not search.
                Some(record) if *record.name == *name && !bytes.is_empty() => {
                    overwrite(&mut record.bytes, bytes);
                }
                _ => self.write(name, bytes),
            }
            supersede(&mut self.in_progress, name);
        }
        self.notify(self.started, SaveStep::TookEffect { slow: false }, records, location);
    }

    /// Begins a slow commit. Returns its number.
    pub(crate) fn begin(&mut self, records: &[(&str, &[u8])], location: &'static Location<'static>) -> u64 {
        self.started += 1;
        let owned = records.iter().map(|&(name, bytes)| Record { name: name.into(), bytes: bytes.into() });
        self.in_progress.push(Commit { number: self.started, records: owned.collect(), location });
        self.notify(self.started, SaveStep::Began, records, location);
        self.started
    }

    /// Ends a slow commit, which takes effect.
    pub(crate) fn finish(&mut self, number: u64) {
        let at = self.in_progress.iter().position(|commit| commit.number == number);
        let commit = self.in_progress.remove(at.expect("a commit ends once"));
        let earlier = self.in_progress.partition_point(|other| other.number < number);
        for Record { name, bytes } in &commit.records {
            self.write(name, bytes);
            supersede(&mut self.in_progress[..earlier], name);
        }
        self.notify_commit(&commit, SaveStep::TookEffect { slow: true });
    }

    /// The store after a crash at this moment.
    pub(crate) fn crash(&mut self) -> Self {
        let mut after = Self { records: self.records.clone(), started: self.started, ..Self::default() };
        for commit in &self.in_progress {
            let took_effect = self.interrupted_saves.as_mut().is_some_and(|saves| saves.takes_effect());
            if took_effect {
                for Record { name, bytes } in &commit.records {
                    after.write(name, bytes);
                }
            }
            self.notify_commit(commit, SaveStep::Interrupted { took_effect });
        }
        after.save_time = self.save_time.clone();
        after.interrupted_saves = self.interrupted_saves.clone();
        after
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

    fn notify(
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

    fn notify_commit(&self, commit: &Commit, step: SaveStep) {
        if self.observer.is_some() {
            let records: Vec<_> = commit.records.iter().map(|it| (&*it.name, &*it.bytes)).collect();
            self.notify(commit.number, step, &records, commit.location);
        }
    }
}

/// Removes a record from commits that began before the commit that has replaced it.
fn supersede(earlier: &mut [Commit], name: &str) {
    for commit in earlier {
        commit.records.retain(|record| *record.name != *name);
    }
}

/// Replaces the content and keeps the allocation, because a Raft peer saves at nearly every message.
fn overwrite(buffer: &mut Vec<u8>, content: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saving_keeps_the_allocation() {
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
    fn an_erased_record_takes_no_memory() {
        let mut store = Store::default();
        for number in 0..100 {
            let name = format!("record {number}");
            store.commit(&[(&name, b"content")], Location::caller());
            store.commit(&[(&name, b"")], Location::caller());
            assert!(store.records.is_empty());
        }
    }
}
