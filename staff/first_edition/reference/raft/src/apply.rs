//! Handing what is committed to the service: "If commitIndex > lastApplied: increment lastApplied,
//! apply `log[lastApplied]` to state machine" (Figure 2, "All Servers"; §5.3).
//!
//! A service takes its time, and may call `snapshot` before it takes the next message. So the
//! applier collects what is due under the lock and sends it outside. One thread alone does both,
//! which keeps the messages in order.

use labapi::{ApplyMsg, LogIndex};
use labrt::channel::Sender;

use crate::peer::Raft;
use crate::state::State;

impl Raft {
    /// Everything up to `index` is committed. On a leader because a majority stores it, elsewhere
    /// because a leader said so.
    pub(crate) fn commit(&self, state: &mut State, index: LogIndex) {
        if index > state.commit_index {
            state.commit_index = index;
            self.applier.notify_one();
        }
    }

    /// The applier's thread. The channel closes with its end.
    pub(crate) fn run_applier(&self, service: &Sender<ApplyMsg>) {
        while let Some(due) = self.wait_for_due() {
            for message in due {
                if service.send(message).is_err() {
                    return; // the service is gone
                }
            }
        }
    }

    /// Waits until the service is behind, and takes what it must be told. `None` after a kill.
    fn wait_for_due(&self) -> Option<Vec<ApplyMsg>> {
        let mut state = self.state.lock();
        while !state.killed && state.last_applied == state.commit_index {
            self.applier.wait(&mut state);
        }
        if state.killed {
            return None;
        }
        let due = state.take_due();
        state.check_invariants();
        Some(due)
    }
}

impl State {
    /// The next messages for the service: the snapshot if it has replaced entries that the service
    /// still needs, otherwise all committed entries that it has not seen.
    fn take_due(&mut self) -> Vec<ApplyMsg> {
        let last_included_index = self.log.last_included_index();
        if self.last_applied < last_included_index {
            self.last_applied = last_included_index;
            return vec![ApplyMsg::Snapshot {
                index: last_included_index,
                term: self.log.last_included_term(),
                snapshot: self.snapshot.clone(),
            }];
        }
        let first = self.last_applied.next();
        self.last_applied = self.commit_index;
        let indices = (first.0..=self.commit_index.0).map(LogIndex);
        let entries = self.log.entries_from(first);
        indices
            .zip(entries)
            .map(|(index, entry)| ApplyMsg::Command { index, command: entry.command.clone() })
            .collect()
    }
}
