//! Phase 1, once for all instances to come: a new leader finds out what may have been chosen.

use std::collections::{BTreeMap, BTreeSet};

use labrt::time::Instant;

use super::entries::{Entry, Instance, Value};
use super::messages::{Nack, Prepare, Promise};
use super::peer::{Peer, PeerClient, Role, State};
use crate::ballot::{Ballot, NodeId};

/// The proposer's side.
impl Peer {
    /// Begins a ballot of this server's own, higher than all that it knows of. Its own acceptor is the first
    /// to promise it, and so the ballot is saved before anybody hears of it: none is used twice.
    pub(crate) fn begin_phase_1(&self, state: &mut State) {
        let ballot = state.promised.next(self.me);
        log::debug!("prepares {ballot:?}");
        state.promised = ballot;
        let after = state.entries.chosen();
        state.role = Role::Preparing { promises: BTreeMap::from([(self.me, promise(state, after))]) };
        state.await_promises();
        self.save(state, &[]);
        let prepare = Prepare { ballot, after };
        for peer in self.others() {
            let prepare = prepare.clone();
            self.spawn("prepare", move |this| {
                if let Some(answer) = this.peers[peer].prepare(&prepare) {
                    this.handle_promise(peer, ballot, answer);
                }
            });
        }
        self.lead_if_promised(state);
    }

    fn handle_promise(&self, acceptor: NodeId, ballot: Ballot, answer: Result<Promise, Nack>) {
        let mut state = self.state.lock();
        match answer {
            Err(nack) => self.adopt(&mut state, nack.promised),
            // An answer to an earlier ballot says nothing of this one.
            Ok(_) if state.promised != ballot => {}
            Ok(promise) => {
                if let Role::Preparing { promises } = &mut state.role {
                    promises.insert(acceptor, promise);
                    self.lead_if_promised(&mut state);
                }
            }
        }
    }

    /// Leads if a majority has promised.
    fn lead_if_promised(&self, state: &mut State) {
        let Role::Preparing { promises } = &mut state.role else { return };
        if promises.len() < self.majority() {
            return;
        }
        let promises = std::mem::take(promises);
        if let Some(ahead) = self.learn_from_promises(state, &promises) {
            // A snapshot has replaced what this server would have to know. It fetches that, and then stands
            // again.
            state.role = Role::Follower;
            state.await_leader();
            return self.ask(state, ahead);
        }
        let proposed = self.take_up(state, promises);
        log::info!("leads {:?}, with {} instances from before", state.promised, proposed.len());
        let own = BTreeSet::from([self.me]);
        let accepted = proposed.iter().map(|instance| (*instance, own.clone())).collect();
        state.role = Role::Leading { accepted, unsent: state.entries.chosen() + 1 };
        state.deadline = Instant::now(); // a heartbeat is due
        self.save(state, &proposed);
        self.choose(state);
        self.timer.notify_one();
    }

    /// Learns what an acceptor knows to be chosen. If what follows this server's knowledge is missing, for a
    /// snapshot has replaced it, returns that acceptor.
    fn learn_from_promises(&self, state: &mut State, promises: &BTreeMap<NodeId, Promise>) -> Option<NodeId> {
        let (ahead, promise) = promises.iter().max_by_key(|(_, promise)| promise.chosen)?;
        let known = promise.accepted.iter().filter(|(instance, _)| *instance <= promise.chosen);
        self.learn_entries(state, known.cloned());
        (state.entries.chosen() < promise.chosen).then_some(*ahead)
    }

    /// P2c, for each instance that is not known to be chosen: the value of the highest ballot in which one of
    /// a majority has accepted anything. Where none has, nothing can have been chosen: a no-op fills the gap,
    /// if a later instance is in use. Accepts these values, and returns the instances.
    fn take_up(&self, state: &mut State, promises: BTreeMap<NodeId, Promise>) -> Vec<Instance> {
        let mut highest: BTreeMap<Instance, Entry> = BTreeMap::new();
        for (instance, entry) in promises.into_values().flat_map(|promise| promise.accepted) {
            if highest.get(&instance).is_none_or(|known| known.ballot < entry.ballot) {
                highest.insert(instance, entry);
            }
        }
        let chosen = state.entries.chosen();
        let last = highest.last_key_value().map_or(chosen, |(last, _)| *last);
        for instance in chosen + 1..=last {
            let value = highest.remove(&instance).map_or(Value::NoOp, |entry| entry.value);
            let ballot = state.promised;
            state.entries.put(instance, Entry { ballot, value });
        }
        (chosen + 1..=last).collect()
    }
}

/// The acceptor's side.
impl Peer {
    pub(crate) fn handle_prepare(&self, args: &Prepare) -> Result<Promise, Nack> {
        let mut state = self.state.lock();
        if args.ballot < state.promised {
            return Err(Nack { promised: state.promised });
        }
        self.adopt(&mut state, args.ballot);
        state.await_leader();
        Ok(promise(&state, args.after))
    }
}

/// What an acceptor tells with a promise.
fn promise(state: &State, after: Instance) -> Promise {
    let accepted = state.entries.from(after).map(|(instance, entry)| (instance, entry.clone()));
    Promise { chosen: state.entries.chosen(), accepted: accepted.collect() }
}
