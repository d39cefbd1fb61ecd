//! [`Node`]: a server, from the start of one life to its end.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::{World, oneshot};
use crate::run::ids::TESTER;
use crate::thread::{JoinHandle, spawn_on};
use crate::wait::Wait;

/// One life of a server: the threads that die together. Clones are the same node.
#[derive(Clone)]
pub struct Node {
    world: World,
    id: u32,
    name: Arc<str>,
}

/// The rates that a clock can have, per million of the run's.
const CLOCK_RATES: RangeInclusive<u32> = 100_000..=10_000_000;

/// A call did not return, because its node was killed.
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

    /// The node's number, which no other node of the run has; the tester's own is 0. See
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

    /// Whether it has not been killed.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.world.in_run(|context| context.is_node_alive(self.id))
    }

    /// Starts a thread on the node. On a dead node it never runs. No scheduling point.
    pub fn spawn<F, T>(&self, name: &'static str, body: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        spawn_on(self.id, Cow::Borrowed(name), None, body)
    }

    /// As [`spawn`](Self::spawn), when nobody waits for the thread: cheaper.
    pub fn run(&self, name: &'static str, body: impl FnOnce() + Send + 'static) {
        self.world.in_run(|context| context.spawn(self.id, Cow::Borrowed(name), None, false, Box::new(body)));
    }

    /// Calls `body` on a thread of the node and waits for what it returns. A scheduling point.
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

    /// Kills the node: from this moment its threads do nothing any more but unwind. Returns when all are
    /// gone; one that cannot be stopped is abandoned, with a warning: in a simulation as soon as that is
    /// clear, on real threads after two seconds. Killing a dead node does nothing.
    ///
    /// # Panics
    ///
    /// Panics on the tester's own node.
    pub fn kill(&self) {
        self.world.in_run(|context| context.kill(self.id));
    }

    /// As [`kill`](Self::kill), but in the midst of what the node does: when its threads have passed `points`
    /// more scheduling points, or after `timeout` if they rest before.
    ///
    /// # Panics
    ///
    /// Panics on the tester's own node, and while another thread waits in this method.
    pub fn kill_after(&self, points: u32, timeout: Duration) {
        self.world.in_run(|context| context.kill_after(self.id, points, context.deadline(timeout)));
    }

    /// Stops the node's threads where they are; their timers go on and are due when they are resumed.
    ///
    /// # Panics
    ///
    /// Panics on the tester's own node.
    pub fn pause(&self) {
        assert!(self.id != TESTER, "the tester cannot pause itself");
        self.world.in_run(|context| context.pause(self.id));
    }

    /// Lets the threads of a paused node go on.
    pub fn resume(&self) {
        self.world.in_run(|context| context.resume(self.id));
    }

    /// Lets the node's clock go at another rate from now on: in a million of the run's seconds `per_million`
    /// of the node's pass. 1,000,000 is the run's own rate, which every node has at first; at 1,100,000 the
    /// clock is a tenth too fast.
    ///
    /// On the node's clock are its [`Instant`](crate::time::Instant)s, its sleeps, its time-outs, and the
    /// channels of [`after`](crate::channel::after) and [`tick`](crate::channel::tick) that it receives from.
    /// The clock neither jumps nor goes back when its rate changes, and waits that have begun end when it
    /// shows their time. So moments of one node mean nothing on another one. Everything else is in the run's
    /// time: the tester, events, the log. The server's next life is another node, with a clock of its own.
    ///
    /// # Panics
    ///
    /// Panics on the tester's own node, and unless the rate is from 100,000 (a tenth) to 10,000,000
    /// (tenfold).
    pub fn set_clock_rate(&self, per_million: u32) {
        assert!(self.id != TESTER, "the tester keeps the run's time");
        assert!(
            CLOCK_RATES.contains(&per_million),
            "a clock that goes at {per_million} in a million is none"
        );
        self.world.in_run(|context| context.set_clock_rate(self.id, per_million));
    }

    /// Lets `probe` look at the node each time when its threads have run and all of them wait again.
    ///
    /// The probe runs on a thread of the node, which does not count as one of those, and may call lab code.
    /// If it has to wait there, nobody looks until it can go on. A node has one probe at the most.
    ///
    /// On real threads nobody knows when a node is at rest: the probe looks every 20 ms, and other threads
    /// may be in the middle of something.
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
