//! [`Program`]: what runs on the servers of a [`Cluster`](crate::Cluster).

use std::sync::Arc;

use labapi::{LogIndex, MakeRaft, Raft, Replica};
use labrpc::{ClientEnd, Service};
use labrt::world::{Node, World};
use persister::Persister;

use crate::calls::Calls;
use crate::oracle::Watch;
use crate::words::Lived;

/// What runs on each server, and what the cluster has to know of it.
///
/// There is one for each lab: Raft peers with a recording service, replicas of a counter, key/value servers over
/// Raft, and the single key/value server.
pub trait Program: Send + Sync + Sized + 'static {
    /// One of them, in one life.
    type Instance: ?Sized + Send + Sync + 'static;

    /// Whether a call to a server that cannot be reached takes up to 7 s (as in the Raft tests) instead of up to 0.1 s.
    const LONG_DELAYS: bool;

    /// Whether there is a Raft peer on each server.
    const HAS_RAFT: bool;

    /// Gives a server a life; `None` if it died while it was born.
    fn boot(&self, birth: Birth<'_>) -> Option<Booted<Self::Instance>>;

    /// The Raft peer of an instance.
    fn raft(instance: &Arc<Self::Instance>) -> Option<Arc<dyn Raft>>;

    /// Tells an instance that it is no longer needed.
    fn kill(instance: &Self::Instance);
}

/// A server about to be born, and the world that it is born to.
pub struct Birth<'a> {
    pub(crate) world: &'a World,
    pub(crate) watch: &'a Arc<Watch>,
    pub(crate) calls: &'a Arc<Calls>,
    pub(crate) node: &'a Node,
    pub(crate) who: Lived,
    /// An end point to each server.
    pub(crate) peers: Vec<ClientEnd>,
    pub(crate) persister: Persister,
}

impl Birth<'_> {
    /// What a replica on the server is made from.
    pub(crate) fn replica(&self, make_raft: MakeRaft, max_raft_state: Option<usize>) -> Replica {
        Replica {
            make_raft,
            peers: self.peers.clone(),
            me: self.who.server,
            persister: self.persister.clone(),
            max_raft_state,
        }
    }

    /// Has the oracles look at the Raft of an instance, and keeps the instance for as long as its node lives. What it applies they
    /// cannot see.
    pub(crate) fn keep<I: ?Sized + Send + Sync + 'static>(&self, instance: &Arc<I>, raft: Arc<dyn Raft>) {
        let kept = Arc::clone(instance);
        self.watch.probe(self.who, self.node, raft, move || {
            let _ = &kept;
            LogIndex(0)
        });
    }

    /// Runs the solution's constructor `what`, on a thread of the server; `None` if the server dies of it.
    pub(crate) fn make<T: Send + 'static>(
        &self,
        what: &'static str,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _underway = self.calls.enter(self.who, what, self.world.now());
        self.node.call("make", make).ok()
    }
}

/// A server that was just born.
pub struct Booted<I: ?Sized> {
    pub(crate) instance: Arc<I>,
    pub(crate) services: Vec<Service>,
}
