//! [`Cluster`]: the servers of a test, and the operations of a test on them.
//!
//! The cluster is independent of the protocol. This file has its construction, calls into a server, and
//! figures. Start and crash are in `incarnations`, servers that join and leave in `members`, links and
//! partitions in `links`, partitions that come and go in `partitioner`, random draws in `chance`, faults
//! beyond the course's in `faults`. Operations of one protocol, such as checking for a leader or for
//! agreement, are in the folder of that protocol.

mod chance;
mod drawn;
mod faults;
mod incarnations;
mod link_table;
mod links;
mod members;
mod partitioner;
mod test_rng;

use std::sync::{Arc, Weak};
use std::time::Duration;

use labrpc::{ClientEnd, Network};
use labrt::thread;
use labrt::world::{FailureKind, Node, World};
use parking_lot::Mutex;
use persister::Storage;

use crate::event::{Group, Incarnation, Kind, Party};
use crate::protocol::Protocol;
use crate::testbed::{AnyCluster, Testbed};
pub use drawn::Drawn;
use link_table::LinkTable;
pub(crate) use partitioner::Partitioner;
use test_rng::TestRng;

/// The time in which the tests expect a leader to be elected: much longer than the paper's, as the
/// course's.
pub const ELECTION_TIMEOUT: Duration = Duration::from_millis(1000);

/// Servers that run the same protocol, and the operations of a test on them.
///
/// Servers are numbered from 0. Several clusters may share the network of a run, see
/// [`another`](Self::another). A cluster is a handle: clones are the same cluster, so that a test may have
/// clients in threads of their own. A failed expectation ends the run at once, whichever thread it happens
/// in.
pub struct Cluster<P: Protocol> {
    pub(crate) inner: Arc<Inner<P>>,
}

impl<P: Protocol> Clone for Cluster<P> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

pub(crate) struct Inner<P: Protocol> {
    pub(crate) testbed: Arc<Testbed>,
    pub(crate) group: Group,
    pub(crate) protocol: P,
    servers: Mutex<Vec<Server<P::Instance>>>,
    links: Mutex<LinkTable>,
    rng: TestRng,
}

/// The state of a server that survives a crash, and its present incarnation if it has one.
struct Server<I: ?Sized> {
    incarnations: u32,
    /// Whether the test wants the server to be reachable.
    connected: bool,
    /// Whether it has left the cluster.
    has_left: bool,
    /// The server's storage. It is replaced by a copy at each crash and each start, so that late writes of a
    /// crashed instance reach nobody.
    storage: Storage,
    running: Option<Running<I>>,
    /// The node of an instance that was told to stop; its threads may still run.
    halted: Option<(Incarnation, Node)>,
}

impl<I: ?Sized> Server<I> {
    fn new() -> Self {
        Self {
            incarnations: 0,
            connected: false,
            has_left: false,
            storage: Storage::new(),
            running: None,
            halted: None,
        }
    }
}

/// An incarnation that has started and not crashed.
struct Running<I: ?Sized> {
    who: Incarnation,
    node: Node,
    /// Weak, so that the instance is dropped by threads of its own: a destructor that never returns must not
    /// block the tester. The node keeps the instance.
    instance: Weak<I>,
}

impl<P: Protocol> AnyCluster for Cluster<P> {
    fn group(&self) -> Group {
        self.inner.group
    }

    fn is_connected(&self, server: usize) -> bool {
        Cluster::is_connected(self, server)
    }

    fn server_at(&self, address: &str) -> Option<usize> {
        (0..self.n_servers()).find(|&server| self.address(server) == address)
    }

    fn make_end(&self, owner: Party, to: usize) -> (String, ClientEnd) {
        Cluster::make_end(self, owner, to)
    }

    fn commands(&self) -> u64 {
        self.inner.protocol.commands()
    }

    fn stop_all(&self) {
        for server in 0..self.n_servers() {
            self.call(server, "kill", |_, instance| P::stop(&instance));
        }
    }

    fn crash_all(&self) {
        self.shutdown_all();
    }
}

impl<P: Protocol> Cluster<P> {
    /// Starts `servers` servers, all connected, over a network that is still reliable.
    pub(crate) fn start(testbed: &Arc<Testbed>, name: &'static str, protocol: P, servers: usize) -> Self {
        let group = testbed.new_group(name);
        for invariant in protocol.invariants(servers) {
            testbed.events.subscribe(group, invariant);
        }
        testbed.events.analyse(group, protocol.analyses(servers));
        for server in 0..servers {
            testbed.events.add_server(group, server);
        }
        let inner = Inner {
            testbed: Arc::clone(testbed),
            group,
            protocol,
            servers: Mutex::new((0..servers).map(|_| Server::new()).collect()),
            links: Mutex::default(),
            rng: TestRng::new(&testbed.world, group),
        };
        let cluster = Self { inner: Arc::new(inner) };
        testbed.add_cluster(Arc::new(cluster.clone()));
        cluster.start_all();
        cluster
    }

    /// Starts another cluster, of any protocol, on the network of this one. Messages put its name before its
    /// servers' numbers. It has invariants of its own, and random streams of its own for faults, load, pauses
    /// and names; the network draws delays and losses for all clusters from the same streams. It is taken
    /// down at the end of the test.
    ///
    /// # Panics
    ///
    /// Panics if there is a cluster of that name. The first one's name is empty.
    #[must_use]
    pub fn another<Q: Protocol>(&self, name: &'static str, protocol: Q, servers: usize) -> Cluster<Q> {
        Cluster::start(&self.inner.testbed, name, protocol, servers)
    }

    /// The protocol that the servers run.
    #[must_use]
    pub fn protocol(&self) -> &P {
        &self.inner.protocol
    }

    pub(crate) fn world(&self) -> &World {
        &self.inner.testbed.world
    }

    pub(crate) fn network(&self) -> &Network {
        &self.inner.testbed.network
    }

    /// The number of servers that the cluster ever had. Those that left are included, and are down.
    #[must_use]
    pub fn n_servers(&self) -> usize {
        self.inner.servers.lock().len()
    }

    /// The server `distance` positions after `server`, modulo the number of servers.
    #[must_use]
    pub fn after(&self, server: usize, distance: usize) -> usize {
        (server + distance) % self.n_servers()
    }

    /// Fails the test and ends the run. `message` says what was expected, what was seen, and of which server.
    #[track_caller]
    pub fn fail(&self, message: impl Into<String>) -> ! {
        self.world().fail(FailureKind::Assertion, message.into())
    }

    /// Warns of something that is suspicious without being a failure.
    pub fn warn(&self, message: impl Into<String>) {
        self.world().warn(message.into());
    }

    /// Lets virtual time pass.
    pub fn sleep(&self, time: Duration) {
        thread::sleep(time);
    }

    /// Virtual time since the start of the run.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.world().now()
    }

    /// Whether the network is reliable.
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.network().is_reliable()
    }

    /// Switches the network between reliable and unreliable.
    pub fn set_reliable(&self, reliable: bool) {
        let text = if reliable { "network: reliable" } else { "network: unreliable" };
        self.inner.testbed.emit_faults(text);
        self.network().set_reliable(reliable);
    }

    /// Switches long reordering: two replies out of three are delayed by up to 2.2 s.
    pub fn set_long_reordering(&self, reordering: bool) {
        let text = if reordering { "network: long reordering on" } else { "network: long reordering off" };
        self.inner.testbed.emit_faults(text);
        self.network().set_long_reordering(reordering);
    }

    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        self.world().note("tester", text);
    }

    /// Emits an event of a server.
    #[track_caller]
    fn emit(&self, who: Incarnation, kind: Kind<'_>) {
        self.inner.testbed.events.emit(Some(who.group), who.into(), kind);
    }

    /// The present incarnation of a server, or the last one if it is down.
    fn incarnation(&self, server: usize) -> Incarnation {
        let number = self.inner.servers.lock()[server].incarnations;
        Incarnation { group: self.inner.group, server, number }
    }

    /// Bytes of memory that the run holds. On real threads, those that the process holds.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        self.world().heap_bytes()
    }

    // Calls into a server.

    /// Runs `f` on a thread of the server, with its instance; `None` if the server is down or crashes
    /// meanwhile. `what` is the call's name in the message of a test that exceeds its time limit during it.
    pub fn call<T: Send + 'static>(
        &self,
        server: usize,
        what: &'static str,
        f: impl FnOnce(Incarnation, Arc<P::Instance>) -> T + Send + 'static,
    ) -> Option<(Incarnation, T)> {
        let (who, node, instance) = {
            let servers = self.inner.servers.lock();
            let running = servers[server].running.as_ref()?;
            (running.who, running.node.clone(), Weak::clone(&running.instance))
        };
        let _underway = self.inner.testbed.calls.enter(who, what, self.now());
        let call = move || Some(f(who, instance.upgrade()?));
        let answer = node.call(what, call).ok()??;
        self.measure();
        Some((who, answer))
    }

    // Figures.

    /// The server's storage. While the server runs, it is the very storage that the server saves to.
    #[must_use]
    pub fn storage(&self, server: usize) -> Storage {
        self.inner.servers.lock()[server].storage.clone()
    }

    /// RPCs that reached the server since it was last started.
    #[must_use]
    pub fn rpc_count(&self, server: usize) -> u64 {
        self.network().count(&self.address(server))
    }

    /// RPCs that reached any server since it was last started.
    #[must_use]
    pub fn rpc_counts(&self) -> u64 {
        (0..self.n_servers()).map(|server| self.rpc_count(server)).sum()
    }

    /// Bytes sent over the network since the start of the run.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.network().total_bytes()
    }

    /// Brings the figures of the report up to date.
    pub(crate) fn measure(&self) {
        self.inner.testbed.measure_sometimes();
    }

    /// The server's name in the network.
    pub(crate) fn address(&self, server: usize) -> String {
        let name = self.inner.group.name();
        if name.is_empty() { format!("server-{server}") } else { format!("{name}-server-{server}") }
    }
}
