//! State Machine Safety (paper, Figure 3): if a server has applied a log entry at an index, no
//! other server will ever apply a different one there.

use std::sync::Arc;
use std::time::Duration;

use labapi::LogIndex;
use rustc_hash::FxHashMap;

use super::Verdict;
use crate::command::{Command, Unchecked};
use crate::snapshot::Snapshot;
use crate::words::{Lived, Seconds};

/// The log as it was first applied, over the whole run: a crash, even of all servers, must not
/// change it.
#[derive(Default)]
pub(super) struct Committed {
    entries: Vec<Entry>,
    snapshots: FxHashMap<LogIndex, Arc<[u8]>>,
    pub looked: u64,
}

struct Entry {
    command: Command,
    by: Lived,
    at: Duration,
}

impl Committed {
    /// The highest index that any server ever applied.
    pub fn max_index(&self) -> LogIndex {
        LogIndex(self.entries.len() as u64)
    }

    /// The command at `index`, if any server ever applied one there.
    pub fn command(&self, index: LogIndex) -> Option<&Command> {
        self.entry(index).map(|entry| &entry.command)
    }

    fn entry(&self, index: LogIndex) -> Option<&Entry> {
        self.entries.get(usize::try_from(index.0).ok()?.checked_sub(1)?)
    }

    /// Whether `bytes` are what was applied at `index` before; `None` if nothing was.
    pub fn agrees(&mut self, who: Lived, index: LogIndex, bytes: &[u8]) -> Option<Verdict> {
        self.looked += 1;
        let first = self.entry(index)?;
        if first.command.bytes() == bytes {
            return Some(Ok(()));
        }
        Some(Err(format!(
            "expected command {} at index {index}, where {} applied it at {}; saw {who} apply command {} there",
            first.command,
            first.by,
            Seconds(first.at),
            Unchecked(bytes),
        )))
    }

    /// `who` is the first to apply an entry at the index after the highest so far.
    pub fn append(&mut self, who: Lived, command: Command, at: Duration) {
        self.entries.push(Entry { command, by: who, at });
    }

    /// The service's state after `index`, which some server has reached: what a snapshot there holds.
    pub fn snapshot(&mut self, index: LogIndex) -> Arc<[u8]> {
        let applied = usize::try_from(index.0).expect("a log fits in memory");
        let entries = &self.entries[..applied];
        let snapshot = self
            .snapshots
            .entry(index)
            .or_insert_with(|| Snapshot::encode(index, entries.iter().map(|entry| entry.command.text())));
        Arc::clone(snapshot)
    }

    /// Whether `bytes` are the service's state after the entry at some index, and at which.
    pub fn agrees_with_snapshot(&mut self, who: Lived, bytes: &[u8]) -> Result<LogIndex, String> {
        let Snapshot { last_index, commands } = Snapshot::decode(bytes)
            .map_err(|why| format!("expected {who} to hand over a snapshot; {why}"))?;
        self.looked += 1;
        if last_index <= self.max_index() && *self.snapshot(last_index) == *bytes {
            return Ok(last_index);
        }
        for (index, text) in (1..).map(LogIndex).zip(&commands) {
            let Some(first) = self.entry(index) else {
                return Err(format!(
                    "expected a snapshot of applied entries; saw {who} hand over one up to index {last_index}, \
                     while the highest index that anybody applied is {}",
                    self.max_index()
                ));
            };
            if first.command.text() != text {
                return Err(format!(
                    "expected command {} at index {index}, where {} applied it at {}; saw {who} hand over a \
                     snapshot up to index {last_index} with command {} there",
                    first.command,
                    first.by,
                    Seconds(first.at),
                    Command::from(text.as_str()),
                ));
            }
        }
        Err(format!(
            "expected a snapshot up to index {last_index} to hold {last_index} commands; saw {who} hand over one \
             with {}",
            commands.len()
        ))
    }
}
