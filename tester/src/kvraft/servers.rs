//! [`KvServers`]: a replica of the key/value service on each server.

use std::sync::Arc;

use labapi::{Clerk, KvRaft, MakeRaft, Raft, ReplicaServer};
use labrpc::ClientEnd;

use crate::key_value::{Clients, KeyValueProgram};
use crate::linearizability::Budget;
use crate::program::{Birth, Booted, Program};

/// The program of parts 4B and 4C.
pub struct KvServers {
    make_raft: MakeRaft,
    solution: KvRaft,
    max_raft_state: Option<usize>,
    clients: Clients,
}

impl KvServers {
    pub(crate) fn new(
        make_raft: MakeRaft,
        solution: KvRaft,
        max_raft_state: Option<usize>,
        budget: Budget,
    ) -> Self {
        Self { make_raft, solution, max_raft_state, clients: Clients::new(budget) }
    }

    /// About how many bytes of Raft state may be saved before a snapshot has to make them fewer.
    pub(super) fn max_raft_state(&self) -> Option<usize> {
        self.max_raft_state
    }
}

impl Program for KvServers {
    type Instance = dyn ReplicaServer;

    const LONG_DELAYS: bool = false;
    const HAS_RAFT: bool = true;

    fn boot(&self, birth: Birth<'_>) -> Option<Booted<dyn ReplicaServer>> {
        let make_server = self.solution.make_server;
        let replica = birth.replica(self.make_raft, self.max_raft_state);
        birth.watch.begin_life(birth.who);
        let (server, raft, services) = birth.make("make_server", move || {
            let server = make_server(replica);
            let (raft, services) = (server.raft(), Arc::clone(&server).services());
            (server, raft, services)
        })?;
        birth.keep(&server, raft);
        Some(Booted { instance: server, services })
    }

    fn raft(instance: &Arc<dyn ReplicaServer>) -> Option<Arc<dyn Raft>> {
        Some(instance.raft())
    }

    fn kill(instance: &dyn ReplicaServer) {
        instance.kill();
    }
}

impl KeyValueProgram for KvServers {
    fn clerk_maker(&self) -> impl Fn(Vec<ClientEnd>) -> Arc<dyn Clerk> + Send + 'static {
        self.solution.make_clerk
    }

    fn clients(&self) -> &Clients {
        &self.clients
    }
}
