//! [`KvServer`]: the single key/value server.

use std::sync::Arc;

use labapi::{Clerk, KvSrv, Lock};
use labrpc::ClientEnd;

use super::lock_rules::Locks;
use crate::invariant::Invariant;
use crate::key_value::{Answers, ClerkProtocol, ClientLinks, Clients, KeyValueAnalysis};
use crate::linearizability::KeyValue;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::rule::Analysis;

/// The protocol of lab 2: a single server, which agrees with nobody.
pub struct KvServer {
    solution: KvSrv,
    clients: Clients,
}

impl KvServer {
    pub(crate) fn new(solution: KvSrv) -> Self {
        Self { solution, clients: Clients::default() }
    }

    /// Makes the lock of this name for the client with this clerk.
    pub(super) fn lock_maker(&self) -> fn(Arc<dyn Clerk>, &str) -> Box<dyn Lock> {
        self.solution.make_lock
    }
}

impl Protocol for KvServer {
    /// A server of lab 2 is called by clerks only.
    type Instance = ();

    fn invariants(&self, _: usize) -> Vec<Box<dyn Invariant>> {
        vec![Box::new(Answers::default())]
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        vec![Box::new(KeyValueAnalysis::new(servers)), Box::new(Locks::default())]
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<()>> {
        let services = env.make("make_server", self.solution.make_server)?;
        Some(StartedNode { instance: Arc::new(()), services })
    }

    fn stop((): &()) {}
}

impl ClerkProtocol for KvServer {
    type Service = KeyValue;

    fn clerk_maker(
        &self,
        _: &Arc<ClientLinks>,
    ) -> impl Fn(Vec<ClientEnd>) -> Arc<dyn Clerk> + Send + 'static {
        let make_clerk = self.solution.make_clerk;
        move |mut ends| make_clerk(ends.pop().expect("there is one server"))
    }

    fn clients(&self) -> &Clients {
        &self.clients
    }
}
