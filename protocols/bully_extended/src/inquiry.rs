//! Part B3, ask the others: a leader that one node misses may be well, and the link to it slow. There is an
//! election only when more than half of the nodes miss the leader.
//!
//! The answers are the node's own experience: who was told of the leader by another node does not pass that
//! on. So a dead leader is not kept alive by hearsay.

use std::collections::BTreeSet;

use labrt::time::Instant;

use crate::messages::{Inquiry, Opinion};
use crate::node::{Node, NodeClient, NodeId};
use crate::state::{State, Status};
use crate::timer::{ASK_INTERVAL, LEADER_TIMEOUT};

impl Node {
    /// More than half of the nodes: n/2 + 1.
    pub(crate) fn majority(&self) -> usize {
        self.peers.len() / 2 + 1
    }

    /// Asks all others whether they miss the leader.
    pub(crate) fn inquire(&self, state: &mut State) {
        let since = Instant::now();
        let inquiry = Inquiry { generation: state.generation };
        for peer in self.others() {
            let inquiry = inquiry.clone();
            self.spawn("inquiry", move |node| {
                if let Some(opinion) = node.peers[peer].inquiry(&inquiry) {
                    node.handle_opinion(peer, since, &opinion);
                }
            });
        }
        let missing = BTreeSet::from([self.me]);
        self.enter(state, Status::Inquiring { since, missing }, ASK_INTERVAL);
    }

    /// Says who leads, if this node hears from a leader.
    pub(crate) fn handle_inquiry(&self, inquiry: &Inquiry) -> Opinion {
        let mut state = self.state.lock();
        self.learn(&mut state, inquiry.generation);
        let leader = match state.status {
            Status::Leading => Some(self.me),
            Status::Following { leader } => {
                state.heard.filter(|heard| heard.elapsed() < LEADER_TIMEOUT).map(|_| leader)
            }
            _ => None,
        };
        Opinion { generation: state.generation, leader }
    }

    /// Joins the leader that the other node hears, or counts it among those who miss the leader.
    fn handle_opinion(&self, peer: NodeId, asked: Instant, opinion: &Opinion) {
        let mut state = self.state.lock();
        let is_older = opinion.generation < state.generation;
        self.learn(&mut state, opinion.generation);
        let majority = self.majority();
        let Status::Inquiring { since, missing } = &mut state.status else { return };
        match opinion.leader {
            Some(leader) if leader != self.me && !is_older => {
                state.heard = None;
                self.enter(&mut state, Status::Following { leader }, LEADER_TIMEOUT);
            }
            None if *since == asked => {
                missing.insert(peer);
                if missing.len() >= majority {
                    self.start_election(&mut state);
                }
            }
            _ => {}
        }
    }
}
