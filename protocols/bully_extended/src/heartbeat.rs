//! Heartbeats: how the nodes know that their leader is there, and a leader that it still leads.

use labrt::time::Instant;

use crate::generation::Generation;
use crate::messages::{Heartbeat, Reply, Victory, VictoryReply};
use crate::node::{Form, Node, NodeClient, NodeId};
use crate::state::{State, Status};
use crate::timer::{HEARTBEAT_INTERVAL, LEADER_TIMEOUT};

/// The leader's side.
impl Node {
    /// The nodes that this one tells of its leadership: all lower ones. Where an election needs a majority
    /// that misses the leader, a lower node may go on leading higher ones, so all others.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = NodeId> + use<> {
        let end = if self.form >= Form::AsksOthers { self.peers.len() } else { self.me };
        self.others().filter(move |&peer| peer < end)
    }

    /// Reminds the others that it leads.
    pub(crate) fn send_heartbeats(&self, state: &mut State) {
        let heartbeat = Heartbeat { generation: state.generation, leader: self.me };
        for peer in self.subjects() {
            let heartbeat = heartbeat.clone();
            self.spawn("heartbeat", move |node| {
                let sent = Instant::now();
                if let Some(reply) = node.peers[peer].heartbeat(&heartbeat) {
                    let mut state = node.state.lock();
                    node.hears_subject(&mut state, peer, sent, heartbeat.generation, reply.generation);
                }
            });
        }
        self.repeat_publication(state);
        self.enter(state, Status::Leading, HEARTBEAT_INTERVAL);
    }

    /// A node has answered a message that was sent in this generation, and knows the other generation.
    /// Returns whether this node leads in the generation of the message, and the other one follows it.
    pub(crate) fn hears_subject(
        &self,
        state: &mut State,
        peer: NodeId,
        sent: Instant,
        generation: Generation,
        known: Generation,
    ) -> bool {
        // A leader that meets a newer generation was deposed.
        self.learn(state, known);
        let leads = matches!(state.status, Status::Leading) && state.generation == generation;
        if leads {
            self.note_contact(state, peer, sent);
        }
        leads
    }
}

/// The other nodes' side.
impl Node {
    /// The leader is there, unless it was deposed.
    pub(crate) fn handle_heartbeat(&self, heartbeat: &Heartbeat) -> Reply {
        let mut state = self.state.lock();
        if heartbeat.generation < state.generation {
            return Self::newer(&state);
        }
        self.follow(&mut state, heartbeat.generation, heartbeat.leader);
        Reply { generation: heartbeat.generation }
    }

    /// A node has won an election, unless another one has won a later one.
    pub(crate) fn handle_victory(&self, victory: &Victory) -> VictoryReply {
        let mut state = self.state.lock();
        if victory.generation >= state.generation {
            log::debug!("follows {} in generation {}", victory.leader, victory.generation);
            self.follow(&mut state, victory.generation, victory.leader);
        }
        VictoryReply { generation: state.generation, accepted: state.saved.accepted.clone() }
    }

    /// Follows a leader from which it hears, in a generation that is not older.
    pub(crate) fn follow(&self, state: &mut State, generation: Generation, leader: NodeId) {
        self.set_generation(state, generation);
        state.heard = Some(Instant::now());
        self.enter(state, Status::Following { leader }, LEADER_TIMEOUT);
    }
}
