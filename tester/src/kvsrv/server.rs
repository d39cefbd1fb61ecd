//! [`KvServer`]: the single key/value server.

use std::sync::Arc;

use labapi::{Clerk, KvSrv, Lock, Raft};
use labrpc::ClientEnd;

use crate::key_value::{Clients, KeyValueProgram};
use crate::linearizability::Budget;
use crate::program::{Birth, Booted, Program};

/// The program of lab 2.
pub struct KvServer {
    solution: KvSrv,
    clients: Clients,
}

impl KvServer {
    pub(crate) fn new(solution: KvSrv, budget: Budget) -> Self {
        Self { solution, clients: Clients::new(budget) }
    }

    /// Makes the lock of this name for the client whose clerk it is.
    pub(super) fn lock_maker(&self) -> fn(Arc<dyn Clerk>, &str) -> Box<dyn Lock> {
        self.solution.make_lock
    }
}

impl Program for KvServer {
    /// Nobody asks a server of lab 2 anything but what clerks do.
    type Instance = ();

    const LONG_DELAYS: bool = false;
    const HAS_RAFT: bool = false;

    fn boot(&self, birth: Birth<'_>) -> Option<Booted<()>> {
        let services = birth.make("make_server", self.solution.make_server)?;
        Some(Booted { instance: Arc::new(()), services })
    }

    fn raft(_: &Arc<()>) -> Option<Arc<dyn Raft>> {
        None
    }

    fn kill((): &()) {}
}

impl KeyValueProgram for KvServer {
    fn clerk_maker(&self) -> impl Fn(Vec<ClientEnd>) -> Arc<dyn Clerk> + Send + 'static {
        let make_clerk = self.solution.make_clerk;
        move |mut ends| make_clerk(ends.pop().expect("there is one server"))
    }

    fn clients(&self) -> &Clients {
        &self.clients
    }
}
