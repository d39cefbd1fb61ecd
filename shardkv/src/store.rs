//! The state machine of a group: all shards.

use labapi::{ConfigNum, GroupId, Holding, SHARDS, ShardId, StateMachine};
use labrt::sync::{Arc, Mutex};

use crate::messages::Request;
use crate::shard::Shard;

/// What the server has of each shard, and by which configuration.
pub(crate) type Holdings = [(Holding, ConfigNum); SHARDS];

/// One replica's copy of the shards.
pub(crate) struct Store {
    shards: [Shard; SHARDS],
    /// What the server may see of the shards. The store itself belongs to the replica's thread.
    seen: Arc<Mutex<Holdings>>,
}

impl Store {
    /// The shards that a group begins with: all of them, or none.
    pub(crate) fn new(group: GroupId, seen: Arc<Mutex<Holdings>>) -> Self {
        let shards = match group {
            GroupId::FIRST => std::array::from_fn(|_| Shard::new(ConfigNum::FIRST)),
            _ => Default::default(),
        };
        let store = Self { shards, seen };
        store.show();
        store
    }

    fn shard(&mut self, ShardId(number): ShardId) -> &mut Shard {
        &mut self.shards[number]
    }

    fn show(&self) {
        *self.seen.lock() = std::array::from_fn(|number| self.shards[number].holding());
    }
}

impl StateMachine for Store {
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        let request = labgob::decode(request).expect("all requests were encoded by a server");
        match request {
            Request::Get(args) => labgob::encode(&self.shard(ShardId::of(&args.key)).get(&args.key)),
            Request::Put(args) => labgob::encode(&self.shard(ShardId::of(&args.key)).put(args)),
            Request::Freeze(args) => {
                let answer = self.shard(args.shard).freeze(args.num);
                self.show();
                labgob::encode(&answer)
            }
            Request::Install(args) => {
                let answer = self.shard(args.shard).install(args.keys, args.num);
                self.show();
                labgob::encode(&answer)
            }
            Request::Delete(args) => {
                let answer = self.shard(args.shard).delete(args.num);
                self.show();
                labgob::encode(&answer)
            }
        }
        .expect("strings and numbers can be encoded")
    }

    fn snapshot(&self) -> Vec<u8> {
        labgob::encode(&self.shards).expect("strings and numbers can be encoded")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        self.shards = labgob::decode(snapshot).expect("these bytes were made by `snapshot`");
        self.show();
    }
}
