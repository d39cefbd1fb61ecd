//! One server of a group: what clerks and controllers call (part 5A).

use std::collections::BTreeMap;

use labapi::{
    ConfigNum, PutError, Raft, ReplicaServer, Rsm, ShardId, ShardReplica, ShardServer, Version, Versioned,
    WrongLeader,
};
use labrpc::Service;
use labrt::sync::{Arc, Mutex};
use serde::{Deserialize, Serialize};

use crate::store::{Shards, Shown};

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

/// A controller wants the group to do a step of a move.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MoveArgs {
    /// The number of the configuration that moves the shard.
    pub(crate) num: ConfigNum,
    pub(crate) shard: ShardId,
    /// What is installed; empty in the other steps.
    pub(crate) keys: BTreeMap<String, Versioned>,
}

/// Why a group does not do what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    /// It does not serve the shard of the key.
    WrongGroup,
    /// A later configuration has moved the shard.
    OldNumber,
}

/// A server.
pub(crate) struct GroupServer {
    shown: Arc<Mutex<Shown>>,
    /// A replica of the shards.
    replica: Arc<dyn Rsm>,
}

/// Starts a server, or starts it again after a crash. Returns at once.
pub(crate) fn make(args: ShardReplica) -> Arc<dyn ShardServer> {
    let shown = Arc::new(Mutex::new(Shown::default()));
    let store = Box::new(Shards::new(args.group, Arc::clone(&shown)));
    Arc::new(GroupServer { replica: (args.make_rsm)(args.replica, store), shown })
}

/// The RPCs. With `use crate::server::GroupServerClient`, every `ClientEnd` has these methods, with an
/// `Option` of the answer.
#[labrpc::service]
impl GroupServer {
    fn get(&self, args: GetArgs) -> Result<Result<Option<Versioned>, Refusal>, WrongLeader> {
        todo!("shardkv::get, part 5A")
    }

    fn put(&self, args: PutArgs) -> Result<Result<Result<(), PutError>, Refusal>, WrongLeader> {
        todo!("shardkv::put, part 5A")
    }

    /// The old owner serves the shard no longer, and gives out its keys.
    fn freeze_shard(
        &self,
        args: MoveArgs,
    ) -> Result<Result<BTreeMap<String, Versioned>, Refusal>, WrongLeader> {
        todo!("shardkv::freeze_shard, part 5A")
    }

    /// The new owner takes the keys, and serves the shard.
    fn install_shard(&self, args: MoveArgs) -> Result<Result<(), Refusal>, WrongLeader> {
        todo!("shardkv::install_shard, part 5A")
    }

    /// The old owner forgets the shard.
    fn delete_shard(&self, args: MoveArgs) -> Result<Result<(), Refusal>, WrongLeader> {
        todo!("shardkv::delete_shard, part 5A")
    }
}

impl ShardServer for GroupServer {
    fn holdings(&self) -> Shown {
        *self.shown.lock()
    }
}

impl ReplicaServer for GroupServer {
    fn kill(&self) {
        self.replica.raft().kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let of_raft = self.replica.raft().services();
        of_raft.into_iter().chain([self.service()]).collect()
    }

    fn raft(&self) -> Arc<dyn Raft> {
        self.replica.raft()
    }
}
