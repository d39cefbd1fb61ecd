//! [`Counters`]: a replica of a counter on each server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use labapi::{MakeRaft, MakeRsm, Raft, Rsm};
use parking_lot::Mutex;

use super::counter::{Counter, Order};
use crate::program::{Birth, Booted, Program};

/// The program of part 4A.
pub struct Counters {
    make_raft: MakeRaft,
    make_rsm: MakeRsm,
    max_raft_state: Option<usize>,
    pub(super) order: Arc<Order>,
    /// The count of the latest instance on each server; kept after a crash, until the restart.
    counts: Mutex<Vec<Arc<AtomicU64>>>,
    /// The server that did the last request, where the next search for a leader begins.
    pub(super) leader: AtomicUsize,
    /// How many requests were submitted.
    pub(super) submits: AtomicU64,
}

impl Counters {
    pub(crate) fn new(
        make_raft: MakeRaft,
        make_rsm: MakeRsm,
        max_raft_state: Option<usize>,
        servers: usize,
    ) -> Self {
        Self {
            make_raft,
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

impl Program for Counters {
    type Instance = dyn Rsm;

    const LONG_DELAYS: bool = false;
    const HAS_RAFT: bool = true;

    fn boot(&self, birth: Birth<'_>) -> Option<Booted<dyn Rsm>> {
        // A number of its own for each life: a crashed instance's must not be seen any more.
        let shown: Arc<AtomicU64> = Arc::default();
        self.counts.lock()[birth.who.server] = Arc::clone(&shown);
        let counter = Box::new(Counter::new(birth.who, birth.world, birth.watch, &self.order, &shown));
        let make_rsm = self.make_rsm;
        let replica = birth.replica(self.make_raft, self.max_raft_state);
        birth.watch.begin_life(birth.who);
        let (rsm, raft, services) = birth.make("make_rsm", move || {
            let rsm = make_rsm(replica, counter);
            let raft = rsm.raft();
            // Clients are in the same process: nobody calls the rsm over the network.
            let services = Arc::clone(&raft).services();
            (rsm, raft, services)
        })?;
        birth.keep(&rsm, raft);
        Some(Booted { instance: rsm, services })
    }

    fn raft(instance: &Arc<dyn Rsm>) -> Option<Arc<dyn Raft>> {
        Some(instance.raft())
    }

    fn kill(instance: &dyn Rsm) {
        instance.raft().kill();
    }
}
