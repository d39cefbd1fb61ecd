//! [`Replica`]: a server of any protocol, as the comparison sees it.

use std::collections::BTreeSet;
use std::sync::Arc;

use labrpc::Service;
use tester::NodeEnv;

use crate::outcomes::Outcomes;

/// A write. Each has another number.
pub type Write = u64;

/// A server of a protocol: what an adapter has to offer.
///
/// Every method may be called from any thread of the server at any time, and none of them waits for other
/// servers. A protocol that takes no writes leaves those methods out.
pub trait Replica: Send + Sync {
    /// How the server sees the leadership at this moment.
    fn view(&self) -> View;

    /// Hands the server a write. Returns whether the server takes it. Then the adapter says at some time that
    /// it is acknowledged, or that it has failed for good ([`Outcomes`]); or the outcome stays unknown.
    fn submit(&self, write: Write) -> bool {
        let _ = write;
        false
    }

    /// Whether a client that reads at this server now sees the write; `None` if the server does not answer
    /// reads by itself, or not now.
    fn sees(&self, write: Write) -> Option<bool> {
        let _ = write;
        None
    }

    /// All writes that the server holds as done.
    fn writes(&self) -> BTreeSet<Write> {
        BTreeSet::new()
    }

    /// Stops the server, which is no longer needed.
    fn stop(&self);
}

/// A server's view of the leadership.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Whether the server says that it leads.
    pub leads: bool,
    /// The generation in which it does: term, ballot, epoch. `None` if the protocol has none.
    pub generation: Option<u64>,
    /// What all servers that follow the same leader have in common: its term, or its number. `None`: the
    /// server follows nobody.
    pub allegiance: Option<u64>,
}

impl View {
    /// The view of a server in a protocol in which all that are in one generation follow the same leader.
    #[must_use]
    pub fn in_generation(generation: u64, leads: bool) -> Self {
        Self { leads, generation: Some(generation), allegiance: Some(generation) }
    }
}

/// A replica that has just started.
pub struct StartedReplica {
    /// The replica.
    pub replica: Arc<dyn Replica>,
    /// The services that it offers to the other servers.
    pub services: Vec<Service>,
}

/// Starts an incarnation of a replica on a server; `None` if the server crashes meanwhile. It is told how
/// many servers take part.
pub type StartReplica =
    Arc<dyn Fn(&NodeEnv<'_>, usize, &Arc<Outcomes>) -> Option<StartedReplica> + Send + Sync>;
