//! [`PaxosNodes`]: a node of single-decree Paxos on each server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::{MakePaxosNode, PaxosNode};

use super::analysis::PaxosAnalysis;
use super::event::{Decree, PaxosEvent};
use super::invariants;
use crate::event::EventSource;
use crate::invariant::Invariant;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::rule::Analysis;

/// The protocol of the tests of single-decree Paxos.
pub struct PaxosNodes {
    make: MakePaxosNode,
    /// The number of instances that the test has begun.
    instances: Arc<AtomicU64>,
}

impl PaxosNodes {
    /// Nodes made by `make`.
    #[must_use]
    pub fn new(make: MakePaxosNode) -> Self {
        Self { make, instances: Arc::default() }
    }

    /// The number of a new instance.
    pub(super) fn new_instance(&self) -> u64 {
        self.instances.fetch_add(1, Ordering::AcqRel)
    }

    /// The number of instances so far.
    pub(super) fn instances(&self) -> u64 {
        self.instances.load(Ordering::Acquire)
    }
}

/// What a node was heard to say of each instance.
#[derive(Default)]
struct Heard {
    decided: BTreeMap<u64, Vec<u8>>,
    /// The instance that is asked for again next.
    again: u64,
}

impl Heard {
    /// Asks the node for all instances that it did not know, and for one more, which it must not have
    /// forgotten.
    fn ask(&mut self, node: &dyn PaxosNode, instances: u64, events: &EventSource) {
        self.again = if self.again + 1 < instances { self.again + 1 } else { 0 };
        let asked = (0..instances)
            .filter(|instance| *instance == self.again || !self.decided.contains_key(instance))
            .collect::<Vec<_>>();
        for instance in asked {
            match (node.decided(instance), self.decided.get(&instance)) {
                (Some(value), known) if known != Some(&value) => {
                    self.decided.insert(instance, value.clone());
                    events.emit(&PaxosEvent::Decided(Decree { instance, value }));
                }
                (None, Some(_)) => events.emit(&PaxosEvent::Forgot { instance }),
                _ => {}
            }
        }
    }
}

impl Protocol for PaxosNodes {
    type Instance = dyn PaxosNode;

    fn invariants(&self, _servers: usize) -> Vec<Box<dyn Invariant>> {
        invariants::all()
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        vec![Box::new(PaxosAnalysis::new(servers))]
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn PaxosNode>> {
        let (make, peers, me, storage) = (self.make, env.peers(), env.me(), env.storage());
        let (node, services) = env.make("make_node", move || {
            let node = make(peers, me, storage);
            let services = Arc::clone(&node).services();
            (node, services)
        })?;
        let (events, probed) = (env.events(), Arc::clone(&node));
        let (instances, mut heard) = (Arc::clone(&self.instances), Heard::default());
        env.when_quiet(move || heard.ask(&*probed, instances.load(Ordering::Acquire), &events));
        Some(StartedNode { instance: node, services })
    }

    fn stop(instance: &dyn PaxosNode) {
        instance.kill();
    }
}
