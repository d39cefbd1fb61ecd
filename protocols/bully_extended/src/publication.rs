//! Part B5, publication in two phases: a deposed leader that does not know of its successor can send as much
//! as it likes, and commits nothing.
//!
//! *Phase 1:* the leader sends a state, and each node saves it, unless it knows a newer generation. *Phase
//! 2:* when n/2 + 1 nodes have saved it, it is committed, and the leader says so.
//!
//! A leader first asks a quorum what they have saved, by its victory. The newest state of all may have been
//! committed by the leader before: it is published again, in the leader's own generation, before any other.
//! Who has answered the victory takes nothing from older leaders.

use std::collections::BTreeSet;

use labapi::Publication;
use labrt::time::Instant;
use persister::Storage;
use serde::{Deserialize, Serialize};

use crate::generation::Generation;
use crate::messages::{Commit, Publish, Reply};
use crate::node::{Form, Node, NodeClient, NodeId};
use crate::state::{State, Status};

/// What a node keeps across crashes. It is saved before anything is answered that follows from it.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// The newest generation that the node has heard of.
    pub(crate) generation: Generation,
    /// The newest state that a leader has had it save.
    pub(crate) accepted: Option<Accepted>,
    /// The newest state of which it knows that it was committed.
    pub(crate) committed: Option<Publication>,
}

/// A state that a node has saved. The newer one is that of the newer generation, and then of the higher
/// version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Accepted {
    /// The generation of the leader that sent it.
    pub(crate) generation: Generation,
    pub(crate) version: u64,
    #[serde(with = "labgob::bytes")]
    pub(crate) state: Vec<u8>,
}

/// What a leader has reached of its publication.
#[derive(Default)]
pub(crate) struct Campaign {
    /// Those who have answered the victory. With a quorum of them the leader knows what may be committed.
    answered: BTreeSet<NodeId>,
    /// Those who have saved the leader's state.
    acknowledged: BTreeSet<NodeId>,
    /// Those who know that it is committed.
    told: BTreeSet<NodeId>,
}

impl Saved {
    /// What an earlier incarnation saved.
    pub(crate) fn read(storage: &Storage) -> Self {
        let bytes = storage.read(RECORD);
        if bytes.is_empty() {
            return Self::default();
        }
        labgob::decode(&bytes).expect("the record was made by `save`")
    }
}

/// The name of the record in the storage.
const RECORD: &str = "bully";

impl Node {
    /// Saves what must survive a crash. The forms that do not publish keep nothing.
    pub(crate) fn save(&self, state: &mut State) {
        if self.form >= Form::Publishes {
            state.saved.generation = state.generation;
            let bytes = labgob::encode(&state.saved).expect("numbers and bytes can be encoded");
            self.storage.save(RECORD, &bytes);
        }
    }

    /// Whether nothing that this leader has published waits for a quorum.
    fn is_committed(&self, state: &State) -> bool {
        state.saved.accepted.is_none() || state.campaign.acknowledged.len() >= self.majority()
    }
}

/// The leader's side.
impl Node {
    /// This node has won.
    pub(crate) fn begin_campaign(&self, state: &mut State) {
        state.campaign = Campaign { answered: BTreeSet::from([self.me]), ..Campaign::default() };
    }

    /// A node follows this one, and has saved this. From a quorum on, the newest state is published again.
    pub(crate) fn count_victory(&self, state: &mut State, peer: NodeId, accepted: Option<Accepted>) {
        let majority = self.majority();
        if self.form < Form::Publishes || state.campaign.answered.len() >= majority {
            return;
        }
        state.saved.accepted = accepted.max(state.saved.accepted.take());
        state.campaign.answered.insert(peer);
        if state.campaign.answered.len() >= majority
            && let Some(Accepted { version, state: newest, .. }) = state.saved.accepted.clone()
        {
            self.propose(state, version, newest);
        }
    }

    /// Phase 1 of a new state, if nothing is under way.
    pub(crate) fn publish_state(&self, published: Vec<u8>) -> Option<u64> {
        let mut state = self.state.lock();
        let is_ready = matches!(state.status, Status::Leading)
            && state.campaign.answered.len() >= self.majority()
            && self.is_committed(&state);
        if self.form < Form::Publishes || !is_ready {
            return None;
        }
        let version = state.saved.accepted.as_ref().map_or(0, |accepted| accepted.version) + 1;
        self.propose(&mut state, version, published);
        Some(version)
    }

    /// Phase 1: saves a state, and has all others save it.
    fn propose(&self, state: &mut State, version: u64, published: Vec<u8>) {
        state.saved.accepted = Some(Accepted { generation: state.generation, version, state: published });
        self.save(state);
        state.campaign.acknowledged = BTreeSet::from([self.me]);
        state.campaign.told.clear();
        for peer in self.others() {
            self.send_publish(state, peer);
        }
    }

    fn send_publish(&self, state: &State, peer: NodeId) {
        let Some(Accepted { generation, version, state }) = state.saved.accepted.clone() else { return };
        let publish = Publish { generation, leader: self.me, version, state };
        self.spawn("publish", move |node| {
            let sent = Instant::now();
            if let Some(reply) = node.peers[peer].publish(&publish) {
                let mut state = node.state.lock();
                if node.hears_subject(&mut state, peer, sent, generation, reply.generation)
                    && state.saved.accepted.as_ref().is_some_and(|accepted| accepted.version == version)
                {
                    node.count_acknowledgement(&mut state, peer);
                }
            }
        });
    }

    /// A node has saved the state. A quorum of them commits it.
    fn count_acknowledgement(&self, state: &mut State, peer: NodeId) {
        let was_committed = self.is_committed(state);
        state.campaign.acknowledged.insert(peer);
        if was_committed {
            self.send_commit(state, peer);
        } else if self.is_committed(state) {
            Self::commit_accepted(state);
            self.save(state);
            self.tell_committed(state);
        }
    }

    /// Phase 2: tells all who have saved the state and do not know.
    fn tell_committed(&self, state: &State) {
        let campaign = &state.campaign;
        let ignorant = campaign.acknowledged.difference(&campaign.told).filter(|&&peer| peer != self.me);
        ignorant.for_each(|&peer| self.send_commit(state, peer));
    }

    fn send_commit(&self, state: &State, peer: NodeId) {
        let Some(&Accepted { generation, version, .. }) = state.saved.accepted.as_ref() else { return };
        self.spawn("commit", move |node| {
            let sent = Instant::now();
            if let Some(reply) = node.peers[peer].commit(&Commit { generation, version }) {
                let mut state = node.state.lock();
                if node.hears_subject(&mut state, peer, sent, generation, reply.generation)
                    && state.saved.accepted.as_ref().is_some_and(|accepted| accepted.version == version)
                {
                    state.campaign.told.insert(peer);
                }
            }
        });
    }

    /// Sends again what was not answered: with each heartbeat.
    pub(crate) fn repeat_publication(&self, state: &State) {
        if self.form < Form::Publishes {
            return;
        }
        let campaign = &state.campaign;
        if campaign.answered.len() < self.majority() {
            let silent = self.others().filter(|peer| !campaign.answered.contains(peer));
            silent.for_each(|peer| self.send_victory(state, peer));
        } else if state.saved.accepted.is_some() {
            let silent = self.others().filter(|peer| !campaign.acknowledged.contains(peer));
            silent.for_each(|peer| self.send_publish(state, peer));
            if self.is_committed(state) {
                self.tell_committed(state);
            }
        }
    }
}

/// The other nodes' side.
impl Node {
    /// Phase 1: saves the state, unless it is older than what it has.
    pub(crate) fn handle_publish(&self, publish: Publish) -> Reply {
        let mut state = self.state.lock();
        let Publish { generation, leader, version, state: published } = publish;
        if generation < state.generation {
            return Self::newer(&state);
        }
        self.follow(&mut state, generation, leader);
        let received = Some(Accepted { generation, version, state: published });
        if received > state.saved.accepted {
            state.saved.accepted = received;
            self.save(&mut state);
        }
        Reply { generation }
    }

    /// Phase 2: the state of this version, which the node has saved, is committed.
    pub(crate) fn handle_commit(&self, commit: &Commit) -> Reply {
        let mut state = self.state.lock();
        if commit.generation < state.generation {
            return Self::newer(&state);
        }
        let sent = (commit.generation, commit.version);
        if state.saved.accepted.as_ref().map(|it| (it.generation, it.version)) == Some(sent) {
            Self::commit_accepted(&mut state);
            self.save(&mut state);
        }
        Reply { generation: commit.generation }
    }

    /// What the node has saved is committed.
    fn commit_accepted(state: &mut State) {
        state.saved.committed = state
            .saved
            .accepted
            .as_ref()
            .map(|Accepted { version, state, .. }| Publication { version: *version, state: state.clone() });
    }
}
