//! Transfer of leadership (thesis §3.10).

use labapi::{Term, TransferError};
use labrt::time::Instant;
use serde::{Deserialize, Serialize};

use crate::server::{PeerId, Server, ServerClient};
use crate::state::{Role, State};
use crate::timer::ELECTION_TIMEOUT;

/// A transfer that is under way. The leader accepts no commands meanwhile, so that the other server's log can
/// come up to date.
pub(crate) struct Transfer {
    to: PeerId,
    /// When it is given up.
    deadline: Instant,
}

/// A leader tells a server to stand for election at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TimeoutNowArgs {
    /// The leader's term.
    pub(crate) term: Term,
    pub(crate) leader_id: PeerId,
}

/// The answer to [`TimeoutNowArgs`], which is ignored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TimeoutNowReply;

/// The leader's side.
impl Server {
    /// A request to hand the leadership over.
    pub(crate) fn begin_transfer(&self, to: PeerId) -> Result<(), TransferError> {
        let mut state = self.state.lock();
        let is_voter = state.log.configuration().1.has(to);
        let Some(leadership) = state.leadership() else { return Err(TransferError::NotLeader) };
        if leadership.transfer.is_some() {
            return Err(TransferError::Busy);
        }
        if to == self.me || !is_voter {
            return Err(TransferError::NoSuchVoter);
        }
        leadership.transfer = Some(Transfer { to, deadline: Instant::now() + ELECTION_TIMEOUT.end });
        self.send_heartbeats(&mut state);
        self.advance_transfer(&mut state);
        Ok(())
    }

    /// Tells the other server to stand, if it has all entries. Repeated, since messages get lost.
    pub(crate) fn advance_transfer(&self, state: &mut State) {
        let (term, last_index) = (state.current_term, state.log.last_index());
        let Some(leadership) = state.leadership() else { return };
        let Some(Transfer { to, .. }) = leadership.transfer else { return };
        if leadership.progress.get(&to).is_none_or(|progress| progress.match_index < last_index) {
            return;
        }
        leadership.told_to_stand = true;
        let args = TimeoutNowArgs { term, leader_id: self.me };
        log::debug!("tells server {to} to stand");
        self.spawn("timeout_now", move |server| {
            let _ignored = server.end(to).timeout_now(&args);
        });
    }

    /// "If leadership transfer does not complete after about an election timeout, the prior leader aborts the
    /// transfer and resumes accepting client requests."
    pub(crate) fn give_up_transfer(&self, state: &mut State) {
        let Some(leadership) = state.leadership() else { return };
        if leadership.transfer.as_ref().is_some_and(|transfer| Instant::now() >= transfer.deadline) {
            log::info!("gives up a transfer of leadership");
            leadership.transfer = None;
        }
    }
}

/// The other server's side.
impl Server {
    /// The leader wants this server to lead: no pre-vote, no waiting.
    pub(crate) fn handle_timeout_now(&self, args: &TimeoutNowArgs) -> TimeoutNowReply {
        let mut state = self.state.lock();
        let is_voter = state.log.configuration().1.has(self.me);
        let may_stand = matches!(state.role, Role::Follower | Role::PreCandidate { .. });
        if args.term == state.current_term && is_voter && may_stand {
            log::debug!("is told by server {} to stand", args.leader_id);
            self.start_election(&mut state, true);
        }
        state.check_invariants();
        TimeoutNowReply
    }
}
