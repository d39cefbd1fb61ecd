//! [`RaftPeers`]: a Raft peer on each server, with a service that checks the messages it delivers.

use std::sync::Arc;
use std::time::Duration;

use labapi::{ApplyMsg, LogIndex, MakeRaft, Raft};
use labrt::channel;

use super::applier::{Applier, Appliers};
use super::snapshot_times::SnapshotTimes;
use super::{AppliesCommands, Observations, OnRaft, ReplicatedLog};
use crate::invariant::Invariant;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::rule::Analysis;

/// The protocol of the Raft tests.
pub struct RaftPeers {
    log: ReplicatedLog,
    snapshots: bool,
    observations: Observations,
    snapshot_times: SnapshotTimes,
    appliers: Appliers,
}

impl RaftPeers {
    /// Peers made by `make_raft`; with `snapshots`, the service passes each of them a snapshot after every
    /// tenth command.
    #[must_use]
    pub fn new(make_raft: MakeRaft, snapshots: bool) -> Self {
        Self::on(ReplicatedLog::raft(make_raft), snapshots)
    }

    /// Peers of this log, which may be of another protocol; with `snapshots` as in [`new`](Self::new).
    #[must_use]
    pub fn on(log: ReplicatedLog, snapshots: bool) -> Self {
        let (observations, snapshot_times) = <(Observations, SnapshotTimes)>::default();
        Self { log, snapshots, observations, snapshot_times, appliers: Appliers::default() }
    }

    /// Sets how long the service on a server takes for a snapshot, from now on: it hands the snapshot to its
    /// Raft so long after it has applied the command.
    pub fn set_snapshot_time(&self, server: usize, time: Duration) {
        self.snapshot_times.set(server, time);
    }
}

impl Protocol for RaftPeers {
    type Instance = dyn Raft;

    const LONG_DELAYS: bool = true;

    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        (self.log.invariants)(&self.observations, servers)
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        (self.log.analyses)(servers, true)
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn Raft>> {
        let (sender, messages) = channel::bounded::<ApplyMsg>(0);
        let (raft, services) = {
            let (make_raft, me) = (self.log.make, env.me());
            let (peers, persister) = (env.peers(), env.persister());
            env.make("make_raft", move || {
                let raft = make_raft(peers, me, persister, sender);
                let services = Arc::clone(&raft).services();
                (raft, services)
            })?
        };

        let applier = Applier::new(env, self.snapshots, &self.observations, &self.snapshot_times);
        // Before the first message is read: the next one must be the entry after the snapshot.
        if self.snapshots {
            let snapshot = env.persister().read_snapshot();
            if !snapshot.is_empty() {
                applier.restore(snapshot);
            }
        }
        {
            let (applier, raft) = (Arc::clone(&applier), Arc::clone(&raft));
            env.run("applier", move || applier.read(&messages, &*raft));
        }
        {
            let applier = Arc::clone(&applier);
            self.observations.probe(env, Arc::clone(&raft), move || applier.applied());
        }
        self.appliers.set(env.me(), applier);
        Some(StartedNode { instance: raft, services })
    }

    fn stop(instance: &dyn Raft) {
        instance.kill();
    }

    fn commands(&self) -> u64 {
        self.observations.max_index().0
    }
}

impl OnRaft for RaftPeers {
    fn raft(instance: &Arc<dyn Raft>) -> Arc<dyn Raft> {
        Arc::clone(instance)
    }

    fn observations(&self) -> &Observations {
        &self.observations
    }
}

impl AppliesCommands for RaftPeers {
    fn applied(&self, server: usize) -> LogIndex {
        self.appliers.applied(server)
    }
}
