//! Part B4, quorum (`minimum_master_nodes` of Elasticsearch): of the two sides of a partition, one at most
//! has n/2 + 1 nodes, and nobody leads on the other.

use labrt::time::Instant;

use crate::node::{Node, NodeId};
use crate::state::State;
use crate::timer::LEADER_TIMEOUT;

impl Node {
    /// A node has answered a message that was sent at this time. What counts is when it was sent: that the
    /// other node was there later is not known.
    pub(crate) fn note_contact(&self, state: &mut State, peer: NodeId, sent: Instant) {
        let last = &mut state.contact[peer];
        *last = (*last).max(Some(sent));
    }

    /// Whether a quorum, this node included, has answered something that was sent lately.
    pub(crate) fn has_quorum(&self, state: &State) -> bool {
        let is_recent = |sent: &&Instant| sent.elapsed() < LEADER_TIMEOUT;
        1 + state.contact.iter().flatten().filter(is_recent).count() >= self.majority()
    }

    /// No higher node is alive: wins, if a quorum is reachable.
    pub(crate) fn win_with_quorum(&self, state: &mut State) {
        if self.has_quorum(state) { self.win(state) } else { self.inquire(state) }
    }

    /// A leader that has lost its quorum: another one may have been elected.
    pub(crate) fn step_down(&self, state: &mut State) {
        log::info!("steps down: it reaches no quorum");
        self.inquire(state);
    }
}
