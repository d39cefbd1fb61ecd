//! Pulses: how each node knows who is alive and who leads.

use labrt::time::Instant;

use super::messages::{Pulse, PulseReply};
use super::node::{ALIVE, Node, NodeClient, PULSE_INTERVAL, State};
use crate::node::NodeId;

fn is_recent(at: Option<Instant>) -> bool {
    at.is_some_and(|at| at.elapsed() < ALIVE)
}

impl Node {
    /// Tells all others that this node is alive, and whether it leads.
    pub(super) fn send_pulses(&self, state: &mut State) {
        let pulse = Pulse { sender: self.me, leads: state.leads };
        for peer in self.others() {
            let pulse = pulse.clone();
            self.spawn("pulse", move |node| {
                let sent = Instant::now();
                if let Some(PulseReply) = node.peers[peer].pulse(&pulse) {
                    let last = &mut node.state.lock().members[peer].answered;
                    *last = (*last).max(Some(sent));
                }
            });
        }
        state.next_pulse = Instant::now() + PULSE_INTERVAL;
    }

    /// Another node is alive. Of two leaders, which can be there for a moment, the better one stays.
    pub(super) fn handle_pulse(&self, pulse: &Pulse) -> PulseReply {
        let mut state = self.state.lock();
        let member = &mut state.members[pulse.sender];
        member.heard = Some(Instant::now());
        member.leads = pulse.leads;
        if pulse.leads && state.leads && self.rank(pulse.sender) > self.rank(self.me) {
            log::info!("gives way to {}", pulse.sender);
            state.leads = false;
        }
        PulseReply
    }

    /// The node of the higher priority ranks first. Between two of the same priority the number decides.
    pub(super) fn rank(&self, node: NodeId) -> (u32, NodeId) {
        (self.priorities[node], node)
    }

    /// The nodes that are alive, as far as this node knows, itself included.
    pub(super) fn alive(&self, state: &State) -> impl Iterator<Item = NodeId> {
        (0..self.peers.len()).filter(move |&node| node == self.me || is_recent(state.members[node].heard))
    }

    /// The leader, as far as this node knows.
    pub(super) fn leader_among(&self, state: &State) -> Option<NodeId> {
        if state.leads {
            return Some(self.me);
        }
        let leaders = self.alive(state).filter(|&node| node != self.me && state.members[node].leads);
        leaders.max_by_key(|&node| self.rank(node))
    }

    /// A leader that reaches no majority steps down.
    pub(super) fn keep_leading(&self, state: &mut State) {
        let reached = state.members.iter().filter(|member| is_recent(member.answered)).count() + 1;
        if state.leads && reached < self.majority() {
            log::info!("steps down: it reaches no majority");
            state.leads = false;
        }
    }
}
