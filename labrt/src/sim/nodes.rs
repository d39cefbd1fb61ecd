//! The table of nodes: the servers' lives, and the tester itself.

use std::sync::Arc;

use rand::Rng;

use crate::clock::Clock;
use crate::raw::hash_keys::Keys;
use crate::rng::StreamRng;
use crate::wait::Ticket;

pub(crate) struct NodeState {
    pub(crate) name: Arc<str>,
    pub(crate) alive: bool,
    pub(crate) paused: bool,
    /// `None`: the run's.
    pub(crate) clock: Option<Clock>,
    /// Threads that could run if the node were not paused.
    pub(crate) paused_ready: Vec<u32>,
    /// What lab code on this node draws from.
    pub(crate) rng: StreamRng,
    /// What std draws on this node.
    pub(crate) entropy: StreamRng,
    /// What its next hash map takes, while another node runs.
    pub(crate) hash_keys: Keys,
    /// How many threads were started on it.
    pub(crate) started: u32,
    /// How many of its threads can run or run, probes excepted.
    pub(crate) runnable: u32,
    /// Whether a thread has run since the probe last looked.
    pub(crate) ran_since_probe: bool,
    /// The wait of the probe, while it waits for the node to be quiet.
    pub(crate) probe: Option<Ticket>,
}

#[derive(Default)]
pub(crate) struct Nodes {
    all: Vec<NodeState>,
    /// Whether some node has a clock of its own.
    pub(crate) any_clock: bool,
}

impl Nodes {
    pub(crate) fn add(&mut self, name: String, seed: u64) -> u32 {
        let id = u32::try_from(self.all.len()).expect("fewer than 2^32 nodes");
        // Named by number as well: a server's next life must not repeat the draws of the last one.
        let rng = StreamRng::new(seed, &format!("node {id}: {name}"));
        let mut entropy = StreamRng::new(seed, &format!("what std draws on node {id}: {name}"));
        let hash_keys = [entropy.next_u64(), entropy.next_u64()];
        self.all.push(NodeState {
            name: name.into(),
            alive: true,
            paused: false,
            clock: None,
            paused_ready: Vec::new(),
            rng,
            entropy,
            hash_keys,
            started: 0,
            runnable: 0,
            ran_since_probe: false,
            probe: None,
        });
        id
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut NodeState)> {
        (0..).zip(&mut self.all)
    }
}

impl std::ops::Index<u32> for Nodes {
    type Output = NodeState;
    #[inline]
    fn index(&self, id: u32) -> &NodeState {
        &self.all[id as usize]
    }
}

impl std::ops::IndexMut<u32> for Nodes {
    #[inline]
    fn index_mut(&mut self, id: u32) -> &mut NodeState {
        &mut self.all[id as usize]
    }
}
