//! Phase 2: the leader's proposals are accepted, and chosen when a majority has accepted them.

use super::entries::{Entry, Instance, Value};
use super::messages::{Accept, Accepted, Nack};
use super::peer::{Peer, PeerClient, Role, State};
use crate::ballot::{Ballot, NodeId};

/// The leader's side.
impl Peer {
    /// Proposes a command in the next instance, which it returns; `None` if this server does not lead. Its
    /// own acceptor is the first to accept it.
    pub(crate) fn propose(&self, state: &mut State, command: Vec<u8>) -> Option<Instance> {
        let Role::Leading { accepted, .. } = &mut state.role else { return None };
        let instance = state.entries.last() + 1;
        accepted.entry(instance).or_default().insert(self.me);
        let (ballot, value) = (state.promised, Value::Command(command));
        state.entries.put(instance, Entry { ballot, value });
        self.save(state, &[instance]);
        self.choose(state);
        self.timer.notify_one();
        Some(instance)
    }

    /// Sends all servers what is new; or, if a heartbeat is due, whatever each of them has not accepted.
    pub(crate) fn send_proposals(&self, state: &mut State, is_due: bool) {
        let (chosen, last, ballot) = (state.entries.chosen(), state.entries.last(), state.promised);
        let Role::Leading { accepted, unsent } = &mut state.role else { return };
        let first = if is_due { chosen + 1 } else { (*unsent).max(chosen + 1) };
        *unsent = last + 1;
        for peer in self.others() {
            let open = (first..=last).filter(|instance| !accepted[instance].contains(&peer));
            let proposals = open.map(|instance| {
                let entry = state.entries.get(instance).expect("a leader's log has no gap");
                (instance, entry.value.clone())
            });
            let accept = Accept { ballot, proposals: proposals.collect(), chosen };
            self.spawn("accept", move |this| {
                if let Some(answer) = this.peers[peer].accept(&accept) {
                    this.handle_accepted(peer, &accept, &answer);
                }
            });
        }
        if is_due {
            state.await_heartbeat();
        }
    }

    fn handle_accepted(&self, acceptor: NodeId, accept: &Accept, answer: &Result<Accepted, Nack>) {
        let mut state = self.state.lock();
        if let Err(nack) = answer {
            return self.adopt(&mut state, nack.promised);
        }
        if state.promised != accept.ballot {
            return; // an answer to an earlier ballot
        }
        let Role::Leading { accepted, .. } = &mut state.role else { return };
        for (instance, _) in &accept.proposals {
            // What is chosen already is not counted any more.
            if let Some(acceptors) = accepted.get_mut(instance) {
                acceptors.insert(acceptor);
            }
        }
        self.choose(&mut state);
    }

    /// What a majority has accepted in this ballot is chosen, and known to be so in the order of instances.
    pub(crate) fn choose(&self, state: &mut State) {
        let Role::Leading { accepted, .. } = &mut state.role else { return };
        while let Some(next) = accepted.first_entry()
            && next.get().len() >= self.majority()
        {
            next.remove();
            state.entries.choose_next();
            self.applier.notify_one();
        }
    }
}

/// The acceptor's side, and the learner's.
impl Peer {
    pub(crate) fn handle_accept(&self, args: Accept) -> Result<Accepted, Nack> {
        let mut state = self.state.lock();
        if args.ballot < state.promised {
            return Err(Nack { promised: state.promised });
        }
        self.adopt(&mut state, args.ballot);
        state.await_leader();
        let mut news = Vec::new();
        for (instance, value) in args.proposals {
            // What is known to be chosen does not change any more.
            if instance > state.entries.chosen() {
                state.entries.put(instance, Entry { ballot: args.ballot, value });
                news.push(instance);
            }
        }
        if !news.is_empty() {
            self.save(&state, &news);
        }
        self.follow(&mut state, args.ballot, args.chosen);
        Ok(Accepted)
    }

    /// The leader of a ballot says that everything up to `chosen` is. In instances that it has proposed in
    /// this ballot, the value is the one that this server has accepted from it. For others it asks.
    fn follow(&self, state: &mut State, ballot: Ballot, chosen: Instance) {
        let is_known = |state: &State| {
            state.entries.get(state.entries.chosen() + 1).is_some_and(|entry| entry.ballot == ballot)
        };
        while state.entries.chosen() < chosen && is_known(state) {
            state.entries.choose_next();
            self.applier.notify_one();
        }
        if state.entries.chosen() < chosen {
            self.ask(state, ballot.node);
        }
    }
}
