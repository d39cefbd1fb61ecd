//! [`ZabServers`]: a server of Zab with a service on each server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::{Delivery, MakeZab, Zab, ZabConfig, ZabState, Zxid};
use labrt::channel;
use parking_lot::Mutex;

use super::analysis::ZabAnalysis;
use super::event::ZabEvent;
use super::invariants;
use super::service::{Deliveries, Service};
use crate::invariant::Invariant;
use crate::linearizability::{KeyValueInput, KeyValueOutput, Recorder};
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::rule::Analysis;

/// The protocol of the tests of Zab.
pub struct ZabServers {
    make: MakeZab,
    settings: ZabSettings,
    /// The service of the latest incarnation on each server.
    services: Mutex<Vec<Option<Arc<Service>>>>,
    pub(super) deliveries: Deliveries,
    /// What the clients of the store have asked, and what they were answered.
    pub(super) history: Arc<Recorder<KeyValueInput, KeyValueOutput>>,
    numbers: AtomicU64,
}

/// How the servers are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZabSettings {
    /// How many of the servers are observers: those with the highest numbers.
    pub observers: usize,
    /// The highest counter of an id.
    pub counter_limit: u32,
    /// Whether the service takes a snapshot after every tenth transaction.
    pub snapshots: bool,
}

impl Default for ZabSettings {
    fn default() -> Self {
        Self { observers: 0, counter_limit: u32::MAX, snapshots: false }
    }
}

impl ZabServers {
    /// Servers made by `make`.
    #[must_use]
    pub fn new(make: MakeZab, settings: ZabSettings) -> Self {
        let (services, deliveries) = <(Mutex<Vec<Option<Arc<Service>>>>, Deliveries)>::default();
        Self { make, settings, services, deliveries, history: Arc::default(), numbers: AtomicU64::new(0) }
    }

    /// How many of the servers are observers.
    pub(super) fn observers(&self) -> usize {
        self.settings.observers
    }

    /// A number for a sync, a put or a client.
    pub(super) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// The service of the latest incarnation on a server.
    pub(super) fn service(&self, server: usize) -> Option<Arc<Service>> {
        self.services.lock().get(server).cloned().flatten()
    }

    /// Everything up to this id was delivered by the latest incarnation on a server.
    pub(super) fn applied(&self, server: usize) -> Zxid {
        self.service(server).map_or(Zxid::ZERO, |service| service.applied())
    }

    fn set_service(&self, server: usize, service: Arc<Service>) {
        let mut services = self.services.lock();
        let servers = services.len().max(server + 1);
        services.resize(servers, None);
        services[server] = Some(service);
    }
}

impl Protocol for ZabServers {
    type Instance = dyn Zab;

    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        invariants::all(servers - self.settings.observers)
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        vec![Box::new(ZabAnalysis::new(servers, servers - self.settings.observers))]
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn Zab>> {
        let (sender, messages) = channel::bounded::<Delivery>(0);
        let peers = env.peers();
        let voters = (0..peers.len() - self.settings.observers).collect();
        let counter_limit = self.settings.counter_limit;
        let config = ZabConfig { peers, me: env.me(), voters, counter_limit };
        let (make, storage) = (self.make, env.storage());
        let (zab, services) = env.make("make_zab", move || {
            let zab = make(config, storage, sender);
            let services = Arc::clone(&zab).services();
            (zab, services)
        })?;
        let service = Service::new(env, self.settings.snapshots, &self.deliveries);
        self.set_service(env.me(), Arc::clone(&service));
        let served = Arc::clone(&zab);
        env.run("service", move || {
            while let Ok(message) = messages.recv() {
                service.handle(message, &*served);
            }
        });
        let (events, probed) = (env.events(), Arc::clone(&zab));
        let mut last: Option<ZabState> = None;
        env.when_quiet(move || {
            let state = probed.state();
            if last != Some(state) {
                last = Some(state);
                events.emit(&ZabEvent::State(state));
            }
        });
        Some(StartedNode { instance: zab, services })
    }

    fn stop(instance: &dyn Zab) {
        instance.kill();
    }

    fn commands(&self) -> u64 {
        self.deliveries.count()
    }
}
