//! One server of the service: a replica of the [`Store`], and the RPCs for clerks.

use labapi::{MakeRsm, Raft, Replica, ReplicaServer, Rsm, WrongLeader};
use labrpc::Service;
use labrt::sync::Arc;
use serde::de::DeserializeOwned;

use crate::store::{ChangeArgs, GetArgs, Request, Store};

/// One server.
pub(crate) struct AppendServer {
    rsm: Arc<dyn Rsm>,
}

/// Starts a server, with what an earlier incarnation saved if there was one. Returns at once.
pub(crate) fn make(replica: Replica, make_rsm: MakeRsm) -> Arc<dyn ReplicaServer> {
    Arc::new(AppendServer { rsm: make_rsm(replica, Box::<Store>::default()) })
}

/// The RPCs that the clerks call. After "wrong leader" the request may have been executed, or may yet be.
#[labrpc::service]
impl AppendServer {
    /// The text of a key.
    fn get(&self, args: GetArgs) -> Result<String, WrongLeader> {
        self.submit(&Request::Get(args))
    }

    /// Replaces the text of a key, if this was not done before.
    fn put(&self, args: ChangeArgs) -> Result<(), WrongLeader> {
        self.submit(&Request::Put(args))
    }

    /// Adds to the text of a key, if this was not done before.
    fn append(&self, args: ChangeArgs) -> Result<(), WrongLeader> {
        self.submit(&Request::Append(args))
    }
}

impl AppendServer {
    /// Has a request executed by every replica. `A` is what the store answers to such a request.
    fn submit<A: DeserializeOwned>(&self, request: &Request) -> Result<A, WrongLeader> {
        let request = labgob::encode(request).expect("strings and numbers can be encoded");
        let answer = self.rsm.submit(request)?;
        Ok(labgob::decode(&answer).expect("the answer was encoded by the store"))
    }
}

impl ReplicaServer for AppendServer {
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
