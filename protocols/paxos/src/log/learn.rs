//! Learning is repaired by asking: a server that has missed something gets it from another one.

use labrt::time::{Duration, Instant};

use super::entries::{Entry, Instance};
use super::messages::{Learn, Learned, Snapshot};
use super::peer::{Peer, PeerClient, State};
use crate::ballot::NodeId;

/// How long an answer is waited for before another server is asked: a call may take seconds to fail.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(300);

/// The learner's side.
impl Peer {
    /// Asks a server for everything that is chosen and that this one does not know; unless an answer is
    /// expected already. If none comes, the next heartbeat leads to another question.
    pub(crate) fn ask(&self, state: &mut State, peer: NodeId) {
        let now = Instant::now();
        if now < state.ask_at || peer == self.me {
            return;
        }
        state.ask_at = now + ANSWER_TIMEOUT;
        let learn = Learn { after: state.entries.chosen() };
        self.spawn("learn", move |this| {
            if let Some(learned) = this.peers[peer].learn(&learn) {
                this.handle_learned(&mut this.state.lock(), learned);
            }
        });
    }

    fn handle_learned(&self, state: &mut State, learned: Learned) {
        state.ask_at = Instant::now();
        self.adopt(state, learned.promised);
        if let Some(Snapshot { base, bytes }) = learned.snapshot {
            self.install(state, base, bytes);
        }
        self.learn_entries(state, learned.chosen);
    }

    /// Learns chosen entries. Those that do not continue what this server knows say nothing.
    pub(crate) fn learn_entries(
        &self,
        state: &mut State,
        chosen: impl IntoIterator<Item = (Instance, Entry)>,
    ) {
        let mut news = Vec::new();
        for (instance, entry) in chosen {
            if instance == state.entries.chosen() + 1 {
                state.entries.put(instance, entry);
                state.entries.choose_next();
                news.push(instance);
            }
        }
        if !news.is_empty() {
            self.save(state, &news);
            self.applier.notify_one();
        }
    }
}

/// The side of the server that is asked.
impl Peer {
    pub(crate) fn handle_learn(&self, args: &Learn) -> Learned {
        let state = self.state.lock();
        let base = state.entries.base();
        let is_dropped = args.after < base.instance;
        let snapshot = is_dropped.then(|| Snapshot { base, bytes: state.snapshot.clone() });
        let known = state.entries.chosen();
        let chosen = state.entries.from(args.after.max(base.instance));
        let chosen = chosen.take_while(|(instance, _)| *instance <= known);
        Learned {
            promised: state.promised,
            snapshot,
            chosen: chosen.map(|(instance, entry)| (instance, entry.clone())).collect(),
        }
    }
}
