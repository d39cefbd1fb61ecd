//! Elections: the messages *election* and *victory*, as in the plain form but for their generations.

use labrt::time::Instant;

use crate::generation::Generation;
use crate::messages::{Election, Reply, Victory};
use crate::node::{Form, Node, NodeClient, NodeId};
use crate::state::{State, Status};
use crate::timer::{ANSWER_TIMEOUT, ASK_INTERVAL, HEARTBEAT_INTERVAL, VICTORY_TIMEOUT};

/// The candidate's side.
impl Node {
    /// Knows no leader: when it starts, and when it has not heard from its leader in time.
    pub(crate) fn miss_leader(&self, state: &mut State) {
        if self.form >= Form::AsksOthers { self.inquire(state) } else { self.start_election(state) }
    }

    /// Asks whether a higher node is alive. If there is none at all, the election is over at once.
    pub(crate) fn start_election(&self, state: &mut State) {
        log::debug!("starts an election");
        state.contact.fill(None);
        if self.form < Form::Quorum && self.higher().next().is_none() {
            self.win(state);
        } else {
            self.ask(state, Instant::now() + ANSWER_TIMEOUT);
        }
    }

    /// Sends *election*. The higher nodes have until then to answer.
    pub(crate) fn ask(&self, state: &mut State, until: Instant) {
        let election = Election { generation: state.generation, candidate: self.me };
        let lowest = if self.form >= Form::Quorum { 0 } else { self.me };
        for peer in self.others().filter(|&peer| peer >= lowest) {
            let election = election.clone();
            self.spawn("election", move |node| {
                let sent = Instant::now();
                if let Some(reply) = node.peers[peer].election(&election) {
                    node.handle_answer(peer, sent, election.generation, &reply);
                }
            });
        }
        self.enter(state, Status::Asking { until }, ASK_INTERVAL);
    }

    /// A node is alive. The answer may be to an earlier election of the same generation.
    fn handle_answer(&self, peer: NodeId, sent: Instant, asked: Generation, reply: &Reply) {
        let mut state = self.state.lock();
        let is_over = self.learn(&mut state, reply.generation) || asked < state.generation;
        if is_over || !matches!(state.status, Status::Asking { .. }) {
            return;
        }
        if peer > self.me {
            self.enter(&mut state, Status::AwaitingVictory, VICTORY_TIMEOUT);
        } else {
            self.note_contact(&mut state, peer, sent);
            if self.higher().next().is_none() && self.has_quorum(&state) {
                self.win(&mut state);
            }
        }
    }

    /// Begins a new generation, and sends *victory*.
    pub(crate) fn win(&self, state: &mut State) {
        let generation = self.next_generation(state);
        log::info!("leads generation {generation}");
        self.set_generation(state, generation);
        self.begin_campaign(state);
        self.enter(state, Status::Leading, HEARTBEAT_INTERVAL);
        for peer in self.subjects() {
            self.send_victory(state, peer);
        }
    }

    /// Sends *victory* to one node.
    pub(crate) fn send_victory(&self, state: &State, peer: NodeId) {
        let victory = Victory { generation: state.generation, leader: self.me };
        self.spawn("victory", move |node| {
            let sent = Instant::now();
            if let Some(reply) = node.peers[peer].victory(&victory) {
                let mut state = node.state.lock();
                if node.hears_subject(&mut state, peer, sent, victory.generation, reply.generation) {
                    node.count_victory(&mut state, peer, reply.accepted);
                }
            }
        });
    }
}

/// The other nodes' side.
impl Node {
    /// A node misses its leader. If it is a lower one, this node begins an election, unless it is in one; or
    /// unless it is that leader itself and need not be elected anew, where leaders that are well stay.
    pub(crate) fn handle_election(&self, election: &Election) -> Reply {
        let mut state = self.state.lock();
        if election.generation < state.generation {
            return Self::newer(&state);
        }
        let is_busy = match state.status {
            Status::Asking { .. } | Status::AwaitingVictory => true,
            Status::Leading => self.form >= Form::AsksOthers && election.generation == state.generation,
            Status::Inquiring { .. } | Status::Following { .. } => false,
        };
        if election.candidate < self.me && !is_busy {
            log::debug!("bullies {}", election.candidate);
            self.set_generation(&mut state, election.generation);
            self.start_election(&mut state);
        } else {
            self.learn(&mut state, election.generation);
        }
        Reply { generation: election.generation }
    }
}
