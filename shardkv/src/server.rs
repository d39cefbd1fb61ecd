//! One server of a group: a replica of the [`Store`], and the RPCs for clerks and controllers.

use labapi::{Raft, ReplicaServer, Rsm, ShardReplica, ShardServer, WrongLeader};
use labrpc::Service;
use labrt::sync::{Arc, Mutex};
use serde::de::DeserializeOwned;

use crate::messages::{
    DeleteArgs, FreezeAnswer, FreezeArgs, GetAnswer, GetArgs, InstallArgs, PutAnswer, PutArgs, Request,
    StepAnswer,
};
use crate::store::{Holdings, Store};

/// One server.
pub(crate) struct GroupServer {
    rsm: Arc<dyn Rsm>,
    holdings: Arc<Mutex<Holdings>>,
}

/// Starts a server, with what an earlier incarnation saved if there was one. Returns at once.
pub(crate) fn make(args: ShardReplica) -> Arc<dyn ShardServer> {
    let holdings: Arc<Mutex<Holdings>> = Arc::default();
    let store = Store::new(args.group, holdings.clone());
    Arc::new(GroupServer { rsm: (args.make_rsm)(args.replica, Box::new(store)), holdings })
}

/// The RPCs. Each is a request in the log of the group.
#[labrpc::service]
impl GroupServer {
    /// The value and version of a key, if it exists.
    fn get(&self, args: GetArgs) -> Result<GetAnswer, WrongLeader> {
        self.submit(&Request::Get(args))
    }

    /// Puts a value if the version is right.
    fn put(&self, args: PutArgs) -> Result<PutAnswer, WrongLeader> {
        self.submit(&Request::Put(args))
    }

    /// Stops serving a shard, and gives out its keys.
    fn freeze_shard(&self, args: FreezeArgs) -> Result<FreezeAnswer, WrongLeader> {
        self.submit(&Request::Freeze(args))
    }

    /// Serves a shard from now on.
    fn install_shard(&self, args: InstallArgs) -> Result<StepAnswer, WrongLeader> {
        self.submit(&Request::Install(args))
    }

    /// Forgets a shard.
    fn delete_shard(&self, args: DeleteArgs) -> Result<StepAnswer, WrongLeader> {
        self.submit(&Request::Delete(args))
    }
}

impl GroupServer {
    /// Has a request done by every replica. `A` is what the store answers to such a request.
    fn submit<A: DeserializeOwned>(&self, request: &Request) -> Result<A, WrongLeader> {
        let request = labgob::encode(request).expect("strings and numbers can be encoded");
        let answer = self.rsm.submit(request)?;
        Ok(labgob::decode(&answer).expect("the answer was encoded by the store"))
    }
}

impl ReplicaServer for GroupServer {
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

impl ShardServer for GroupServer {
    fn holdings(&self) -> Holdings {
        *self.holdings.lock()
    }
}
