//! Which assertions are switched off. Not a part of this crate: `oracle-check` adds this file to its copy of
//! the tester.

use std::collections::BTreeSet;
use std::io::Write;
use std::panic::Location;
use std::sync::{LazyLock, Mutex};

use labapi::{LogIndex, Term, Version, Versioned};

use crate::causality::LogicalTime;
use crate::{Snapshot, Waited};

/// The numbers of what is switched off: `3,4`.
static OFF: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let list = std::env::var("ORACLE_CHECK_OFF").unwrap_or_default();
    list.split(',').filter_map(|number| number.parse().ok()).collect()
});

/// The call whose assertions are switched off: `src/raft/part_3a.rs:19`.
static OFF_AT: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
    let place = std::env::var("ORACLE_CHECK_OFF_AT").ok()?;
    let (file, line) = place.rsplit_once(':')?;
    Some((file.to_owned(), line.parse().ok()?))
});

/// The file in which it is noted which places were come to, a line each.
static CAME_TO: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("ORACLE_CHECK_CAME_TO").ok());

/// Notes that a place was come to.
fn note(place: &str) {
    static NOTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let Some(file) = &*CAME_TO else { return };
    if NOTED.lock().unwrap().insert(place.to_owned()) {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
        file.write_all(format!("{place}\n").as_bytes()).unwrap();
    }
}

/// Whether a place is switched off.
pub fn off(number: u32) -> bool {
    if CAME_TO.is_some() {
        note(&number.to_string());
    }
    OFF.contains(&number)
}

/// Whether a place is switched off, or the call of a test that led there.
pub fn off_or_called_from(number: u32, caller: &Location<'_>) -> bool {
    if CAME_TO.is_some() {
        note(&format!("{}:{}", caller.file().trim_start_matches("tester/"), caller.line()));
    }
    off(number)
        || OFF_AT.as_ref().is_some_and(|(file, line)| caller.line() == *line && caller.file().ends_with(file.as_str()))
}

/// What an invariant said, or that it is content if the place is switched off.
pub fn heed<T: Unjudged, E>(number: u32, answer: Result<T, E>) -> Result<T, E> {
    if off(number) { Ok(answer.unwrap_or_else(|_| T::unjudged())) } else { answer }
}

/// What a function returns when it should have failed the run and may not.
pub trait Unjudged {
    fn unjudged() -> Self;
}

impl Unjudged for () {
    fn unjudged() {}
}

impl Unjudged for usize {
    fn unjudged() -> Self {
        0
    }
}

impl Unjudged for u64 {
    fn unjudged() -> Self {
        0
    }
}

impl Unjudged for bool {
    fn unjudged() -> Self {
        true
    }
}

impl Unjudged for Version {
    fn unjudged() -> Self {
        Self(0)
    }
}

impl Unjudged for Versioned {
    fn unjudged() -> Self {
        Self { value: String::new(), version: Version(0) }
    }
}

impl Unjudged for LogIndex {
    fn unjudged() -> Self {
        Self(0)
    }
}

impl Unjudged for Term {
    fn unjudged() -> Self {
        Self(0)
    }
}

impl Unjudged for Waited {
    fn unjudged() -> Self {
        Self::TermMoved
    }
}

impl Unjudged for Snapshot {
    fn unjudged() -> Self {
        Self { last_index: LogIndex(0), commands: Vec::new() }
    }
}

impl Unjudged for &Snapshot {
    fn unjudged() -> Self {
        static EMPTY: LazyLock<Snapshot> = LazyLock::new(Snapshot::unjudged);
        &EMPTY
    }
}

impl Unjudged for LogicalTime {
    fn unjudged() -> Self {
        Self::default()
    }
}

impl<T> Unjudged for Vec<T> {
    fn unjudged() -> Self {
        Self::new()
    }
}

impl<A: Unjudged, B: Unjudged> Unjudged for (A, B) {
    fn unjudged() -> Self {
        (A::unjudged(), B::unjudged())
    }
}

impl<T> Unjudged for Option<T> {
    fn unjudged() -> Self {
        None
    }
}

impl<T: Unjudged, E> Unjudged for Result<T, E> {
    fn unjudged() -> Self {
        Ok(T::unjudged())
    }
}
