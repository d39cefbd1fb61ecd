//! "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine" (Figure 2,
//! "All Servers").

use labapi::ApplyMsg;
use labrt::channel::Sender;

use crate::peer::Raft;
use crate::state::State;

impl Raft {
    /// Sends what is committed, in order, until the server is killed. The lock is free during a send, for the
    /// service may call `snapshot` before it takes the message.
    pub(crate) fn run_applier(&self, apply_ch: &Sender<ApplyMsg>) {
        let mut state = self.state.lock();
        while !state.killed {
            let messages = due(&mut state);
            if messages.is_empty() {
                self.applier.wait(&mut state);
                continue;
            }
            drop(state);
            for message in messages {
                if apply_ch.send(message).is_err() {
                    return;
                }
            }
            state = self.state.lock();
        }
    }
}

/// What has to be sent now.
fn due(state: &mut State) -> Vec<ApplyMsg> {
    let mut messages = Vec::new();
    if state.snapshot_is_due {
        state.snapshot_is_due = false;
        state.last_applied = state.log.head();
        let (index, term) = (state.log.head(), state.log.head_term());
        messages.push(ApplyMsg::Snapshot { index, term, snapshot: state.snapshot.clone() });
    }
    while state.last_applied < state.commit_index {
        state.last_applied = state.last_applied.next();
        let command = state.log.entry(state.last_applied).command.clone();
        messages.push(ApplyMsg::Command { index: state.last_applied, command });
    }
    messages
}
