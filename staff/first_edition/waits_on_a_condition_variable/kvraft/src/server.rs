//! One server of the key/value service: a replica of the [`Store`], and what clerks can ask it.

use labapi::{Raft, Replica, ReplicaServer, Rsm, WrongLeader};
use labrpc::Service;
use labrt::sync::Arc;
use serde::de::DeserializeOwned;

use crate::rsm;
use crate::store::{GetAnswer, GetArgs, PutAnswer, PutArgs, Request, Store};

/// One server.
pub(crate) struct KvServer {
    rsm: Arc<dyn Rsm>,
}

/// Starts a server, with what it saved in an earlier life if there was one. Returns at once.
pub(crate) fn make(replica: Replica) -> Arc<dyn ReplicaServer> {
    Arc::new(KvServer { rsm: rsm::make(replica, Box::new(Store::default())) })
}

/// What the clerks can call.
#[labrpc::service]
impl KvServer {
    /// The value and version of a key, if it exists.
    fn get(&self, args: GetArgs) -> Result<GetAnswer, WrongLeader> {
        self.submit(&Request::Get(args))
    }

    /// Puts a value if the version is right.
    fn put(&self, args: PutArgs) -> Result<PutAnswer, WrongLeader> {
        self.submit(&Request::Put(args))
    }
}

impl KvServer {
    /// Has a request done by every replica. `A` is what the store answers to such a request.
    fn submit<A: DeserializeOwned>(&self, request: &Request) -> Result<A, WrongLeader> {
        let request = labgob::encode(request).expect("strings and numbers can be encoded");
        let answer = self.rsm.submit(request)?;
        Ok(labgob::decode(&answer).expect("the answer was encoded by the store"))
    }
}

impl ReplicaServer for KvServer {
    fn raft(&self) -> Arc<dyn Raft> {
        self.rsm.raft()
    }

    fn kill(&self) {
        self.raft().kill(); // with Raft ends the replica
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let mut services = self.raft().services();
        services.push(self.service());
        services
    }
}
