//! "Persistent state on all servers: updated on stable storage before responding to RPCs" (Figure 2), and the
//! snapshot (§7).

use persister::Persister;

use crate::log::Log;
use crate::peer::Raft;
use crate::state::State;

impl Raft {
    /// Saves all persistent state. Whoever changes it calls this before anybody can learn of the change.
    pub(crate) fn persist(&self, state: &State) {
        let bytes = labgob::encode(&(state.current_term, state.voted_for, &state.log));
        self.persister.save(&bytes.expect("numbers and bytes can be encoded"), &state.snapshot);
    }
}

/// The state of a server that starts, for the first time or after a crash.
pub(crate) fn restore(persister: &Persister, servers: usize) -> State {
    let bytes = persister.read_raft_state();
    let (current_term, voted_for, log) = if bytes.is_empty() {
        Default::default()
    } else {
        labgob::decode(&bytes).expect("these bytes were made by `persist`")
    };
    let log: Log = log;
    State::new(current_term, voted_for, log, persister.read_snapshot(), servers)
}
