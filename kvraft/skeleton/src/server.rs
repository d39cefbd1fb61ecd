//! One server of the service: what clerks call (part 4B).

use labapi::{PutError, Raft, Replica, ReplicaServer, Rsm, Version, Versioned, WrongLeader};
use labrpc::Service;
use labrt::sync::Arc;
use serde::{Deserialize, Serialize};

use crate::rsm;
use crate::store::Store;

/// A client wants the value of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GetArgs {
    pub(crate) key: String,
}

/// A client wants to replace the value of a key, if it still has this version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PutArgs {
    pub(crate) key: String,
    /// 0: the key must not exist yet.
    pub(crate) version: Version,
    pub(crate) value: String,
}

/// A server.
pub(crate) struct KvServer {
    /// A replica of the store.
    store: Arc<dyn Rsm>,
}

/// Starts a server, or starts it again after a crash. Returns at once.
pub(crate) fn make(replica: Replica) -> Arc<dyn ReplicaServer> {
    let store = rsm::make(replica, Box::new(Store::default()));
    Arc::new(KvServer { store })
}

/// The RPCs that clerks call. With `use crate::server::KvServerClient`, every `ClientEnd` has these methods,
/// with an `Option` of the answer.
#[labrpc::service]
impl KvServer {
    fn get(&self, args: GetArgs) -> Result<Option<Versioned>, WrongLeader> {
        todo!("kvraft::get, part 4B")
    }

    fn put(&self, args: PutArgs) -> Result<Result<(), PutError>, WrongLeader> {
        todo!("kvraft::put, part 4B")
    }
}

impl ReplicaServer for KvServer {
    fn kill(&self) {
        self.store.raft().kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let of_raft = self.store.raft().services();
        of_raft.into_iter().chain([self.service()]).collect()
    }

    fn raft(&self) -> Arc<dyn Raft> {
        self.store.raft()
    }
}
