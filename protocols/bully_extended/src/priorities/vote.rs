//! The voter: one vote at a time, and a veto.

use labapi::VOTE_LOCK;
use labrt::time::Instant;

use super::messages::{VoteReply, VoteRequest};
use super::node::{Node, State};
use crate::node::NodeId;

/// More than all votes together.
pub(super) const VETO: i64 = -10_000;

/// A vote that a node has given.
pub(super) struct Vote {
    pub candidate: NodeId,
    at: Instant,
}

impl Vote {
    /// Whether it keeps the node from voting for anybody else.
    pub fn is_locked(&self) -> bool {
        self.at.elapsed() < VOTE_LOCK
    }
}

impl Node {
    /// Votes for a candidate, or against it.
    pub(super) fn handle_vote(&self, request: &VoteRequest) -> VoteReply {
        let mut state = self.state.lock();
        let votes =
            if self.has_better(&state, request.candidate) { VETO } else { self.cast(&mut state, request) };
        log::debug!("{votes} for {}", request.candidate);
        VoteReply { votes }
    }

    /// Whether there is a node that should lead in the place of this candidate: one of a higher priority, or
    /// a leader of the same.
    fn has_better(&self, state: &State, candidate: NodeId) -> bool {
        let priority = |node: NodeId| self.priorities[node];
        let leader = self.leader_among(state).filter(|&leader| leader != candidate);
        leader.is_some_and(|leader| priority(leader) >= priority(candidate))
            || self.alive(state).any(|node| priority(node) > priority(candidate))
    }

    /// Gives this node's vote, and locks it; 0 if it is locked for another candidate. Whoever has it may have
    /// it again, which is a new vote.
    pub(super) fn cast(&self, state: &mut State, request: &VoteRequest) -> i64 {
        let candidate = request.candidate;
        if state.vote.as_ref().is_some_and(|vote| vote.is_locked() && vote.candidate != candidate) {
            return 0;
        }
        if !request.is_trial {
            state.vote = Some(Vote { candidate, at: Instant::now() });
        }
        1
    }

    /// A ballot of this node has failed. The vote that it gave itself has elected nobody, unless it won
    /// another ballot lately.
    pub(super) fn release_own_vote(&self, state: &mut State) {
        let has_won = state.won.is_some_and(|won| won.elapsed() < VOTE_LOCK);
        state.vote = state.vote.take().filter(|vote| vote.candidate != self.me || has_won);
    }
}
