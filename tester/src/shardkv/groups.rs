//! [`GroupServers`]: a replica of the shards of one group on each server.

use std::sync::Arc;

use labapi::{GroupId, LogIndex, MakeRsm, Raft, SHARDS, ShardId, ShardKv, ShardReplica, ShardServer};

use super::analysis::{Moves, ShardAnalysis};
use super::event::ShardEvent;
use super::holdings::{NeverGoesBack, OneOwner, Owners};
use crate::invariant::Invariant;
use crate::kvraft::replica;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::raft::{Observations, OnRaft, ReplicatedLog};
use crate::rule::Analysis;

/// What the servers of all groups consist of.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    pub log: ReplicatedLog,
    pub make_rsm: MakeRsm,
    pub solution: ShardKv,
    /// When a replica takes a snapshot; `None`: never.
    pub max_raft_state: Option<usize>,
}

/// What is seen of all groups together.
#[derive(Clone, Default)]
pub(super) struct Seen {
    pub owners: Owners,
    pub moves: Moves,
}

/// The protocol of a shard group.
pub struct GroupServers {
    group: GroupId,
    name: &'static str,
    parts: Parts,
    observations: Observations,
    seen: Seen,
}

impl GroupServers {
    /// The servers of this group, whose cluster has this name.
    pub(super) fn new(group: GroupId, name: &'static str, parts: Parts, seen: &Seen) -> Self {
        Self { group, name, parts, observations: Observations::default(), seen: seen.clone() }
    }
}

impl Protocol for GroupServers {
    type Instance = dyn ShardServer;

    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        let mut invariants = (self.parts.log.invariants)(&self.observations, servers);
        invariants.push(Box::new(OneOwner::new(&self.seen.owners)));
        invariants.push(Box::new(NeverGoesBack::default()));
        invariants
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        let mut analyses = (self.parts.log.analyses)(servers, false);
        analyses.push(Box::new(ShardAnalysis::new(self.name, &self.seen.moves)));
        analyses
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn ShardServer>> {
        let make_server = self.parts.solution.make_server;
        let args = ShardReplica {
            group: self.group,
            make_rsm: self.parts.make_rsm,
            replica: replica(env, self.parts.log, self.parts.max_raft_state),
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
        let last = parking_lot::Mutex::new([None; SHARDS]);
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
