//! [`Client`]: a client of the service, on a node of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::{PutError, Version, Versioned};
use labrt::world::Node;

use super::links::ClientLinks;
use super::{ClerkOf, ClerkProtocol, KeyValueProtocol, OperationLog, ServiceModel};
use crate::Cluster;
use crate::event::Party;

/// A client with a clerk of its own, on a node of its own.
///
/// It has one operation under way at a time. Its operations are recorded in the history of the test.
pub struct Client<P: ClerkProtocol> {
    cluster: Cluster<P>,
    number: u32,
    node: Node,
    clerk: Arc<ClerkOf<P>>,
    /// The number of its changes that have been done, or may have been.
    changes: Arc<AtomicU64>,
    /// Names of its end points, one for each server.
    ends: Vec<String>,
    /// Its end points to servers of other clusters.
    links: Arc<ClientLinks>,
}

/// The reason why a call on a client's node returns.
const ALIVE: &str = "the node of a client is killed when the client leaves, and not before";

impl<P: ClerkProtocol> Cluster<P> {
    /// A new client that reaches all servers.
    #[must_use]
    pub fn client(&self) -> Client<P> {
        let everyone: Vec<usize> = (0..self.n_servers()).collect();
        self.client_to(&everyone)
    }

    /// A new client that reaches these servers only, until it [is connected to all](Client::connect_all).
    #[must_use]
    pub fn client_to(&self, reached: &[usize]) -> Client<P> {
        let clients = self.protocol().clients();
        let number = self.inner.testbed.new_client();
        let network = self.network();
        let node = self.world().node(format!("client {number}"));
        let (ends, servers) = self.make_ends_of_client(number);
        for &server in reached {
            network.enable(&ends[server], true);
        }
        let links = ClientLinks::new(&self.inner.testbed, number);
        let make_clerk = self.protocol().clerk_maker(&links);
        let clerk = node.call("make_clerk", move || make_clerk(servers)).expect(ALIVE);
        let changes: Arc<AtomicU64> = Arc::default();
        let log = OperationLog {
            client: number,
            world: self.world().clone(),
            history: Arc::clone(&clients.history),
            events: Arc::clone(&self.inner.testbed.events),
            group: self.inner.group,
            changes: Arc::clone(&changes),
        };
        let clerk = P::Service::logged(clerk, log);
        Client { cluster: self.clone(), number, node, clerk, changes, ends, links }
    }
}

impl<P: ClerkProtocol> Client<P> {
    /// The client's number in messages, from 0.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Calls the clerk, on the client's node. `what` is the call's name in the message of a test that exceeds
    /// its time limit during it.
    pub fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        question: impl FnOnce(Arc<ClerkOf<P>>) -> T + Send + 'static,
    ) -> T {
        let testbed = &self.cluster.inner.testbed;
        testbed.operations.fetch_add(1, Ordering::Relaxed);
        let _underway = testbed.calls.enter(Party::Client(self.number), what, testbed.world.now());
        let clerk = Arc::clone(&self.clerk);
        let answer = self.node.call(what, move || question(clerk));
        self.cluster.measure();
        answer.expect(ALIVE)
    }

    /// Calls the clerk, on a thread of the client's node that nobody waits for. It ends when the client
    /// [leaves](Self::leave), at the latest.
    pub(crate) fn ask_in_background(
        &self,
        what: &'static str,
        question: impl FnOnce(Arc<ClerkOf<P>>) + Send + 'static,
    ) {
        self.cluster.inner.testbed.operations.fetch_add(1, Ordering::Relaxed);
        let clerk = Arc::clone(&self.clerk);
        self.node.run(what, move || question(clerk));
    }

    /// Makes more clerks on the client's node, each with end points of its own. Their operations are not
    /// recorded.
    pub(crate) fn more_clerks(&self, count: usize) -> Vec<Arc<ClerkOf<P>>> {
        let network = self.cluster.network();
        let mut ends = Vec::with_capacity(count);
        for _ in 0..count {
            let (names, servers) = self.cluster.make_ends_of_client(self.number);
            for name in &names {
                network.enable(name, true);
            }
            ends.push(servers);
        }
        let make_clerk = self.cluster.protocol().clerk_maker(&self.links);
        self.node.call("make_clerk", move || ends.into_iter().map(make_clerk).collect()).expect(ALIVE)
    }

    /// Connects the client to all servers.
    pub fn connect_all(&self) {
        for end in &self.ends {
            self.cluster.network().enable(end, true);
        }
    }

    /// Cuts the client off from the servers that it has found by their names, or connects it again.
    pub(crate) fn set_cut(&self, is_cut: bool) {
        self.links.set_cut(is_cut);
    }

    /// Removes the client, with its threads and its end points.
    pub fn leave(self) {
        self.node.kill();
        for end in &self.ends {
            self.cluster.network().delete_end(end);
        }
        self.links.delete();
    }

    /// The number of the client's changes that have been done, or may have been.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    pub(crate) fn cluster(&self) -> &Cluster<P> {
        &self.cluster
    }
}

impl<P: KeyValueProtocol> Client<P> {
    /// The value and version of a key; `None` if it does not exist.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Versioned> {
        let key = key.to_owned();
        self.ask("get", move |clerk| clerk.get(&key))
    }

    /// See [`labapi::Clerk::put`].
    ///
    /// # Errors
    ///
    /// Those of the clerk.
    pub fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.ask("put", move |clerk| clerk.put(&key, &value, version))
    }
}
