//! [`Protocol`]: the program on the servers of a [`Cluster`](crate::Cluster).

use std::fmt::Display;
use std::sync::Arc;

use labrpc::{ClientEnd, Service};
use labrt::world::{Node, World};
use persister::{Persister, Storage};

use crate::calls::Calls;
use crate::event::{EventSource, Incarnation};
use crate::invariant::Invariant;
use crate::rule::Analysis;

/// The program that each server of a cluster runs, and what the tester has to know of it.
///
/// A cluster starts and crashes incarnations of servers, whatever the protocol. Leaders, agreement and
/// invariants belong to the protocol: it observes its instances, emits [events](crate::Event), and names the
/// [invariants](Invariant) that subscribe to them. A protocol without a leader or a log leaves those out.
pub trait Protocol: Send + Sync + Sized + 'static {
    /// The instance that the solution runs on a server, in one incarnation.
    type Instance: ?Sized + Send + Sync + 'static;

    /// Whether a call to a server that cannot be reached takes up to 7 s (as in the Raft tests) instead of up
    /// to 0.1 s. For the whole network; the cluster that a test begins with decides.
    const LONG_DELAYS: bool = false;

    /// The invariants of a cluster that begins with `servers` servers, in the order in which they judge an
    /// event.
    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        let _ = servers;
        Vec::new()
    }

    /// The analyses of a cluster that begins with `servers` servers: they say which rules a solution breaks.
    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        let _ = servers;
        Vec::new()
    }

    /// Starts an incarnation; `None` if the server crashes while it starts.
    ///
    /// The solution's code runs on threads of the server, see [`NodeEnv::make`], and not on the caller's.
    /// Something on the server must keep the instance: a service, a thread, a probe.
    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<Self::Instance>>;

    /// Tells an instance that it is no longer needed. Called on a thread of the server.
    fn stop(instance: &Self::Instance);

    /// Commands committed so far, for the report.
    fn commands(&self) -> u64 {
        0
    }
}

/// A server that is about to start an incarnation, and its surroundings.
pub struct NodeEnv<'a> {
    pub(crate) world: &'a World,
    pub(crate) calls: &'a Arc<Calls>,
    pub(crate) node: &'a Node,
    pub(crate) peers: Vec<ClientEnd>,
    pub(crate) storage: Storage,
    pub(crate) dialer: Dialer,
    pub(crate) events: EventSource,
}

/// Makes end points to servers: of the same cluster, those among them that join later, and of other clusters.
#[derive(Clone)]
pub struct Dialer {
    pub(crate) dial: Arc<Dial>,
}

/// Makes an end point to a server of the cluster of that name, or of the server's own cluster.
pub(crate) type Dial = dyn Fn(Option<&str>, usize) -> ClientEnd + Send + Sync;

impl Dialer {
    /// A new end point to the server of this number. It follows the links of the cluster, present and future.
    ///
    /// # Panics
    ///
    /// Panics if there is no such server.
    #[must_use]
    pub fn dial(&self, server: usize) -> ClientEnd {
        (self.dial)(None, server)
    }

    /// A new end point to the server of this number in the cluster of this name. It reaches it while both
    /// servers are connected in their clusters.
    ///
    /// # Panics
    ///
    /// Panics if there is no such server.
    #[must_use]
    pub fn dial_to(&self, cluster: &str, server: usize) -> ClientEnd {
        (self.dial)(Some(cluster), server)
    }
}

impl NodeEnv<'_> {
    /// The server.
    #[must_use]
    pub fn who(&self) -> Incarnation {
        self.events.who()
    }

    /// The server's number in its cluster.
    #[must_use]
    pub fn me(&self) -> usize {
        self.who().server
    }

    /// An end point to each server that the cluster has now, by number, its own included.
    #[must_use]
    pub fn peers(&self) -> Vec<ClientEnd> {
        self.peers.clone()
    }

    /// Makes end points to servers that join later, and to those of other clusters.
    #[must_use]
    pub fn dialer(&self) -> Dialer {
        self.dialer.clone()
    }

    /// The server's storage: what it has saved, and where it saves.
    #[must_use]
    pub fn storage(&self) -> Storage {
        self.storage.clone()
    }

    /// The same, as labs 3 and 4 see it.
    #[must_use]
    pub fn persister(&self) -> Persister {
        Persister::on(self.storage())
    }

    /// The source of this server's events.
    #[must_use]
    pub fn events(&self) -> EventSource {
        self.events.clone()
    }

    /// Runs the solution's constructor `what`, on a thread of the server; `None` if the server crashes
    /// meanwhile.
    pub fn make<T: Send + 'static>(
        &self,
        what: &'static str,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _underway = self.calls.enter(self.who(), what, self.world.now());
        self.node.call("make", make).ok()
    }

    /// Starts a thread of the tester on the server. It ends with the incarnation.
    pub fn run(&self, name: &'static str, body: impl FnOnce() + Send + 'static) {
        self.node.run(name, body);
    }

    /// Calls `look` each time the server's threads have come to rest, on a thread of the server that does not
    /// count as one of them. It may call the solution. There is one such probe for each incarnation.
    ///
    /// On real threads it is not known when a server is at rest: the probe is called every 20 ms.
    pub fn when_quiet(&self, look: impl FnMut() + Send + 'static) {
        self.node.when_quiet("probe", look);
    }

    /// Adds a line to the log of a recorded run.
    pub fn note(&self, text: impl Display) {
        self.world.note("tester", || text.to_string());
    }
}

/// An incarnation that has just started.
pub struct StartedNode<I: ?Sized> {
    /// The instance that the solution made.
    pub instance: Arc<I>,
    /// The services that it offers over the network.
    pub services: Vec<Service>,
}
