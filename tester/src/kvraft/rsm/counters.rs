//! [`Counters`]: a replica of a counter on each server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use labapi::{MakeRsm, Raft, Replica, Rsm};
use parking_lot::Mutex;

use super::counter::{Counter, ExecutionOrder};
use super::replicas::Replicas;
use crate::invariant::Invariant;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::raft::{Observations, OnRaft, ReplicatedLog};
use crate::rule::Analysis;

/// The protocol of part 4A.
pub struct Counters {
    log: ReplicatedLog,
    observations: Observations,
    make_rsm: MakeRsm,
    max_raft_state: Option<usize>,
    pub(super) order: Arc<ExecutionOrder>,
    /// The count of the latest instance on each server; kept after a crash, until the restart.
    counts: Mutex<Vec<Arc<AtomicU64>>>,
    /// The server that executed the last request, where the next search for a leader begins.
    pub(super) leader: AtomicUsize,
    /// The number of requests submitted.
    pub(super) submits: AtomicU64,
}

impl Counters {
    pub(crate) fn new(
        log: ReplicatedLog,
        make_rsm: MakeRsm,
        max_raft_state: Option<usize>,
        servers: usize,
    ) -> Self {
        Self {
            log,
            observations: Observations::default(),
            make_rsm,
            max_raft_state,
            order: Arc::default(),
            counts: Mutex::new((0..servers).map(|_| Arc::default()).collect()),
            leader: AtomicUsize::new(0),
            submits: AtomicU64::new(0),
        }
    }

    /// The count of the latest instance on each server.
    pub(super) fn counts(&self) -> Vec<u64> {
        self.counts.lock().iter().map(|count| count.load(Ordering::Acquire)).collect()
    }
}

impl Protocol for Counters {
    type Instance = dyn Rsm;

    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        (self.log.invariants)(&self.observations, servers)
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        let mut analyses = (self.log.analyses)(servers, false);
        analyses.push(Box::new(Replicas::default()));
        analyses
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn Rsm>> {
        // Each incarnation has its own, so that a crashed instance's count is not seen any more.
        let shown: Arc<AtomicU64> = Arc::default();
        self.counts.lock()[env.me()] = Arc::clone(&shown);
        let counter = Box::new(Counter::new(env, &self.order, &shown));
        let make_rsm = self.make_rsm;
        let replica = replica(env, self.log, self.max_raft_state);
        let (rsm, raft, services) = env.make("make_rsm", move || {
            let rsm = make_rsm(replica, counter);
            let raft = rsm.raft();
            // Clients are in the same process: the rsm is not called over the network.
            let services = Arc::clone(&raft).services();
            (rsm, raft, services)
        })?;
        self.observations.probe_and_keep(env, raft, &rsm);
        Some(StartedNode { instance: rsm, services })
    }

    fn stop(instance: &dyn Rsm) {
        instance.raft().kill();
    }
}

impl OnRaft for Counters {
    fn raft(instance: &Arc<dyn Rsm>) -> Arc<dyn Raft> {
        instance.raft()
    }

    fn observations(&self) -> &Observations {
        &self.observations
    }
}

/// The parts from which a replica on a server is made.
pub(crate) fn replica(env: &NodeEnv<'_>, log: ReplicatedLog, max_raft_state: Option<usize>) -> Replica {
    Replica {
        make_raft: log.make,
        peers: env.peers(),
        me: env.me(),
        persister: env.persister(),
        max_raft_state,
    }
}
