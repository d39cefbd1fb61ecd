//! The table of nodes: the tester and the incarnations of servers.

use std::sync::Arc;

use rand::Rng;

use super::scheduler::Scheduler;
use crate::clock::Clock;
use crate::raw::hash_keys::Keys;
use crate::rng::StreamRng;
use crate::wait::Ticket;

pub(crate) struct NodeState {
    pub(crate) name: Arc<str>,
    pub(crate) alive: bool,
    pub(crate) paused: bool,
    /// `None` if the node uses the run's clock.
    pub(crate) clock: Option<Clock>,
    /// Threads that could run if the node were not paused.
    pub(crate) paused_ready: Vec<u32>,
    /// The random stream of lab code on this node.
    pub(crate) rng: StreamRng,
    /// The random stream of std on this node.
    pub(crate) entropy: StreamRng,
    /// The keys of its next hash map, while another node runs.
    pub(crate) hash_keys: Keys,
    /// The number of threads started so far.
    pub(crate) started: u32,
    /// The number of its threads that can run or run, without probes.
    pub(crate) runnable: u32,
    /// Whether a thread has run since the last call of the probe.
    pub(crate) ran_since_probe: bool,
    /// The wait of the probe, while it waits for the node to be quiet.
    pub(crate) probe: Option<Ticket>,
}

#[derive(Default)]
pub(crate) struct Nodes {
    all: Vec<NodeState>,
    /// Whether any node has a clock of its own.
    pub(crate) any_clock: bool,
}

impl Nodes {
    pub(crate) fn add(&mut self, name: String, seed: u64) -> u32 {
        let id = u32::try_from(self.all.len()).expect("fewer than 2^32 nodes");
        // The name includes the number: a server's next incarnation must not repeat the draws of the last
        // one.
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

/// Pauses of nodes.
impl Scheduler {
    pub(crate) fn pause(&mut self, node: u32) {
        self.nodes[node].paused = true;
        let threads = &self.threads;
        let paused_ready = &mut self.nodes[node].paused_ready;
        self.ready.retain(|slot| {
            let stays = threads[*slot].node != node;
            if !stays {
                paused_ready.push(*slot);
            }
            stays
        });
    }

    pub(crate) fn resume(&mut self, node: u32) {
        self.nodes[node].paused = false;
        let paused_ready = std::mem::take(&mut self.nodes[node].paused_ready);
        self.ready.extend(paused_ready);
    }
}
