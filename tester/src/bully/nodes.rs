//! [`BullyNodes`]: a node of the Bully algorithm on each server.

use std::sync::Arc;

use labapi::{Bully, MakeBully};

use super::event::BullyEvent;
use super::invariants;
use crate::invariant::Invariant;
use crate::protocol::{NodeEnv, Protocol, StartedNode};

/// The protocol of the Bully tests.
pub struct BullyNodes {
    make: MakeBully,
}

impl BullyNodes {
    /// Nodes made by `make`.
    #[must_use]
    pub fn new(make: MakeBully) -> Self {
        Self { make }
    }
}

impl Protocol for BullyNodes {
    type Instance = dyn Bully;

    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        invariants::all(servers)
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn Bully>> {
        let (make, peers, me) = (self.make, env.peers(), env.me());
        let (node, services) = env.make("make_bully", move || {
            let node = make(peers, me);
            let services = Arc::clone(&node).services();
            (node, services)
        })?;
        let (events, probed) = (env.events(), Arc::clone(&node));
        let mut last = None;
        env.when_quiet(move || {
            let leader = probed.leader();
            if last != Some(leader) {
                last = Some(leader);
                events.emit(&BullyEvent::Follows { leader });
            }
        });
        Some(StartedNode { instance: node, services })
    }

    fn stop(instance: &dyn Bully) {
        instance.kill();
    }
}
