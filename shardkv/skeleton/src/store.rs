//! The shards of a group, on one server (part 5A). The rules for versions are those of lab 2.

use labapi::{ConfigNum, GroupId, Holding, SHARDS, StateMachine};
use labrt::sync::{Arc, Mutex};
use serde::{Deserialize, Serialize};

/// What the server shows the tester: see [`labapi::ShardServer::holdings`].
pub(crate) type Shown = [(Holding, ConfigNum); SHARDS];

/// A request to the group. It goes through the log as bytes: `labgob::encode`, `labgob::decode`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    // Your data here (5A): gets and puts, and the three steps of a move.
}

/// The shards of a group.
pub(crate) struct Shards {
    /// The server reads this. Keep it up to date with each request that changes what the group has.
    shown: Arc<Mutex<Shown>>,
    // Your data here (5A): for each shard, whether it is served or frozen, its keys, and the number of the
    // configuration by which it came or went.
}

impl Shards {
    /// Group 1 begins with all shards, by configuration 1. Other groups begin without any.
    pub(crate) fn new(group: GroupId, shown: Arc<Mutex<Shown>>) -> Self {
        Self { shown }
    }
}

impl StateMachine for Shards {
    /// Think of each step of a move arriving twice, late, or from two controllers. The number of the
    /// configuration tells which of them counts.
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        todo!("shardkv::Shards::do_op, part 5A")
    }

    /// All that the group has to know after a crash, and not the keys alone.
    fn snapshot(&self) -> Vec<u8> {
        todo!("shardkv::Shards::snapshot, part 5A")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        todo!("shardkv::Shards::restore, part 5A")
    }
}
