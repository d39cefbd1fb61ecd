//! The learner: told by the proposer, or else it asks the acceptors (§2.3).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use labrt::rand::{RngExt, rng};
use labrt::thread;
use labrt::time::Duration;

use crate::messages::{Ack, Ask, Chosen, Instance, Report};
use crate::node::{Decree, Node, NodeClient};
use crate::proposal::{Proposal, Value};

/// How often a node asks what became of the instances that it does not know of: seldom enough that it has
/// usually been told by then. At random, because it may have to propose, and others may have to as well.
const ASK_INTERVAL: Range<Duration> = Duration::from_millis(150)..Duration::from_millis(300);

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

    /// Another node wants to know what was chosen.
    pub(crate) fn handle_ask(&self, ask: &Ask) -> Report {
        let mut state = self.state.lock();
        let Decree { acceptor, chosen, .. } = self.decree(&mut state, ask.instance);
        match chosen {
            Some(value) => Report::Chosen(value.clone()),
            None => Report::Accepted(acceptor.accepted().cloned()),
        }
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
            thread::sleep(rng().random_range(ASK_INTERVAL));
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

    /// Asks all nodes, and learns what one of them knows, or what a majority has accepted in the same ballot.
    /// (What they have accepted in different ballots need not be chosen, even if it is the same value.)
    ///
    /// That may not suffice: a majority has accepted the value, and some of its members have accepted it
    /// again in a later ballot since, or are down. Then the learner "can have a proposer issue a proposal"
    /// (§2.3). The value is one that was accepted, which is not worse than any other.
    fn find_out(&self, instance: Instance) {
        let ask = Ask { instance };
        let answers = self.ask_all("ask", move |node, peer| {
            if peer == node.me { Some(node.handle_ask(&ask)) } else { node.peers[peer].ask(&ask) }
        });
        let mut accepted: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let mut candidate = None;
        for (acceptor, report) in answers {
            match report {
                Report::Chosen(value) => return self.learn(instance, value),
                Report::Accepted(None) => {}
                Report::Accepted(Some(Proposal { ballot, value })) => {
                    let acceptors = accepted.entry(ballot).or_default();
                    acceptors.insert(acceptor);
                    if acceptors.len() >= self.majority() {
                        return self.learn(instance, value);
                    }
                    candidate = Some(value);
                }
            }
        }
        if let Some(value) = candidate {
            self.attempt(instance, &value);
        }
    }
}
