//! The learner: told by the proposer, or else it asks the acceptors (§2.3).

use std::collections::{BTreeMap, BTreeSet};

use labrt::thread;
use labrt::time::Duration;

use crate::messages::{Ack, Ask, Chosen, Instance, Report};
use crate::node::{Node, NodeClient};
use crate::proposal::Value;

/// How often a node asks what became of the instances that it does not know of: seldom enough that it has
/// usually been told by then.
const ASK_INTERVAL: Duration = Duration::from_millis(200);

impl Node {
    /// This node's proposal was chosen: all learners are told, as the paper's "distinguished learner" does.
    pub(crate) fn announce(&self, instance: Instance, value: Value) {
        log::info!("instance {instance} is decided");
        self.learn(instance, value.clone());
        let chosen = Chosen { instance, value };
        for peer in (0..self.peers.len()).filter(|peer| *peer != self.me) {
            let chosen = chosen.clone();
            self.spawn("chosen", move |node| node.peers[peer].chosen(&chosen));
        }
    }

    /// Another node knows what was chosen.
    pub(crate) fn handle_chosen(&self, chosen: Chosen) -> Ack {
        self.learn(chosen.instance, chosen.value);
        Ack
    }

    /// Another node wants to know what was chosen, and counts.
    pub(crate) fn handle_ask(&self, ask: &Ask) -> Report {
        let mut state = self.state.lock();
        Report { accepted: self.decree(&mut state, ask.instance).acceptor.accepted().cloned() }
    }

    fn learn(&self, instance: Instance, value: Value) {
        let mut state = self.state.lock();
        let chosen = &mut self.decree(&mut state, instance).chosen;
        debug_assert!(chosen.as_ref().is_none_or(|known| *known == value), "two values were chosen");
        *chosen = Some(value);
    }

    /// The learner's thread: the message of a choice may be lost, and its proposer may crash before it sends
    /// one. So whoever does not know asks.
    pub(crate) fn run_learner(&self) {
        while !self.is_killed() {
            thread::sleep(ASK_INTERVAL);
            let open: Vec<Instance> = {
                let state = self.state.lock();
                let open = state.decrees.iter().filter(|(_, decree)| decree.chosen.is_none());
                open.map(|(instance, _)| *instance).collect()
            };
            for instance in open {
                self.spawn("ask", move |node| node.find_out(instance));
            }
        }
    }

    /// Asks all acceptors, and learns what a majority of them has accepted in the same ballot. (What they
    /// have accepted in different ballots need not be chosen, even if it is the same value.)
    fn find_out(&self, instance: Instance) {
        let ask = Ask { instance };
        let answers = self.ask_all("ask", move |node, peer| {
            if peer == node.me { Some(node.handle_ask(&ask)) } else { node.peers[peer].ask(&ask) }
        });
        let mut accepted: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (acceptor, Report { accepted: proposal }) in answers {
            let Some(proposal) = proposal else { continue };
            let acceptors = accepted.entry(proposal.ballot).or_default();
            acceptors.insert(acceptor);
            if acceptors.len() >= self.majority() {
                return self.learn(instance, proposal.value);
            }
        }
    }
}
