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

use std::sync::{Arc, Weak};
use std::time::Duration;

use labapi::{MakeRaft, Raft, Started, State, Term};
use labrpc::Network;
use labrt::thread;
use labrt::world::{Backend, FailureKind, Node, World};
use parking_lot::Mutex;
use persister::Persister;

pub use agreement::{Committed, Retry, Waited};

use crate::calls::Calls;
use crate::command::Command;
use crate::meter::Meter;
use crate::oracle::Watch;
use crate::recorder::Recorder;
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
/// Servers are numbered from 0. A cluster is a handle: clones are the same cluster, so that a test
/// may have clients in threads of their own. What a test expects and does not see ends the run at
/// once, whichever thread it happens in.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    world: World,
    network: Network,
    make_raft: MakeRaft,
    snapshots: bool,
    servers: Vec<Mutex<Server>>,
    watch: Arc<Watch>,
    calls: Arc<Calls>,
    dice: Dice,
    meter: Arc<Meter>,
}

/// What stays of a server when it crashes, and its life while it has one.
struct Server {
    lives: u32,
    /// Whether the test wants the server to be reachable.
    connected: bool,
    /// What the server has saved. Replaced by a copy at each crash and each start, so that a
    /// crashed instance's late writes reach nobody.
    persister: Persister,
    /// What the latest instance has applied; kept after a crash, until the restart.
    recorder: Arc<Recorder>,
    /// Names of the latest instance's end points, one for each server.
    ends: Vec<String>,
    life: Option<Life>,
}

/// A running instance.
struct Life {
    who: Lived,
    node: Node,
    /// Weak, so that the instance is dropped by threads of its own: a destructor that waits for ever
    /// must not make the tester wait. The oracles' probe keeps it.
    raft: Weak<dyn Raft>,
}

impl Cluster {
    /// Starts `servers` servers, all connected, over a network that is still reliable.
    pub(crate) fn start(
        world: &World,
        make_raft: MakeRaft,
        servers: usize,
        snapshots: bool,
        meter: &Arc<Meter>,
    ) -> Self {
        let watch = Watch::new(world, servers);
        let calls = Arc::new(Calls::default());
        let unborn = |server| {
            let recorder = Recorder::new(Lived { server, life: 0 }, snapshots, world, &watch, &calls);
            let persister = Persister::new();
            Mutex::new(Server {
                lives: 0,
                connected: false,
                persister,
                recorder,
                ends: Vec::new(),
                life: None,
            })
        };
        let servers = (0..servers).map(unborn).collect();
        let inner = Inner {
            world: world.clone(),
            network: Network::new(world),
            make_raft,
            snapshots,
            servers,
            watch,
            calls,
            dice: Dice::new(world),
            meter: Arc::clone(meter),
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
        // A peer that cannot be reached keeps its caller waiting for up to 7 s.
        network.set_long_delays(true);
        let (world, calls) = (world.clone(), Arc::clone(calls));
        self.inner.world.later(TIME_LIMIT + Duration::from_nanos(1), move || {
            let limit = TIME_LIMIT.as_secs();
            let mut message =
                format!("expected the test to end within {limit} s; it goes on{}", calls.describe());
            for line in world.lock_waits().iter().take(LOCK_WAITS_SHOWN) {
                message.push_str("\n  ");
                message.push_str(line);
            }
            world.fail_later(FailureKind::Timeout, message);
        });
    }

    /// The test has passed: whatever it left behind is taken down.
    pub(crate) fn end(&self) {
        self.measure();
        self.inner.meter.end(self.inner.world.now());
        self.let_oracles_look();
        self.inner.watch.must_have_looked();
        for server in 0..self.n_servers() {
            self.call(server, "kill", |raft| raft.kill());
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

    fn note(&self, text: impl FnOnce() -> String) {
        self.inner.world.note("tester", text);
    }

    // Calls into a server.

    /// Runs `f` on a thread of the server; `None` if the server is down or goes down meanwhile.
    fn call<T: Send + 'static>(
        &self,
        server: usize,
        what: &'static str,
        f: impl FnOnce(&dyn Raft) -> T + Send + 'static,
    ) -> Option<(Lived, T)> {
        let (who, node, raft) = {
            let server = self.inner.servers[server].lock();
            let life = server.life.as_ref()?;
            (life.who, life.node.clone(), Weak::clone(&life.raft))
        };
        let _underway = self.inner.calls.enter(who, what, self.now());
        let call = move || Some(f(&*raft.upgrade()?));
        let answer = node.call(what, call).ok()??;
        self.measure();
        Some((who, answer))
    }

    /// Hands a command to the server, connected or not: where the server puts it and in which term,
    /// or `None` if the server is no leader or is down.
    #[track_caller]
    pub fn start_on(&self, server: usize, command: impl Into<Command>) -> Option<Started> {
        let command = command.into();
        self.inner.watch.submit(&command);
        let (who, place) = self.call(server, "start", move |raft| raft.start(command.bytes().to_vec()))?;
        if let Some(place) = place {
            self.inner.watch.accepted(who, place);
        }
        place
    }

    /// The server's term and whether it thinks that it leads; `None` if it is down.
    #[track_caller]
    pub fn get_state(&self, server: usize) -> Option<State> {
        let watch = Arc::clone(&self.inner.watch);
        // On the server, for the floor must be of the same life as the answer.
        let ask = move |raft: &dyn Raft| (watch.term_floor(server), raft.get_state());
        let (who, (floor, state)) = self.call(server, "get_state", ask)?;
        self.inner.watch.saw_term(who, floor, state.term);
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
    fn measure(&self) {
        let Inner { network, watch, meter, .. } = &*self.inner;
        meter.look(network.total_count(), network.total_bytes(), watch.max_index().0);
    }
}

/// The server's name in the network.
fn name_of(server: usize) -> String {
    format!("server-{server}")
}
