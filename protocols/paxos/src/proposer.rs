//! The proposer: two phases, again and again with higher ballots, until a value is chosen.

use std::collections::BTreeSet;

use labrt::rand::{RngExt, rng};
use labrt::thread;
use labrt::time::Duration;

use crate::ballot::Ballot;
use crate::messages::{Accept, Instance, Nack, Prepare};
use crate::node::{Decree, Node, NodeClient};
use crate::proposal::{Proposal, Value, value_of_the_highest};

/// How long a proposer that has failed waits at most before it tries again, the first time. It is doubled
/// each time.
const BACK_OFF: Duration = Duration::from_millis(20);

/// How often that is doubled.
const DOUBLINGS: u32 = 4;

impl Node {
    /// The thread of one proposal: tries until a value is known to be chosen, which may be another one.
    pub(crate) fn run_proposer(&self, instance: Instance, own: Value) {
        for attempt in 0.. {
            if self.is_killed() || self.knows(instance) || self.attempt(instance, &own) {
                return;
            }
            // Two proposers can prevent each other from ever getting through both phases (§2.4). So each
            // waits for a random time, which grows until one of them gets through while the other waits.
            let most = BACK_OFF * 2_u32.pow(attempt.min(DOUBLINGS));
            thread::sleep(rng().random_range(Duration::ZERO..most));
        }
    }

    /// One ballot. Whether a value was chosen in it, which may be another one than the proposer's own.
    pub(crate) fn attempt(&self, instance: Instance, own: &Value) -> bool {
        let ballot = self.new_ballot(instance);
        let Some(accepted) = self.collect_promises(instance, ballot) else { return false };
        let value = value_of_the_highest(accepted).unwrap_or_else(|| own.clone());
        let is_chosen = self.have_accepted(instance, ballot, &value);
        if is_chosen {
            self.announce(instance, value);
        }
        is_chosen
    }

    /// A ballot that this node has never used, higher than all that it knows of.
    ///
    /// "Each proposer remembers (in stable storage) the highest-numbered proposal it has tried to issue"
    /// (§2.5). Here its own acceptor does that: it promises the ballot before anybody else hears of it, and
    /// under the lock, so that another thread of this node does not use the same one.
    fn new_ballot(&self, instance: Instance) -> Ballot {
        let mut state = self.state.lock();
        let Decree { acceptor, highest, .. } = self.decree(&mut state, instance);
        let ballot = acceptor.promised().max(*highest).next(self.me);
        acceptor.promise(ballot).expect("it is higher than all that was promised");
        acceptor.save(&self.storage, instance);
        ballot
    }

    /// Phase 1: asks all acceptors for promises. The proposals that a majority has accepted, if a majority
    /// promises.
    fn collect_promises(&self, instance: Instance, ballot: Ballot) -> Option<Vec<Proposal>> {
        let args = Prepare { instance, ballot };
        let answers = self.ask_all("prepare", move |node, peer| {
            if peer == node.me { Some(node.handle_prepare(&args)) } else { node.peers[peer].prepare(&args) }
        });
        let (mut promised, mut accepted) = (BTreeSet::new(), Vec::new());
        for (acceptor, answer) in answers {
            match answer {
                Err(nack) => return self.abandon(instance, ballot, &nack),
                Ok(promise) => {
                    promised.insert(acceptor);
                    accepted.extend(promise.accepted);
                }
            }
            if promised.len() >= self.majority() {
                return Some(accepted);
            }
        }
        None
    }

    /// Phase 2: asks all acceptors to accept the value. Whether it is chosen: whether a majority has accepted
    /// it in this ballot.
    fn have_accepted(&self, instance: Instance, ballot: Ballot, value: &Value) -> bool {
        let args = Accept { instance, ballot, value: value.clone() };
        let answers = self.ask_all("accept", move |node, peer| {
            if peer == node.me {
                Some(node.handle_accept(args.clone()))
            } else {
                node.peers[peer].accept(&args)
            }
        });
        let mut accepted = BTreeSet::new();
        for (acceptor, answer) in answers {
            if let Err(nack) = answer {
                self.abandon::<()>(instance, ballot, &nack);
                return false;
            }
            accepted.insert(acceptor);
            if accepted.len() >= self.majority() {
                break;
            }
        }
        accepted.len() >= self.majority()
    }

    /// A higher ballot has begun: this one is given up, and the next one will be higher still.
    fn abandon<T>(&self, instance: Instance, ballot: Ballot, nack: &Nack) -> Option<T> {
        log::debug!("gives up {ballot:?} of instance {instance} for {:?}", nack.promised);
        let mut state = self.state.lock();
        let highest = &mut self.decree(&mut state, instance).highest;
        *highest = nack.promised.max(*highest);
        None
    }
}
