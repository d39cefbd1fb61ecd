//! What is chosen goes to the service, in order.
//!
//! A service takes its time, and may call `snapshot` before it takes the next message. So the applier
//! collects what is due under the lock, and sends it outside. One thread alone does both, which keeps the
//! messages in order.

use labapi::{ApplyMsg, LogIndex};
use labrt::channel::Sender;

use super::entries::Value;
use super::peer::{Peer, State};

impl Peer {
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
        while !state.killed && state.applied == state.entries.chosen() {
            self.applier.wait(&mut state);
        }
        if state.killed { None } else { Some(self.take_due(&mut state)) }
    }

    /// The next messages for the service: the snapshot, if it has replaced instances that the service still
    /// needs; otherwise all chosen commands that it has not seen. No-ops are passed over.
    fn take_due(&self, state: &mut State) -> Vec<ApplyMsg> {
        let base = state.entries.base();
        if state.applied < base.instance {
            state.applied = base.instance;
            let (index, term) = (LogIndex(base.index), self.term(base.ballot));
            return vec![ApplyMsg::Snapshot { index, term, snapshot: state.snapshot.clone() }];
        }
        let (first, chosen) = (state.applied, state.entries.chosen());
        state.applied = chosen;
        let mut index = LogIndex(state.entries.index_of(first));
        let mut due = Vec::new();
        for (_, entry) in state.entries.from(first).take_while(|(instance, _)| *instance <= chosen) {
            if let Value::Command(command) = &entry.value {
                index = index.next();
                due.push(ApplyMsg::Command { index, command: command.clone() });
            }
        }
        due
    }
}
