//! The assertions that are switched off. This file is not a part of this crate: `oracle-check` adds it to its
//! copy of the tester.

use std::collections::BTreeSet;
use std::io::Write;
use std::panic::Location;
use std::sync::{LazyLock, Mutex};

use labapi::{LogIndex, Term, Version, Versioned};

use crate::causality::LogicalTime;
use crate::{Snapshot, Waited};

/// The numbers of the sites that are switched off: `3,4`.
static OFF: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let list = std::env::var("ORACLE_CHECK_OFF").unwrap_or_default();
    list.split(',').filter_map(|number| number.parse().ok()).collect()
});

/// The call whose assertions are switched off: `src/raft/part_3a.rs:19`.
static OFF_AT: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
    let location = std::env::var("ORACLE_CHECK_OFF_AT").ok()?;
    let (file, line) = location.rsplit_once(':')?;
    Some((file.to_owned(), line.parse().ok()?))
});

/// The file that records the reached sites, a line each.
static REACHED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("ORACLE_CHECK_REACHED").ok());

/// Records that a site was reached.
fn record(site: &str) {
    static RECORDED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let Some(file) = &*REACHED else { return };
    if RECORDED.lock().unwrap().insert(site.to_owned()) {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
        file.write_all(format!("{site}\n").as_bytes()).unwrap();
    }
}

/// Whether a site is switched off.
pub fn off(number: u32) -> bool {
    if REACHED.is_some() {
        record(&number.to_string());
    }
    OFF.contains(&number)
}

/// Whether a site is switched off, or the call in a test that led to it.
pub fn off_or_called_from(number: u32, caller: &Location<'_>) -> bool {
    if REACHED.is_some() {
        record(&format!("{}:{}", caller.file().trim_start_matches("tester/"), caller.line()));
    }
    let is_caller = |(file, line): &(String, u32)| caller.line() == *line && caller.file().ends_with(&**file);
    off(number) || OFF_AT.as_ref().is_some_and(is_caller)
}

/// The verdict of an invariant, or a neutral success if the site is switched off.
pub fn accept_if_off<T: Unjudged, E>(number: u32, answer: Result<T, E>) -> Result<T, E> {
    if off(number) { Ok(answer.unwrap_or_else(|_| T::unjudged())) } else { answer }
}

/// The neutral value that a function returns instead of failing the run.
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
