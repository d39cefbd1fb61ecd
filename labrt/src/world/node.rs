//! [`Node`]: one incarnation of a server, from its start to its crash.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::{World, oneshot};
use crate::run::ids::TESTER;
use crate::thread::{JoinHandle, spawn_on};
use crate::wait::Wait;

/// One incarnation of a server: the threads that are killed together. Clones are the same node.
#[derive(Clone)]
pub struct Node {
    world: World,
    id: u32,
    name: Arc<str>,
}

/// The valid clock rates, in parts per million of the run's.
const CLOCK_RATES: RangeInclusive<u32> = 100_000..=10_000_000;

/// The error of a call whose node was killed before it returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeDied;

impl fmt::Display for NodeDied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server was killed during the call")
    }
}
impl std::error::Error for NodeDied {}

impl Node {
    pub(super) fn new(world: World, id: u32, name: Arc<str>) -> Self {
        Self { world, id, name }
    }

    /// The node's number, which is unique in the run; the tester's own node has 0. See
    /// [`current_node`](super::current_node).
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The name given to [`World::node`].
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the node has not been killed.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.world.in_run(|context| context.is_node_alive(self.id))
    }

    /// Starts a thread on the node. On a dead node the thread never runs. No scheduling point.
    pub fn spawn<F, T>(&self, name: &'static str, body: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        spawn_on(self.id, Cow::Borrowed(name), None, body)
    }

    /// As [`spawn`](Self::spawn), but without a handle, which is cheaper.
    pub fn run(&self, name: &'static str, body: impl FnOnce() + Send + 'static) {
        self.world.in_run(|context| context.spawn(self.id, Cow::Borrowed(name), None, false, Box::new(body)));
    }

    /// Calls `body` on a thread of the node and waits for its result. A scheduling point.
    ///
    /// # Errors
    ///
    /// The node is dead, or is killed before `body` returns.
    pub fn call<F, T>(&self, name: &'static str, body: F) -> Result<T, NodeDied>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (result, receiver) = oneshot::channel();
        self.world.in_run(|context| context.scheduling_point());
        self.run(name, move || result.send(body()));
        receiver.recv_in(Wait::Call(self.id)).ok_or(NodeDied)
    }

    /// Kills the node: from now on its threads only unwind. Returns when all of them have ended. A thread
    /// that cannot be stopped is abandoned with a warning: in a simulation as soon as it cannot continue, on
    /// real threads after two seconds. Killing a dead node does nothing.
    ///
    /// # Panics
    ///
    /// Panics on the tester's own node.
    pub fn kill(&self) {
        self.world.in_run(|context| context.kill(self.id));
    }

    /// As [`kill`](Self::kill), but in the middle of the node's work: after its threads have passed `points`
    /// more scheduling points, or after `timeout` if they pass fewer.
    ///
    /// # Panics
    ///
    /// Panics on the tester's own node, and while another thread waits in this method.
    pub fn kill_after(&self, points: u32, timeout: Duration) {
        self.world.in_run(|context| context.kill_after(self.id, points, context.deadline(timeout)));
    }

    /// Brings the crash forward that a call of [`kill_after`](Self::kill_after) waits for: it comes after
    /// `points` more scheduling points of the node's threads, or earlier if it was due earlier. Does nothing
    /// if there is no such call. No scheduling point.
    pub fn hasten_kill(&self, points: u32) {
        self.world.in_run(|context| context.hasten_kill(self.id, points));
    }

    /// Suspends the node's threads. Their timers continue, and those that expire meanwhile take effect when
    /// the node is resumed.
    ///
    /// # Panics
    ///
    /// Panics on the tester's own node.
    pub fn pause(&self) {
        assert!(self.id != TESTER, "the tester cannot pause itself");
        self.world.in_run(|context| context.pause(self.id));
    }

    /// Resumes the threads of a paused node.
    pub fn resume(&self) {
        self.world.in_run(|context| context.resume(self.id));
    }

    /// Sets the rate of the node's clock from now on, in parts per million of the run's clock. Every node
    /// starts with 1,000,000; at 1,100,000 its clock is 10 % too fast.
    ///
    /// The node's clock determines its [`Instant`](crate::time::Instant)s, sleeps and timeouts, and the
    /// channels of [`after`](crate::channel::after) and [`tick`](crate::channel::tick) that it receives from.
    /// Changing the rate never makes the clock jump; waits that have begun end when the clock shows their
    /// time. Instants of different nodes cannot be compared. Everything else uses the run's clock: the
    /// tester, events, the log. The server's next incarnation is another node, with a clock of its own.
    ///
    /// # Panics
    ///
    /// Panics on the tester's own node, and if the rate is outside 100,000..=10,000,000.
    pub fn set_clock_rate(&self, per_million: u32) {
        assert!(self.id != TESTER, "the tester keeps the run's time");
        assert!(
            CLOCK_RATES.contains(&per_million),
            "clock rate {per_million} ppm is outside 100,000..=10,000,000"
        );
        self.world.in_run(|context| context.set_clock_rate(self.id, per_million));
    }

    /// Calls `probe` whenever threads of the node have run and all of them wait again.
    ///
    /// The probe runs on a thread of the node that does not count as activity, and may call lab code. While
    /// it waits there, it is not called again. A node has at most one probe.
    ///
    /// On real threads the quiet moments are not known: the probe is called every 20 ms, while other threads
    /// may be in the middle of an operation.
    pub fn when_quiet(&self, name: &'static str, mut probe: impl FnMut() + Send + 'static) {
        let id = self.id;
        let world = self.world.clone();
        let body = move || {
            loop {
                world.in_run(|context| context.wait_quiet(id));
                probe();
            }
        };
        self.world.in_run(|context| context.spawn(id, Cow::Borrowed(name), None, true, Box::new(body)));
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        (&self.world, self.id) == (&other.world, other.id)
    }
}
impl Eq for Node {}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({}: {})", self.id, self.name)
    }
}
