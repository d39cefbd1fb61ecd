//! [`StateMachineSafety`] (paper, Figure 3): if a server has applied a log entry at an index, no
//! other server will ever apply a different one there.

use std::sync::Arc;
use std::time::Duration;

use labapi::LogIndex;
use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::display::Seconds;
use crate::event::{Event, Incarnation, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft::command::{Command, Unchecked};
use crate::raft::event::RaftEvent;
use crate::raft::snapshot::Snapshot;

/// The log as it was first applied, over the whole run: a crash, even of all servers, must not
/// change it.
#[derive(Default)]
pub(in crate::raft) struct AppliedLog {
    entries: Vec<Entry>,
    snapshots: FxHashMap<LogIndex, Arc<[u8]>>,
}

struct Entry {
    command: Command,
    by: Incarnation,
    at: Duration,
}

impl AppliedLog {
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
}

/// Compares each entry that a server applies with the one that was first applied at its index.
pub(super) struct StateMachineSafety {
    log: Arc<Mutex<AppliedLog>>,
    /// Every command that was ever submitted to a server.
    submitted: FxHashSet<Box<[u8]>>,
    /// Whether a leader has accepted a command.
    accepted: bool,
    checked: u64,
}

impl StateMachineSafety {
    pub fn new(log: &Arc<Mutex<AppliedLog>>) -> Self {
        Self { log: Arc::clone(log), submitted: FxHashSet::default(), accepted: false, checked: 0 }
    }

    /// Records that `command` is about to be submitted to a server.
    fn submit(&mut self, command: &[u8]) {
        if !self.submitted.contains(command) {
            self.submitted.insert(command.into());
        }
    }

    /// Checks that `who` may apply `command` at `index`, having applied every index before.
    fn applies(&mut self, who: Incarnation, index: LogIndex, command: &[u8], at: Duration) -> Verdict {
        self.checked += 1;
        let log = &mut *self.log.lock();
        if let Some(first) = log.entry(index) {
            if first.command.bytes() == command {
                return Ok(());
            }
            return Err(Violation::new(format!(
                "expected command {} at index {index}, where {} applied it at {}; saw {who} apply command \
                 {} there",
                first.command,
                first.by,
                Seconds(first.at),
                Unchecked(command),
            )));
        }
        let Some(command) = self.submitted.get(command).and_then(|bytes| Command::from_bytes(bytes)) else {
            return Err(Violation::new(format!(
                "expected only commands that were submitted; saw {who} apply command {} at index {index}",
                Unchecked(command)
            )));
        };
        log.entries.push(Entry { command, by: who, at });
        Ok(())
    }

    /// Checks that `who` may replace its state by `bytes`: they must be the service's state after some index.
    fn installs(&mut self, who: Incarnation, bytes: &[u8], content: &Result<Snapshot, String>) -> Verdict {
        let Snapshot { last_index, commands } = content
            .as_ref()
            .map_err(|why| Violation::new(format!("expected {who} to hand over a snapshot; {why}")))?;
        let last_index = *last_index;
        self.checked += 1;
        let log = &mut *self.log.lock();
        if last_index <= log.max_index() && *log.snapshot(last_index) == *bytes {
            return Ok(());
        }
        for (index, text) in (1..).map(LogIndex).zip(commands) {
            let Some(first) = log.entry(index) else {
                return Err(Violation::new(format!(
                    "expected a snapshot of applied entries; saw {who} hand over one up to index \
                     {last_index}, \
                     while the highest index that anybody applied is {}",
                    log.max_index()
                )));
            };
            if first.command.text() != text {
                return Err(Violation::new(format!(
                    "expected command {} at index {index}, where {} applied it at {}; saw {who} hand over a \
                     snapshot up to index {last_index} with command {} there",
                    first.command,
                    first.by,
                    Seconds(first.at),
                    Command::from(text.as_str()),
                )));
            }
        }
        Err(Violation::new(format!(
            "expected a snapshot up to index {last_index} to hold {last_index} commands; saw {who} hand \
             over one \
             with {}",
            commands.len()
        )))
    }
}

impl Invariant for StateMachineSafety {
    fn name(&self) -> &'static str {
        "state machine safety"
    }

    fn interests(&self) -> Interests {
        Interests::REQUESTS | Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        if let Kind::Submitted { request } = event.kind {
            self.submit(request);
            return Ok(());
        }
        match (event.server(), event.protocol()) {
            (_, Some(RaftEvent::Accepted { .. })) => self.accepted = true,
            (Some(who), Some(RaftEvent::Applied { index, command })) => {
                self.applies(who, *index, command, event.at)?;
            }
            (Some(who), Some(RaftEvent::Installed { bytes, content })) => {
                self.installs(who, bytes, content)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A test without agreement applies nothing.
    fn exercised(&self) -> bool {
        !self.accepted || self.checked > 0
    }

    fn subject(&self) -> &'static str {
        "an applied entry"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_exercised_without_events() {
        let mut invariant = StateMachineSafety::new(&Arc::default());
        assert!(invariant.exercised(), "nothing was agreed on");
        invariant.accepted = true;
        assert!(!invariant.exercised());
    }
}
