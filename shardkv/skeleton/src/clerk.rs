//! The clerk: how a client finds the group of a key, and asks it (part 5A).

use labapi::{Config, DialServer, PutError, ShardController, Version, Versioned};
use labrt::sync::{Arc, Mutex};

/// One client's clerk.
struct Clerk {
    /// Tells the present configuration.
    controller: Arc<dyn ShardController>,
    /// The configuration that was read last.
    config: Mutex<Config>,
    /// Makes a `ClientEnd` to a server of a group. Keep the ends: each call makes a new one.
    dial: DialServer,
}

/// Makes a clerk for a client.
pub(crate) fn make(dial: DialServer, controller: Arc<dyn ShardController>) -> Arc<dyn labapi::Clerk> {
    let config = Mutex::new(Config::default());
    Arc::new(Clerk { controller, config, dial })
}

/// `ShardId::of` tells the shard of a key, and `Config::owner` the servers of its group. When the group is
/// the wrong one, or none of its servers answers, the configuration may be old: read it again, after a pause.
impl labapi::Clerk for Clerk {
    fn get(&self, key: &str) -> Option<Versioned> {
        todo!("shardkv::Clerk::get, part 5A")
    }

    /// As in lab 4, with one thing more: what was sent to the group before may have been done there, and
    /// moved.
    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        todo!("shardkv::Clerk::put, part 5A")
    }
}
