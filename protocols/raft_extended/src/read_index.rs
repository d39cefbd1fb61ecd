//! Reads without a log entry: ReadIndex (thesis §6.4).

use labapi::{LogIndex, ReadError};
use labrt::time::Instant;

use crate::server::Server;
use crate::state::State;

impl Server {
    /// Waits until it is certain that no other server has committed anything that this one does not know of.
    pub(crate) fn confirm_read(&self) -> Result<LogIndex, ReadError> {
        let mut state = self.state.lock();
        let term = state.current_term;
        let leads = |state: &State| state.is_leader() && state.current_term == term && !state.killed;
        let began = Instant::now();
        // 1. Until it has committed an entry of its term, a leader does not know which entries are committed.
        while leads(&state) && !state.knows_what_is_committed() {
            self.readers.wait(&mut state);
        }
        // 2. The read's index.
        let read_index = state.commit_index;
        // 3. A round of heartbeats: it is the leader still.
        if leads(&state) {
            self.send_heartbeats(&mut state);
        }
        while leads(&state) && self.quorum_contact(&state) < Some(began) {
            self.readers.wait(&mut state);
        }
        if leads(&state) { Ok(read_index) } else { Err(ReadError::NotLeader) }
    }
}

impl State {
    /// Whether the commit index of this leader is that of the cluster: whether it "has marked an entry from
    /// its current term committed".
    pub(crate) fn knows_what_is_committed(&self) -> bool {
        self.log.term_at(self.commit_index) == Some(self.current_term)
    }
}
