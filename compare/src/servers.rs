//! [`Servers`]: replicas of a protocol on a cluster, with a client at each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use labrt::thread;
use parking_lot::Mutex;
use tester::{EventSource, Invariant, NodeEnv, Protocol, StartedNode};

use crate::observation::Observation;
use crate::outcomes::Outcomes;
use crate::recorder::Recorder;
use crate::replica::{Replica, StartReplica, StartedReplica};
use crate::timeline::Timeline;

/// The pause of a client between two writes, and between two reads.
const THINK: Duration = Duration::from_millis(50);

/// How long a client waits for the outcome of a write before it goes on with another one.
const PATIENCE: Duration = Duration::from_secs(1);

/// The protocol of a comparison's cluster.
///
/// Each server has a client of its own, which runs on it: it stops with the server, and is cut off with it.
/// It hands the server one write after the other. So no policy of clients, which server they ask next and how
/// long they wait, gets into the figures. Servers from `servers` on are controllers, without clients.
pub(crate) struct Servers {
    start: StartReplica,
    servers: usize,
    shared: Arc<Shared>,
}

/// What the clients of all servers share.
pub(crate) struct Shared {
    pub timeline: Arc<Mutex<Timeline>>,
    next_write: AtomicU64,
    stopped: AtomicBool,
}

impl Shared {
    /// For so many servers.
    pub fn new(servers: usize) -> Arc<Self> {
        let timeline = Arc::new(Mutex::new(Timeline::new(servers)));
        Arc::new(Self { timeline, next_write: AtomicU64::new(1), stopped: AtomicBool::new(false) })
    }

    /// Tells all clients to stop.
    pub fn stop_clients(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Acquire)
    }

    fn next_write(&self) -> u64 {
        self.next_write.fetch_add(1, Ordering::Relaxed)
    }
}

impl Servers {
    /// Replicas that `start` starts, on the first `servers` servers.
    pub fn new(start: StartReplica, servers: usize, shared: &Arc<Shared>) -> Self {
        Self { start, servers, shared: Arc::clone(shared) }
    }
}

impl Protocol for Servers {
    type Instance = dyn Replica;

    fn invariants(&self, _servers: usize) -> Vec<Box<dyn Invariant>> {
        vec![Box::new(Recorder::new(&self.shared.timeline))]
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn Replica>> {
        let events = env.events();
        let outcomes = Arc::new(Outcomes::new(events.clone()));
        let StartedReplica { replica, services } = (self.start)(env, self.servers, &outcomes)?;
        if env.me() < self.servers {
            observe(env, &replica, events.clone());
            let (shared, it) = (Arc::clone(&self.shared), Arc::clone(&replica));
            env.run("client", move || write(&shared, &*it, &outcomes));
            let (shared, it) = (Arc::clone(&self.shared), Arc::clone(&replica));
            env.run("reader", move || read(&shared, &*it, &events));
        } else {
            let kept = Arc::clone(&replica);
            env.when_quiet(move || {
                let _ = &kept;
            });
        }
        Some(StartedNode { instance: replica, services })
    }

    fn stop(instance: &dyn Replica) {
        instance.stop();
    }
}

/// Emits an event when the server, at rest, sees the leadership in another way than before.
fn observe(env: &NodeEnv<'_>, replica: &Arc<dyn Replica>, events: EventSource) {
    let (replica, mut last) = (Arc::clone(replica), None);
    env.when_quiet(move || {
        let view = replica.view();
        if last != Some(view) {
            last = Some(view);
            events.emit(&Observation::Viewed(view));
        }
    });
}

/// A client that writes.
fn write(shared: &Shared, replica: &dyn Replica, outcomes: &Outcomes) {
    while shared.goes_on() {
        thread::sleep(THINK);
        let write = shared.next_write();
        if replica.submit(write) {
            outcomes.wait(write, PATIENCE);
        }
    }
}

/// A client that reads the last write that was acknowledged anywhere.
fn read(shared: &Shared, replica: &dyn Replica, events: &EventSource) {
    while shared.goes_on() {
        thread::sleep(THINK);
        let last = shared.timeline.lock().last_acknowledged;
        if let Some(seen) = last.and_then(|write| replica.sees(write)) {
            events.emit(&Observation::Read { stale: !seen });
        }
    }
}
