//! [`AppendServers`]: a replica of the service with appends on each server.

use std::sync::Arc;

use labapi::{AppendClerk, KvAppend, MakeRsm, Raft, ReplicaServer};
use labrpc::ClientEnd;
use labrt::rand::RngExt;
use labrt::world::StreamRng;
use parking_lot::Mutex;

use super::analysis::AppendAnalysis;
use crate::invariant::Invariant;
use crate::key_value::{Answers, ClerkProtocol, ClientLinks, Clients};
use crate::kvraft::{replica, start_replica};
use crate::linearizability::Text;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::raft::{Observations, OnRaft, ReplicatedLog};
use crate::rule::Analysis;
use crate::stage::Stage;

/// The protocol of parts 4P and 4Q.
pub struct AppendServers {
    log: ReplicatedLog,
    make_rsm: MakeRsm,
    solution: KvAppend,
    max_raft_state: Option<usize>,
    observations: Observations,
    clients: Clients<Text>,
    /// Draws the order in which a clerk gets its end points.
    order: Arc<Mutex<StreamRng>>,
}

impl AppendServers {
    /// The servers of a test: those of its solution, on the replicated state machine and the Raft of the same
    /// solution.
    pub(super) fn of(stage: &Stage<'_>) -> Self {
        let solution = stage.solution();
        Self {
            log: ReplicatedLog::raft(stage.expect(solution.raft(), "Raft")),
            make_rsm: stage.expect(solution.key_value_on_raft(), "rsm").make_rsm,
            solution: *stage.expect(solution.export("kvappend"), "key/value service with appends"),
            max_raft_state: stage.max_raft_state(),
            observations: Observations::default(),
            clients: Clients::default(),
            order: Arc::new(Mutex::new(stage.testbed.world.rng("order of end points"))),
        }
    }

    /// About how many bytes of Raft state may be saved before a snapshot has to make them fewer.
    pub(super) fn max_raft_state(&self) -> Option<usize> {
        self.max_raft_state
    }
}

impl Protocol for AppendServers {
    type Instance = dyn ReplicaServer;

    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        let mut invariants = (self.log.invariants)(&self.observations, servers);
        invariants.push(Box::new(Answers::default()));
        invariants
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        let mut analyses = (self.log.analyses)(servers, false);
        analyses.push(Box::new(AppendAnalysis::new(servers)));
        analyses
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn ReplicaServer>> {
        let (make_server, make_rsm) = (self.solution.make_server, self.make_rsm);
        let replica = replica(env, self.log, self.max_raft_state);
        start_replica(env, &self.observations, move || make_server(replica, make_rsm))
    }

    fn stop(instance: &dyn ReplicaServer) {
        instance.kill();
    }
}

impl OnRaft for AppendServers {
    fn raft(instance: &Arc<dyn ReplicaServer>) -> Arc<dyn Raft> {
        instance.raft()
    }

    fn observations(&self) -> &Observations {
        &self.observations
    }
}

impl ClerkProtocol for AppendServers {
    type Service = Text;

    /// As in the course, each clerk has the servers in an order of its own.
    fn clerk_maker(
        &self,
        _: &Arc<ClientLinks>,
    ) -> impl Fn(Vec<ClientEnd>) -> Arc<dyn AppendClerk> + Send + 'static {
        let (make_clerk, order) = (self.solution.make_clerk, Arc::clone(&self.order));
        move |mut ends| {
            {
                let mut order = order.lock();
                for last in (1..ends.len()).rev() {
                    ends.swap(last, order.random_range(0..=last));
                }
            }
            make_clerk(ends)
        }
    }

    fn clients(&self) -> &Clients<Text> {
        &self.clients
    }
}
