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

/// A record to write: its first bytes stay as they are, and the rest is replaced.
#[derive(Clone, Copy)]
pub(crate) struct Write<'a> {
    pub(crate) name: &'a str,
    /// The number of bytes that stay: those of the record that was committed last, or began to be.
    pub(crate) kept: usize,
    pub(crate) tail: &'a [u8],
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

    /// The record of that name whose commit began last; empty if there is none.
    pub(crate) fn latest(&self, name: &str) -> &[u8] {
        let begun = self.in_progress.iter().rev().flat_map(|commit| &commit.records);
        begun.into_iter().find(|record| *record.name == *name).map_or_else(|| self.read(name), |it| &it.bytes)
    }

    /// Commits at once.
    pub(crate) fn commit(&mut self, writes: &[Write<'_>], location: &'static Location<'static>) {
        self.started += 1;
        for (at, write) in writes.iter().enumerate() {
            let Write { name, kept, tail } = *write;
            match self.records.get_mut(at) {
                // A server that saves the same records each time, in order of name, need not search. The
                // allocation stays, because a Raft peer saves at nearly every message.
                Some(record)
                    if *record.name == *name && kept + tail.len() > 0 && self.in_progress.is_empty() =>
                {
                    record.bytes.truncate(kept);
                    record.bytes.extend_from_slice(tail);
                }
                _ => self.write(name, self.whole(write)),
            }
            supersede(&mut self.in_progress, name);
        }
        if self.observer.is_some() {
            let records: Vec<_> = writes.iter().map(|it| (it.name, self.read(it.name))).collect();
            self.notify(self.started, SaveStep::TookEffect { slow: false }, &records, location);
        }
    }

    /// Begins a slow commit. Returns its number.
    pub(crate) fn begin(&mut self, writes: &[Write<'_>], location: &'static Location<'static>) -> u64 {
        self.started += 1;
        let whole = writes.iter().map(|write| Record { name: write.name.into(), bytes: self.whole(write) });
        let commit = Commit { number: self.started, records: whole.collect(), location };
        self.notify_commit(&commit, SaveStep::Began);
        self.in_progress.push(commit);
        self.started
    }

    /// The record as it is after the write.
    fn whole(&self, write: &Write<'_>) -> Vec<u8> {
        [&self.latest(write.name)[..write.kept], write.tail].concat()
    }

    /// Ends a slow commit, which takes effect.
    pub(crate) fn finish(&mut self, number: u64) {
        let at = self.in_progress.iter().position(|commit| commit.number == number);
        let commit = self.in_progress.remove(at.expect("a commit ends once"));
        let earlier = self.in_progress.partition_point(|other| other.number < number);
        for Record { name, bytes } in &commit.records {
            self.write(name, bytes.clone());
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
                    after.write(name, bytes.clone());
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

    fn write(&mut self, name: &str, bytes: Vec<u8>) {
        match self.find(name) {
            Ok(at) if bytes.is_empty() => {
                self.records.remove(at);
            }
            Ok(at) => self.records[at].bytes = bytes,
            Err(_) if bytes.is_empty() => {}
            Err(at) => self.records.insert(at, Record { name: name.into(), bytes }),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(store: &mut Store, name: &str, kept: usize, tail: &[u8]) {
        store.commit(&[Write { name, kept, tail }], Location::caller());
    }

    #[test]
    fn saving_keeps_the_allocation() {
        let mut store = Store::default();
        commit(&mut store, "state", 0, &[1; 100]);
        let memory = store.read("state").as_ptr();
        for content in [&b"a long state"[..], b"s", b"short"] {
            commit(&mut store, "state", 0, content);
            assert_eq!(store.read("state"), content);
            assert_eq!(store.read("state").as_ptr(), memory);
        }
        commit(&mut store, "state", 2, b"rine");
        assert_eq!(store.read("state"), b"shrine");
        assert_eq!(store.read("state").as_ptr(), memory);
    }

    #[test]
    fn an_erased_record_takes_no_memory() {
        let mut store = Store::default();
        for number in 0..100 {
            let name = format!("record {number}");
            commit(&mut store, &name, 0, b"content");
            commit(&mut store, &name, 0, b"");
            assert!(store.records.is_empty());
        }
    }
}
