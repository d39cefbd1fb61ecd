//! [`Cluster`]: the servers of a test, and everything that a test does to them.
//!
//! In this file: how a test begins and ends, calls into a server, and figures. Crash and restart are in
//! `lives`, who can talk to whom in `links`, who leads in `checkers`, agreement on commands in
//! `agreement`, chance in `dice`, what no test of the course does in `extras`.

mod agreement;
mod checkers;
mod dice;
mod extras;
mod links;
mod lives;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use labapi::{State, Term};
use labrpc::{Network, Observer};
use labrt::thread;
use labrt::world::{Backend, FailureKind, Node, World};
use parking_lot::Mutex;
use persister::Persister;

pub use agreement::{Committed, Retry, Waited};

use crate::calls::Calls;
use crate::meter::{Figures, Meter};
use crate::oracle::Watch;
use crate::program::Program;
use crate::raft::RaftPeers;
use crate::words::Lived;
use dice::Dice;

/// The time in which the tests expect a leader to be elected: much longer than the paper's, as the
/// course's.
pub const ELECTION_TIMEOUT: Duration = Duration::from_millis(1000);

/// The virtual time that a test may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(120);

/// How often a test on real threads waits, at its end, until each oracle has seen something.
const LAST_LOOKS: u32 = 250;

/// How many threads that wait for a lock are named when that time is up: the first ones tell the story.
const LOCK_WAITS_SHOWN: usize = 6;

/// The servers of a test, the network between them, and the oracles that watch them.
///
/// What runs on the servers is the program `P`: Raft peers, unless said otherwise. Servers are numbered from 0. A cluster is a handle: clones are the same cluster, so that a test
/// may have clients in threads of their own. What a test expects and does not see ends the run at
/// once, whichever thread it happens in.
pub struct Cluster<P: Program = RaftPeers> {
    pub(crate) inner: Arc<Inner<P>>,
}

impl<P: Program> Clone for Cluster<P> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

pub(crate) struct Inner<P: Program> {
    pub(crate) world: World,
    pub(crate) network: Network,
    pub(crate) program: P,
    servers: Vec<Mutex<Server<P::Instance>>>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) calls: Arc<Calls>,
    dice: Dice,
    meter: Arc<Meter>,
    /// Operations of clients that have begun.
    pub(crate) operations: AtomicU64,
}

/// What stays of a server when it crashes, and its life while it has one.
struct Server<I: ?Sized> {
    lives: u32,
    /// Whether the test wants the server to be reachable.
    connected: bool,
    /// What the server has saved. Replaced by a copy at each crash and each start, so that a
    /// crashed instance's late writes reach nobody.
    persister: Persister,
    /// Names of the latest instance's end points, one for each server.
    ends: Vec<String>,
    life: Option<Life<I>>,
    /// The node of an instance that was told to stop, and may not have.
    halted: Option<Node>,
}

/// A running instance.
struct Life<I: ?Sized> {
    who: Lived,
    node: Node,
    /// Weak, so that the instance is dropped by threads of its own: a destructor that waits for ever
    /// must not make the tester wait. The node keeps it.
    instance: Weak<I>,
}

impl<P: Program> Cluster<P> {
    /// Starts `servers` servers, all connected, over a network that is still reliable.
    pub(crate) fn start(world: &World, program: P, servers: usize, meter: &Arc<Meter>) -> Self {
        let unborn = || {
            Mutex::new(Server {
                lives: 0,
                connected: false,
                persister: Persister::new(),
                ends: Vec::new(),
                life: None,
                halted: None,
            })
        };
        let (network, watch) = (Network::new(world), Watch::new(world, servers));
        network.observe(Arc::clone(&watch) as Arc<dyn Observer>);
        let inner = Inner {
            world: world.clone(),
            network,
            program,
            servers: (0..servers).map(|_| unborn()).collect(),
            watch,
            calls: Arc::new(Calls::default()),
            dice: Dice::new(world),
            meter: Arc::clone(meter),
            operations: AtomicU64::new(0),
        };
        let cluster = Self { inner: Arc::new(inner) };
        cluster.start_all();
        cluster
    }

    /// The test begins: its time and its RPCs are counted from here.
    pub(crate) fn begin(&self, reliable: bool) {
        let Inner { world, network, meter, calls, .. } = &*self.inner;
        meter.begin(world.now(), network.total_count(), network.total_bytes());
        network.set_reliable(reliable);
        network.set_long_delays(P::LONG_DELAYS);
        let (world, calls) = (world.clone(), Arc::clone(calls));
        self.inner.world.later(TIME_LIMIT + Duration::from_nanos(1), move || {
            let limit = TIME_LIMIT.as_secs();
            let mut message =
                format!("expected the test to end within {limit} s; it goes on{}", calls.describe());
            for line in world.lock_waits().iter().take(LOCK_WAITS_SHOWN) {
                message.push_str("\n  ");
                message.push_str(line);
            }
            message.push_str(&world.busiest_calls());
            world.fail_later(FailureKind::Timeout, message);
        });
    }

    /// The test has passed: whatever it left behind is taken down.
    pub(crate) fn end(&self) {
        self.measure();
        self.inner.meter.end(self.inner.world.now());
        if P::HAS_RAFT {
            self.let_oracles_look();
            self.inner.watch.must_have_looked();
        }
        for server in 0..self.n_servers() {
            self.call(server, "kill", |instance| P::kill(&instance));
        }
        self.shutdown_all();
        self.inner.network.cleanup();
    }

    /// On real threads the oracles look every so often, and a short test may end before they have. They are given
    /// the time for it, before anybody says that they saw nothing.
    fn let_oracles_look(&self) {
        let Inner { world, watch, .. } = &*self.inner;
        for _ in 0..LAST_LOOKS {
            if world.backend() == Backend::Simulation || watch.have_looked() {
                return;
            }
            self.sleep(Duration::from_millis(20));
        }
    }

    /// Number of servers.
    #[must_use]
    pub fn n_servers(&self) -> usize {
        self.inner.servers.len()
    }

    /// The server `distance` places after `server`, counting round.
    #[must_use]
    pub fn after(&self, server: usize, distance: usize) -> usize {
        (server + distance) % self.n_servers()
    }

    /// Ends the run: the solution has failed the test. `message` says what was expected, what was
    /// seen, and of which server.
    #[track_caller]
    pub fn fail(&self, message: impl Into<String>) -> ! {
        self.inner.world.fail(FailureKind::Assertion, message.into())
    }

    /// Remarks on something that is suspicious without being a failure.
    pub fn warn(&self, message: impl Into<String>) {
        self.inner.world.warn(message.into());
    }

    /// Lets virtual time pass.
    pub fn sleep(&self, time: Duration) {
        thread::sleep(time);
    }

    /// Virtual time since the start of the run.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.inner.world.now()
    }

    /// Whether the network is reliable.
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.inner.network.is_reliable()
    }

    /// Switches the network between reliable and unreliable.
    pub fn set_reliable(&self, reliable: bool) {
        self.note(|| format!("network: {}", if reliable { "reliable" } else { "unreliable" }));
        self.inner.network.set_reliable(reliable);
    }

    /// Switches on that two replies out of three are held back, for up to 2.2 s.
    pub fn set_long_reordering(&self, reordering: bool) {
        self.note(|| format!("network: long reordering {}", if reordering { "on" } else { "off" }));
        self.inner.network.set_long_reordering(reordering);
    }

    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        self.inner.world.note("tester", text);
    }

    /// Bytes of memory that the run holds. On real threads, those that the process holds.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        self.inner.world.heap_bytes()
    }

    // Calls into a server.

    /// Runs `f` on a thread of the server; `None` if the server is down or goes down meanwhile.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        server: usize,
        what: &'static str,
        f: impl FnOnce(Arc<P::Instance>) -> T + Send + 'static,
    ) -> Option<(Lived, T)> {
        let (who, node, instance) = {
            let server = self.inner.servers[server].lock();
            let life = server.life.as_ref()?;
            (life.who, life.node.clone(), Weak::clone(&life.instance))
        };
        let _underway = self.inner.calls.enter(who, what, self.now());
        let call = move || Some(f(instance.upgrade()?));
        let answer = node.call(what, call).ok()??;
        self.measure();
        Some((who, answer))
    }

    /// The server's term and whether it thinks that it leads; `None` if it is down, or has no Raft.
    #[track_caller]
    pub fn get_state(&self, server: usize) -> Option<State> {
        let watch = Arc::clone(&self.inner.watch);
        // On the server, for the floor must be of the same life as the answer.
        let ask = move |instance| Some((watch.term_floor(server), P::raft(&instance)?.get_state()));
        let (who, answer) = self.call(server, "get_state", ask)?;
        let (floor, state) = answer?;
        self.inner.watch.saw_state(who, floor, state);
        Some(state)
    }

    /// The server's term; `None` if it is down.
    #[track_caller]
    pub fn term_of(&self, server: usize) -> Option<Term> {
        self.get_state(server).map(|state| state.term)
    }

    // Figures.

    /// The most bytes that any server has saved as its Raft state, the snapshot not included. A
    /// server that is down counts with what it left.
    #[must_use]
    pub fn log_size(&self) -> usize {
        self.largest(Persister::raft_state_size)
    }

    /// The most bytes that any server has saved as its snapshot.
    #[must_use]
    pub fn snapshot_size(&self) -> usize {
        self.largest(Persister::snapshot_size)
    }

    fn largest(&self, size: impl Fn(&Persister) -> usize) -> usize {
        self.inner.servers.iter().map(|server| size(&server.lock().persister)).max().unwrap_or(0)
    }

    /// Expects no server to have saved more Raft state than `limit` bytes.
    #[track_caller]
    pub fn check_log_size(&self, limit: usize) {
        let size = self.log_size();
        if size > limit {
            self.fail(format!(
                "expected snapshots to keep every server's saved Raft state at {limit} bytes or below; saw {size}"
            ));
        }
    }

    /// Expects no server to have saved a snapshot of more than `limit` bytes.
    #[track_caller]
    pub fn check_snapshot_size(&self, limit: usize) {
        let size = self.snapshot_size();
        if size > limit {
            self.fail(format!(
                "expected no server to save a snapshot of more than {limit} bytes; saw {size}"
            ));
        }
    }

    /// RPCs that reached the server since it was last started.
    #[must_use]
    pub fn rpc_count(&self, server: usize) -> u64 {
        self.inner.network.count(&name_of(server))
    }

    /// RPCs that reached any server since it was last started.
    #[must_use]
    pub fn rpc_counts(&self) -> u64 {
        (0..self.n_servers()).map(|server| self.rpc_count(server)).sum()
    }

    /// Bytes sent over the network since the start of the run.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.inner.network.total_bytes()
    }

    /// Brings the figures of the report up to date.
    pub(crate) fn measure(&self) {
        let Inner { network, watch, meter, operations, .. } = &*self.inner;
        meter.look(Figures {
            rpcs: network.total_count(),
            bytes: network.total_bytes(),
            commands: watch.max_index().0,
            operations: operations.load(Ordering::Relaxed),
        });
    }
}

/// The server's name in the network.
fn name_of(server: usize) -> String {
    format!("server-{server}")
}
