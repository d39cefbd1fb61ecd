//! The clerk: finds the group of a key, asks until there is an answer, and knows what the answer is worth.

use std::collections::BTreeMap;

use labapi::{
    Config, DialServer, GroupId, PutError, ShardController, ShardId, Version, Versioned, WrongLeader,
};
use labrpc::ClientEnd;
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::time::Duration;

use crate::group::{Asked, Group};
use crate::messages::{GetArgs, PutArgs, WrongGroup};
use crate::server::GroupServerClient;

/// How long a clerk waits before it looks for the group of a key again: a move or an election takes some
/// time.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// A client's way to the service.
struct Clerk {
    dial: DialServer,
    controller: Arc<dyn ShardController>,
    known: Mutex<Knowledge>,
}

/// What the clerk knows of the groups.
#[derive(Default)]
struct Knowledge {
    config: Config,
    /// The groups of this configuration that the clerk has asked.
    groups: BTreeMap<GroupId, Arc<Group>>,
}

/// Makes a clerk, which knows no configuration yet.
pub(crate) fn make(dial: DialServer, controller: Arc<dyn ShardController>) -> Arc<dyn labapi::Clerk> {
    Arc::new(Clerk { dial, controller, known: Mutex::default() })
}

impl labapi::Clerk for Clerk {
    fn get(&self, key: &str) -> Option<Versioned> {
        let args = GetArgs { key: key.to_owned() };
        let (answer, _) = self.ask(key, |server| server.get(&args));
        answer
    }

    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let args = PutArgs { key: key.to_owned(), value: value.to_owned(), version };
        let (answer, perhaps_done) = self.ask(key, |server| server.put(&args));
        match answer {
            // Perhaps an earlier transmission was done, in this group or in an earlier owner of the shard.
            Err(PutError::Version) if perhaps_done => Err(PutError::Maybe),
            certain => certain,
        }
    }
}

impl Clerk {
    /// Asks the group of the key until it answers. Returns the answer, and whether the request may have been
    /// done before.
    fn ask<T>(
        &self,
        key: &str,
        call: impl Fn(&ClientEnd) -> Option<Result<Result<T, WrongGroup>, WrongLeader>>,
    ) -> (T, bool) {
        let shard = ShardId::of(key);
        let mut perhaps_done = false;
        loop {
            if let Some(group) = self.group(shard) {
                let Asked { answer, perhaps_done: this_time } = group.ask(&call);
                perhaps_done |= this_time;
                if let Some(Ok(answer)) = answer {
                    return (answer, perhaps_done);
                }
                thread::sleep(RETRY_PAUSE);
            }
            self.learn();
        }
    }

    /// The group that owns the shard, as far as the clerk knows.
    fn group(&self, shard: ShardId) -> Option<Arc<Group>> {
        let Knowledge { config, groups } = &mut *self.known.lock();
        let (id, servers) = config.owner(shard)?;
        let group = groups.entry(id).or_insert_with(|| Arc::new(Group::new(&self.dial, servers)));
        Some(group.clone())
    }

    /// Reads the present configuration. Groups that have stayed keep their leaders.
    fn learn(&self) {
        let config = self.controller.query();
        let mut known = self.known.lock();
        known.groups.retain(|id, _| config.groups.contains_key(id));
        known.config = config;
    }
}
