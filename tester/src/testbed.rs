//! [`Testbed`]: what all clusters of a run share.

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

/// The virtual time that a test may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(120);

/// How often a test on real threads waits, at its end, until each invariant has seen something.
const EXERCISE_ROUNDS: u32 = 250;

/// How often the figures of the report are brought up to date.
const MEASURE_INTERVAL: Duration = Duration::from_millis(10);

/// How many threads that wait for a lock are named when the time is up: the first ones tell the story.
const LOCK_WAITS_SHOWN: usize = 6;

/// A cluster, as far as the testbed knows it.
pub(crate) trait AnyCluster: Send + Sync {
    fn group(&self) -> Group;

    /// Whether the test wants the server to be reachable.
    fn is_connected(&self, server: usize) -> bool;

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
    /// Operations of clients that have begun.
    pub operations: AtomicU64,
    /// All clusters, in the order in which they were made.
    clusters: Mutex<Vec<Arc<dyn AnyCluster>>>,
    /// The names of all clusters.
    groups: Mutex<Vec<&'static str>>,
    bridges: Mutex<Bridges>,
    /// How many clients there were.
    clients: AtomicU32,
    /// When the figures are looked at next.
    measure_at: Mutex<Duration>,
}

impl Testbed {
    pub fn new(world: &World, detail: Detail, meter: &Arc<Meter>) -> Arc<Self> {
        let (network, events) = (Network::new(world), EventStream::new(world, detail));
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

    /// Keeps a cluster until the end of the test, whatever becomes of the test's own handle.
    pub fn add_cluster(&self, cluster: Arc<dyn AnyCluster>) {
        self.clusters.lock().push(cluster);
    }

    fn cluster(&self, name: &str) -> Option<Arc<dyn AnyCluster>> {
        self.clusters.lock().iter().find(|cluster| cluster.group().name() == name).cloned()
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

    /// A server was connected or cut off.
    pub fn update_bridges(&self, group: Group, server: usize) {
        let bridges = self.bridges.lock().of((group, server));
        bridges.iter().for_each(|bridge| self.open_or_close(bridge));
    }

    /// A server is no more: its end points go.
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

    /// A number that no other client of the run has.
    pub fn new_client(&self) -> u32 {
        self.clients.fetch_add(1, Ordering::Relaxed)
    }

    /// The test begins: its time and its RPCs are counted from here.
    pub fn begin(&self, reliable: bool, long_delays: bool) {
        let Self { world, network, meter, calls, .. } = self;
        meter.begin(world.now(), network.total_count(), network.total_bytes());
        network.set_reliable(reliable);
        network.set_long_delays(long_delays);
        let (late_world, calls) = (world.clone(), Arc::clone(calls));
        world.schedule(TIME_LIMIT + Duration::from_nanos(1), move || report_timeout(&late_world, &calls));
    }

    /// The test has passed: whatever it left behind is taken down.
    pub fn end(&self) {
        self.measure();
        self.meter.end(self.world.now());
        self.wait_until_exercised();
        self.events.must_be_exercised();
        let clusters = self.clusters.lock().clone();
        clusters.iter().for_each(|cluster| cluster.stop_all());
        clusters.iter().for_each(|cluster| cluster.crash_all());
        self.network.cleanup();
    }

    /// On real threads servers are looked at every so often, and a short test may end before they have been.
    /// They are given the time for it, before anybody says that nothing was seen.
    fn wait_until_exercised(&self) {
        for _ in 0..EXERCISE_ROUNDS {
            if self.world.backend() == Backend::Simulation || self.events.is_exercised() {
                return;
            }
            labrt::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Brings the figures of the report up to date, now and then: they are needed if the run ends at once.
    pub fn measure_sometimes(&self) {
        let now = self.world.now();
        let mut due = self.measure_at.lock();
        if now >= *due {
            *due = now + MEASURE_INTERVAL;
            drop(due);
            self.measure();
        }
    }

    /// Brings the figures of the report up to date.
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

    /// Something happens in the network.
    #[track_caller]
    pub fn emit_faults(&self, text: &str) {
        self.world.note("tester", || text.to_owned());
        self.events.emit(None, Party::Tester, Kind::Faults(text));
    }

    /// Lets go of the clusters. They know the testbed: without this neither would ever be dropped.
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
