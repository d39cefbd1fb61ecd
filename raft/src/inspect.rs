//! What the server tells of itself, for explanations of failed runs. Nothing here takes part in the protocol.

use labapi::{Inspection, LogIndex, Role as Told};

use crate::peer::Raft;
use crate::state::Role;

impl Raft {
    /// The state of the server.
    pub(crate) fn describe(&self) -> Inspection {
        let state = self.state.lock();
        let (log, base) = (&state.log, state.log.last_included_index());
        let terms = log.entries_from(base.next()).iter().map(|entry| entry.term);
        let role = match state.role {
            Role::Follower => Told::Follower,
            Role::Candidate { .. } => Told::Candidate,
            Role::Leader { .. } => Told::Leader,
        };
        let told = Inspection::new(state.current_term, role)
            .voted_for(state.voted_for)
            .log(base, log.last_included_term(), terms)
            .commit_index(state.commit_index)
            .last_applied(state.last_applied);
        let Role::Leader { progress } = &state.role else { return told };
        let (next, matched): (Vec<LogIndex>, Vec<LogIndex>) =
            progress.iter().map(|it| (it.next_index, it.match_index)).unzip();
        told.progress(next, matched)
    }
}
