//! [`GroupServers`]: a replica of the shards of one group on each server.

use std::sync::Arc;

use labapi::{GroupId, MakeRsm, Raft, ShardKv, ShardReplica, ShardServer};

use super::event::ShardEvent;
use super::holdings::{NeverGoesBack, OneOwner, Owners};
use crate::invariant::Invariant;
use crate::kvraft::replica;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::raft::{Observations, OnRaft, ReplicatedLog};
use crate::rule::Analysis;
use labapi::{LogIndex, ShardId};

/// The protocol of a shard group.
pub struct GroupServers {
    group: GroupId,
    log: ReplicatedLog,
    make_rsm: MakeRsm,
    solution: ShardKv,
    max_raft_state: Option<usize>,
    observations: Observations,
    owners: Owners,
}

impl GroupServers {
    pub(super) fn new(
        group: GroupId,
        log: ReplicatedLog,
        make_rsm: MakeRsm,
        solution: ShardKv,
        max_raft_state: Option<usize>,
        owners: &Owners,
    ) -> Self {
        let (observations, owners) = (Observations::default(), owners.clone());
        Self { group, log, make_rsm, solution, max_raft_state, observations, owners }
    }
}

impl Protocol for GroupServers {
    type Instance = dyn ShardServer;

    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        let mut invariants = (self.log.invariants)(&self.observations, servers);
        invariants.push(Box::new(OneOwner::new(&self.owners)));
        invariants.push(Box::new(NeverGoesBack::default()));
        invariants
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        (self.log.analyses)(servers, false)
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn ShardServer>> {
        let make_server = self.solution.make_server;
        let args = ShardReplica {
            group: self.group,
            make_rsm: self.make_rsm,
            replica: replica(env, self.log, self.max_raft_state),
        };
        let (server, raft, services) = env.make("make_server", move || {
            let server = make_server(args);
            let (raft, services) = (server.raft(), Arc::clone(&server).services());
            (server, raft, services)
        })?;
        self.probe(env, raft, &server);
        Some(StartedNode { instance: server, services })
    }

    fn stop(instance: &dyn ShardServer) {
        instance.kill();
    }
}

impl GroupServers {
    /// Probes the Raft of a server, and what the server has of the shards. Keeps the server.
    fn probe(&self, env: &NodeEnv<'_>, raft: Arc<dyn Raft>, server: &Arc<dyn ShardServer>) {
        let (server, events) = (Arc::clone(server), env.events());
        let last = parking_lot::Mutex::new([None; labapi::SHARDS]);
        self.observations.probe(env, raft, move || {
            let seen = server.holdings();
            for (shard, last) in ShardId::all().zip(last.lock().iter_mut()) {
                let (holding, num) = seen[shard.0];
                if last.replace((holding, num)) != Some((holding, num)) {
                    events.emit(&ShardEvent::Holds { shard, holding, num });
                }
            }
            LogIndex(0)
        });
    }
}

impl OnRaft for GroupServers {
    fn raft(instance: &Arc<dyn ShardServer>) -> Arc<dyn Raft> {
        instance.raft()
    }

    fn observations(&self) -> &Observations {
        &self.observations
    }
}
