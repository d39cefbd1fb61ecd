//! Elections: the messages *election*, *alive* and *victory*.

use labrt::time::Instant;

use crate::messages::{Ack, Alive, Election, Victory};
use crate::node::{Bully, BullyClient};
use crate::state::{State, Status};
use crate::timer::{ANSWER_TIMEOUT, ASK_INTERVAL, HEARTBEAT_INTERVAL, LEADER_TIMEOUT, VICTORY_TIMEOUT};

/// The candidate's side.
impl Bully {
    /// Asks whether a higher node is alive. If there is none at all, the election is over at once.
    pub(crate) fn start_election(&self, state: &mut State) {
        log::debug!("starts an election");
        if self.higher().is_empty() {
            self.win(state);
        } else {
            self.ask_higher_nodes(state, Instant::now() + ANSWER_TIMEOUT);
        }
    }

    /// Sends *election* to all higher nodes, which have until then to answer.
    pub(crate) fn ask_higher_nodes(&self, state: &mut State, until: Instant) {
        for peer in self.higher() {
            self.spawn("election", move |node| {
                if let Some(Alive) = node.peers[peer].election(&Election { candidate: node.me }) {
                    node.handle_alive();
                }
            });
        }
        self.enter(state, Status::Asking { until }, ASK_INTERVAL);
    }

    /// A higher node is alive. The answer may be to an earlier election of this node: nothing tells.
    fn handle_alive(&self) {
        let mut state = self.state.lock();
        if let Status::Asking { .. } = state.status {
            self.enter(&mut state, Status::AwaitingVictory, VICTORY_TIMEOUT);
        }
    }

    /// No higher node is alive: sends *victory* to all lower ones.
    pub(crate) fn win(&self, state: &mut State) {
        log::info!("leads");
        for peer in self.lower() {
            self.spawn("victory", move |node| node.peers[peer].victory(&Victory { leader: node.me }));
        }
        self.enter(state, Status::Leading, HEARTBEAT_INTERVAL);
    }
}

/// The other nodes' side.
impl Bully {
    /// A lower node asks: this one is alive, and begins an election unless it is in one.
    pub(crate) fn handle_election(&self, election: &Election) -> Alive {
        log::debug!("bullies {}", election.candidate);
        let mut state = self.state.lock();
        if let Status::Following { .. } | Status::Leading = state.status {
            self.start_election(&mut state);
        }
        Alive
    }

    /// A higher node has won, or had won when it sent this. It is believed in either case.
    pub(crate) fn handle_victory(&self, victory: &Victory) -> Ack {
        log::debug!("follows {}", victory.leader);
        let mut state = self.state.lock();
        self.enter(&mut state, Status::Following { leader: victory.leader }, LEADER_TIMEOUT);
        Ack
    }
}
