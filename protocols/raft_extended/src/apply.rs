//! Handing what is committed to the service, in order, by one thread and without a lock.

use labapi::{ApplyMsg, LogIndex};
use labrt::channel::Sender;

use crate::log::Payload;
use crate::server::Server;
use crate::state::State;

impl Server {
    /// Everything up to `index` is committed.
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
        (!state.killed).then(|| state.take_due())
    }
}

impl State {
    /// The next messages for the service. An entry without a command is a command of no bytes.
    fn take_due(&mut self) -> Vec<ApplyMsg> {
        let base = self.log.base();
        if self.last_applied < base.last_included_index {
            let (index, term) = (base.last_included_index, base.last_included_term);
            self.last_applied = index;
            return vec![ApplyMsg::Snapshot { index, term, snapshot: self.snapshot.clone() }];
        }
        let first = self.last_applied.next();
        self.last_applied = self.commit_index;
        let indices = (first.0..=self.commit_index.0).map(LogIndex);
        let command = |payload: &Payload| match payload {
            Payload::Command(command) => command.clone(),
            Payload::Nothing | Payload::Configuration(_) => Vec::new(),
        };
        let entries = self.log.entries_from(first).iter();
        indices
            .zip(entries)
            .map(|(index, entry)| ApplyMsg::Command { index, command: command(&entry.payload) })
            .collect()
    }
}
