//! A leader's contact with a quorum: the time up to which a quorum is known to have answered it.
//!
//! A server that answers a request of a term has not joined a later one. So when a quorum has answered
//! requests which were sent at some time or later, no later leader had been elected at that time.

use labapi::Term;
use labrt::time::Instant;

use crate::server::{PeerId, Server};
use crate::state::{Role, State};
use crate::timer::ELECTION_TIMEOUT;

impl Server {
    /// A server has answered a request of this term, which was sent then.
    pub(crate) fn note_contact(&self, state: &mut State, peer: PeerId, term: Term, sent: Instant) {
        if term != state.current_term {
            return;
        }
        if let Some(progress) = state.progress(peer) {
            progress.contact = progress.contact.max(Some(sent));
            self.readers.notify_all();
        }
    }

    /// The time up to which a quorum has answered; `None` if it has not in this term, or if this server does
    /// not lead. A leader hears from itself, but counts only if it is a voter.
    pub(crate) fn quorum_contact(&self, state: &State) -> Option<Instant> {
        let Role::Leader(leadership) = &state.role else { return None };
        let (now, (_, configuration)) = (Instant::now(), state.log.configuration());
        configuration.agreed(|peer| match leadership.progress.get(&peer) {
            Some(progress) => progress.contact,
            None => (peer == self.me).then_some(now),
        })
    }

    /// "A leader steps down if an election timeout elapses without a successful round of heartbeats to a
    /// majority of its cluster" (thesis §6.2). Then clients look for another one.
    pub(crate) fn check_quorum(&self, state: &mut State) {
        let contact = self.quorum_contact(state);
        let Some(leadership) = state.leadership() else { return };
        let since = contact.unwrap_or(leadership.elected).max(leadership.elected);
        if Instant::now() >= since + ELECTION_TIMEOUT.start {
            log::info!("has no contact with a quorum");
            self.stop_leading(state);
        }
    }

    /// "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower"
    /// (Figure 2).
    pub(crate) fn observe_term(&self, state: &mut State, term: Term) {
        if term > state.current_term {
            state.current_term = term;
            state.voted_for = None;
            self.stop_leading(state);
        }
    }

    /// Becomes a follower. Reads that wait have no answer then.
    pub(crate) fn stop_leading(&self, state: &mut State) {
        if state.is_leader() {
            log::info!("leads no longer");
            state.restart_election_timer();
            self.readers.notify_all();
        }
        state.role = Role::Follower;
    }
}
