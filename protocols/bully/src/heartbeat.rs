//! Heartbeats: how the nodes know that their leader is there.

use crate::messages::{Ack, Heartbeat};
use crate::node::{Bully, BullyClient};
use crate::state::{State, Status};
use crate::timer::{HEARTBEAT_INTERVAL, LEADER_TIMEOUT};

impl Bully {
    /// The leader's side: reminds all lower nodes.
    pub(crate) fn send_heartbeats(&self, state: &mut State) {
        for peer in self.lower() {
            self.spawn("heartbeat", move |node| node.peers[peer].heartbeat(&Heartbeat { leader: node.me }));
        }
        self.enter(state, Status::Leading, HEARTBEAT_INTERVAL);
    }

    /// The other nodes' side. Of two that lead, the higher one counts: so the halves of a network that was
    /// partitioned find together.
    pub(crate) fn handle_heartbeat(&self, heartbeat: &Heartbeat) -> Ack {
        let leader = heartbeat.leader;
        let mut state = self.state.lock();
        match state.status {
            Status::Following { leader: known } if leader < known => {}
            _ => self.enter(&mut state, Status::Following { leader }, LEADER_TIMEOUT),
        }
        Ack
    }
}
