//! What the server tells of itself, for explanations of failed runs. Nothing here takes part in the protocol.

use labapi::{Inspection, Role as Told};

use crate::server::Server;
use crate::state::Role;

impl Server {
    /// The state of the server.
    pub(crate) fn describe(&self) -> Inspection {
        let state = self.state.lock();
        let (log, base) = (&state.log, state.log.base());
        let role = match state.role {
            Role::Follower => Told::Follower,
            Role::PreCandidate { .. } | Role::Candidate { .. } => Told::Candidate,
            Role::Leader(_) => Told::Leader,
        };
        let terms = log.entries().iter().map(|entry| entry.term);
        Inspection::new(state.current_term, role)
            .voted_for(state.voted_for)
            .log(base.last_included_index, base.last_included_term, terms)
            .commit_index(state.commit_index)
            .last_applied(state.last_applied)
    }
}
