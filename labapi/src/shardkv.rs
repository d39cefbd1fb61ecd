//! [`ShardKv`]: lab 5, a key/value service whose keys are spread over groups of servers.

mod config;

use std::sync::Arc;

use labrpc::ClientEnd;

use crate::{Clerk, MakeRsm, Replica, ReplicaServer};
pub use config::{Config, ConfigNum, GroupId, ParseConfigError, SHARDS, ShardId};

/// Makes an end point to the server of this name, as it stands in a [`Config`]. Each call makes a new end
/// point; keep it for as long as the server may be called.
///
/// # Panics
///
/// Panics if there never was a server of that name.
pub type DialServer = Arc<dyn Fn(&str) -> ClientEnd + Send + Sync>;

/// What a group has of a shard, on one of its servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holding {
    /// The shard, whose keys the group reads and writes.
    Serving,
    /// A copy of the shard. It moves to another group, and its keys do not change any more.
    Frozen,
    /// Nothing: the shard was never installed here, or it was deleted.
    #[default]
    Absent,
}

/// A server of a shard group: its interface for the tester.
pub trait ShardServer: ReplicaServer {
    /// What this server has of each shard, and the number of the configuration by which that came about; by
    /// the requests that it has executed so far.
    ///
    /// The tester compares the groups by it: no shard is served by two. It must not wait for other servers.
    fn holdings(&self) -> [(Holding, ConfigNum); SHARDS];
}

/// The arguments for making a server of a shard group.
pub struct ShardReplica {
    /// The group. Group 1 begins as the owner of all shards, by configuration 1; all other groups begin
    /// without any.
    pub group: GroupId,
    /// Makes the replicated state machine of the group (lab 4).
    pub make_rsm: MakeRsm,
    /// The replica, with the state that earlier incarnations saved.
    pub replica: Replica,
}

/// The controller of the groups: a library over a clerk of the service that keeps the configurations.
///
/// There may be several controllers at a time, and each may be cut off or end at any moment. They agree by
/// the versions of the keys that they put.
pub trait ShardController: Send + Sync {
    /// Takes up a change that an earlier controller has begun and not finished. Called before any other
    /// method, except where the controller is the first.
    fn init(&self);

    /// Stores the first configuration.
    fn init_config(&self, config: &Config);

    /// Moves the shards to the groups that own them by `config`, which is the next one after the present
    /// configuration, and makes it the present one. Waits until that is done, also for groups that are down.
    ///
    /// If another controller has changed the configuration meanwhile, or has begun to, `config` is dropped.
    fn change_config_to(&self, config: &Config);

    /// The present configuration.
    ///
    /// # Panics
    ///
    /// Panics if there is none yet.
    fn query(&self) -> Config;
}

/// Constructors that a lab 5 solution provides. None of them may wait.
#[derive(Clone, Copy)]
pub struct ShardKv {
    /// Makes a server of a shard group, with the state that earlier incarnations saved.
    pub make_server: fn(ShardReplica) -> Arc<dyn ShardServer>,
    /// Makes a controller. The clerk is that of the service which keeps the configurations.
    pub make_controller: fn(DialServer, Arc<dyn Clerk>) -> Arc<dyn ShardController>,
    /// Makes a clerk of the whole service. It asks the controller which group owns a key.
    pub make_clerk: fn(DialServer, Arc<dyn ShardController>) -> Arc<dyn Clerk>,
}
