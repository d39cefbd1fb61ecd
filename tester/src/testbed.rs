//! [`Testbed`]: the network, the event stream and the figures that all clusters of a run share.

mod bridges;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use labrpc::{ClientEnd, Network, Observer};
use labrt::world::{Backend, FailureKind, World};
use parking_lot::Mutex;

use crate::calls::Calls;
use crate::event::{Detail, EventStream, Group, Incarnation, Kind, Party};
use crate::meter::{Figures, Meter};
use bridges::{Bridge, Bridges};

/// The virtual time limit of a test.
pub const TIME_LIMIT: Duration = Duration::from_secs(120);

/// The number of times that a test on real threads waits, at its end, until each invariant has been
/// exercised.
const EXERCISE_ROUNDS: u32 = 250;

/// The interval at which the figures of the report are updated.
const MEASURE_INTERVAL: Duration = Duration::from_millis(10);

/// The number of threads waiting for a lock that the message of a timeout names: the first ones suffice.
const LOCK_WAITS_SHOWN: usize = 6;

/// A cluster, as far as the testbed knows it.
pub(crate) trait AnyCluster: Send + Sync {
    fn group(&self) -> Group;

    /// Whether the test wants the server to be reachable.
    fn is_connected(&self, server: usize) -> bool;

    /// The number of the server of this name in the network, if it is one of this cluster.
    fn server_at(&self, address: &str) -> Option<usize>;

    /// Makes an end point of `owner` to a server, still disabled; returns its name and itself.
    fn make_end(&self, owner: Party, to: usize) -> (String, ClientEnd);

    /// Commands that it has committed, for the report.
    fn commands(&self) -> u64;

    /// Tells all servers to stop.
    fn stop_all(&self);

    /// Crashes all servers.
    fn crash_all(&self);
}

/// The network and the stream of events of a run, with the figures of its report.
pub(crate) struct Testbed {
    pub world: World,
    pub network: Network,
    pub events: Arc<EventStream>,
    pub calls: Arc<Calls>,
    meter: Arc<Meter>,
    /// The number of client operations that have begun.
    pub operations: AtomicU64,
    /// All clusters, in the order of their creation.
    clusters: Mutex<Vec<Arc<dyn AnyCluster>>>,
    /// The names of all clusters.
    groups: Mutex<Vec<&'static str>>,
    bridges: Mutex<Bridges>,
    /// The number of clients so far.
    clients: AtomicU32,
    /// The time of the next update of the figures.
    measure_at: Mutex<Duration>,
}

impl Testbed {
    pub fn new(world: &World, detail: Detail, strict: bool, meter: &Arc<Meter>) -> Arc<Self> {
        let (network, events) = (Network::new(world), EventStream::new(world, detail, strict));
        network.observe(Arc::clone(&events) as Arc<dyn Observer>);
        Arc::new(Self {
            world: world.clone(),
            network,
            events,
            calls: Arc::default(),
            meter: Arc::clone(meter),
            operations: AtomicU64::new(0),
            clusters: Mutex::default(),
            groups: Mutex::default(),
            bridges: Mutex::default(),
            clients: AtomicU32::new(0),
            measure_at: Mutex::default(),
        })
    }

    /// A group for the next cluster.
    ///
    /// # Panics
    ///
    /// Panics if there is a cluster of that name.
    pub fn new_group(&self, name: &'static str) -> Group {
        let mut groups = self.groups.lock();
        assert!(!groups.contains(&name), "there are two clusters called {name:?}");
        groups.push(name);
        Group { number: u16::try_from(groups.len() - 1).expect("a test has few clusters"), name }
    }

    /// Keeps a cluster until the end of the test, even if the test drops its own handle.
    pub fn add_cluster(&self, cluster: Arc<dyn AnyCluster>) {
        self.clusters.lock().push(cluster);
    }

    fn cluster(&self, name: &str) -> Option<Arc<dyn AnyCluster>> {
        self.clusters.lock().iter().find(|cluster| cluster.group().name() == name).cloned()
    }

    /// Makes an end point of `owner`, still disabled, to the server of this name in the network; returns its
    /// name and itself. `None` if there never was a server of that name.
    pub fn make_end_to(&self, owner: Party, address: &str) -> Option<(String, ClientEnd)> {
        let clusters = self.clusters.lock().clone();
        clusters.iter().find_map(|cluster| Some(cluster.make_end(owner, cluster.server_at(address)?)))
    }

    /// Makes an end point of a server to one of another cluster.
    ///
    /// # Panics
    ///
    /// Panics if there is no such server.
    pub fn bridge(&self, from: Incarnation, cluster: &str, to: usize) -> ClientEnd {
        let target =
            self.cluster(cluster).unwrap_or_else(|| panic!("there is no cluster called {cluster:?}"));
        let (name, end) = target.make_end(from.into(), to);
        let bridge = self.bridges.lock().add(name, from, (target.group(), to));
        self.open_or_close(&bridge);
        end
    }

    /// Updates the end points that depend on a server, which was connected or disconnected.
    pub fn update_bridges(&self, group: Group, server: usize) {
        let bridges = self.bridges.lock().of((group, server));
        bridges.iter().for_each(|bridge| self.open_or_close(bridge));
    }

    /// Deletes the end points of a server whose incarnation has ended.
    pub fn delete_bridges(&self, group: Group, server: usize) {
        let bridges = self.bridges.lock().take_from((group, server));
        bridges.iter().for_each(|bridge| self.network.delete_end(&bridge.name));
    }

    fn open_or_close(&self, bridge: &Bridge) {
        let is_connected = |(group, server): (Group, usize)| {
            self.cluster(group.name()).is_some_and(|cluster| cluster.is_connected(server))
        };
        self.network.enable(&bridge.name, is_connected(bridge.from) && is_connected(bridge.to));
    }

    /// A client number that is unique in the run.
    pub fn new_client(&self) -> u32 {
        self.clients.fetch_add(1, Ordering::Relaxed)
    }

    /// Begins the test: its time and its RPCs are counted from here.
    pub fn begin(&self, reliable: bool, long_delays: bool) {
        let Self { world, network, meter, calls, .. } = self;
        meter.begin(world.now(), network.total_count(), network.total_bytes());
        self.events.begin();
        network.set_reliable(reliable);
        network.set_long_delays(long_delays);
        let (late_world, calls) = (world.clone(), Arc::clone(calls));
        world.schedule(TIME_LIMIT + Duration::from_nanos(1), move || report_timeout(&late_world, &calls));
    }

    /// Ends a test that has passed: checks that all invariants were exercised, and takes the clusters down.
    pub fn end(&self) {
        self.measure();
        self.meter.end(self.world.now());
        self.events.end();
        self.wait_until_exercised();
        self.events.must_be_exercised();
        let clusters = self.clusters.lock().clone();
        clusters.iter().for_each(|cluster| cluster.stop_all());
        clusters.iter().for_each(|cluster| cluster.crash_all());
        self.network.cleanup();
    }

    /// Waits until all invariants have been exercised, on real threads: servers are probed at intervals
    /// there, and a short test may end before the first probe.
    fn wait_until_exercised(&self) {
        for _ in 0..EXERCISE_ROUNDS {
            if self.world.backend() == Backend::Simulation || self.events.is_exercised() {
                return;
            }
            labrt::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Updates the figures of the report if an interval has passed. They are needed if the run ends at once.
    pub fn measure_sometimes(&self) {
        let now = self.world.now();
        let mut due = self.measure_at.lock();
        if now >= *due {
            *due = now + MEASURE_INTERVAL;
            drop(due);
            self.measure();
        }
    }

    /// Updates the figures of the report.
    pub fn measure(&self) {
        let clusters = self.clusters.lock().clone();
        let commands = clusters.iter().map(|cluster| cluster.commands()).sum();
        self.meter.update(Figures {
            rpcs: self.network.total_count(),
            bytes: self.network.total_bytes(),
            commands,
            operations: self.operations.load(Ordering::Relaxed),
        });
    }

    /// Emits an event of the network.
    #[track_caller]
    pub fn emit_faults(&self, text: &str) {
        self.world.note("tester", || text.to_owned());
        self.events.emit(None, Party::Tester, Kind::Faults(text));
    }

    /// Drops the clusters. They refer to the testbed, so neither would be dropped without this.
    pub fn release_clusters(&self) {
        self.network.cleanup();
        let clusters = std::mem::take(&mut *self.clusters.lock());
        drop(clusters);
    }
}

fn report_timeout(world: &World, calls: &Calls) {
    let limit = TIME_LIMIT.as_secs();
    let mut message = format!("expected the test to end within {limit} s; it goes on{}", calls.describe());
    for line in world.lock_waits().iter().take(LOCK_WAITS_SHOWN) {
        message.push_str("\n  ");
        message.push_str(line);
    }
    message.push_str(&world.busiest_calls());
    world.fail_later(FailureKind::Timeout, message);
}
