//! [`KvServers`]: a replica of the key/value service on each server.

use std::sync::Arc;

use labapi::{Clerk, KvRaft, Raft, ReplicaServer};
use labrpc::ClientEnd;

use super::rsm::replica;
use crate::invariant::Invariant;
use crate::key_value::{Answers, ClerkProtocol, ClientLinks, Clients, KeyValueAnalysis};
use crate::linearizability::KeyValue;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::raft::{Observations, OnRaft, ReplicatedLog};
use crate::rule::Analysis;

/// The protocol of parts 4B and 4C.
pub struct KvServers {
    log: ReplicatedLog,
    observations: Observations,
    solution: KvRaft,
    max_raft_state: Option<usize>,
    clients: Clients,
}

impl KvServers {
    pub(crate) fn new(log: ReplicatedLog, solution: KvRaft, max_raft_state: Option<usize>) -> Self {
        Self {
            log,
            observations: Observations::default(),
            solution,
            max_raft_state,
            clients: Clients::default(),
        }
    }

    /// About how many bytes of Raft state may be saved before a snapshot has to make them fewer.
    pub(super) fn max_raft_state(&self) -> Option<usize> {
        self.max_raft_state
    }
}

/// Starts the server of a replicated service that `make` makes, and has its Raft observed. `None` if the
/// server crashes while it starts.
pub(crate) fn start_replica(
    env: &NodeEnv<'_>,
    observations: &Observations,
    make: impl FnOnce() -> Arc<dyn ReplicaServer> + Send + 'static,
) -> Option<StartedNode<dyn ReplicaServer>> {
    let (server, raft, services) = env.make("make_server", move || {
        let server = make();
        let (raft, services) = (server.raft(), Arc::clone(&server).services());
        (server, raft, services)
    })?;
    observations.probe_and_keep(env, raft, &server);
    Some(StartedNode { instance: server, services })
}

impl Protocol for KvServers {
    type Instance = dyn ReplicaServer;

    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        let mut invariants = (self.log.invariants)(&self.observations, servers);
        invariants.push(Box::new(Answers::default()));
        invariants
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        let mut analyses = (self.log.analyses)(servers, false);
        analyses.push(Box::new(KeyValueAnalysis::new(servers)));
        analyses
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn ReplicaServer>> {
        let make_server = self.solution.make_server;
        let replica = replica(env, self.log, self.max_raft_state);
        start_replica(env, &self.observations, move || make_server(replica))
    }

    fn stop(instance: &dyn ReplicaServer) {
        instance.kill();
    }
}

impl OnRaft for KvServers {
    fn raft(instance: &Arc<dyn ReplicaServer>) -> Arc<dyn Raft> {
        instance.raft()
    }

    fn observations(&self) -> &Observations {
        &self.observations
    }
}

impl ClerkProtocol for KvServers {
    type Service = KeyValue;

    fn clerk_maker(
        &self,
        _: &Arc<ClientLinks>,
    ) -> impl Fn(Vec<ClientEnd>) -> Arc<dyn Clerk> + Send + 'static {
        self.solution.make_clerk
    }

    fn clients(&self) -> &Clients {
        &self.clients
    }
}
