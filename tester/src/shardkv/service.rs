//! [`Service`]: the whole sharded service, as a test sees it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use labapi::{Config, ConfigNum, GroupId, Holding, ShardId, Version};
use labrt::channel;
use parking_lot::Mutex;

use super::controllers::{Controller, Stopped};
use super::groups::{Parts, Seen};
use super::{ConfigStore, GroupServers};
use crate::Cluster;
use crate::display::Seconds;
use crate::key_value::Client;

/// A client of the service.
pub(super) type ShardClient = Client<ConfigStore>;

/// The number of keys of a test.
pub(super) const KEYS: usize = 60;

/// The number of groups that join besides the first, in tests with many.
pub(super) const MORE_GROUPS: u64 = 8;

/// The number of servers of a group.
const SERVERS: usize = 3;

/// The pause after a group has joined or left.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// Time without another answer after which gets are taken for those that wait.
const SILENCE: Duration = Duration::from_secs(2);

/// The time in which the servers of a group catch up with one another.
const SETTLING: Duration = Duration::from_secs(3);

/// The most groups of a test.
const MOST_GROUPS: u64 = 1000;

/// The sharded service: the store of configurations, and the groups. Clones are the same one.
#[derive(Clone)]
pub(super) struct Service {
    /// The store of configurations. Clients of the service are its clients.
    cluster: Cluster<ConfigStore>,
    parts: Parts,
    seen: Seen,
    groups: Arc<Mutex<BTreeMap<GroupId, Cluster<GroupServers>>>>,
    /// The highest number that a group has had.
    last_group: Arc<Mutex<GroupId>>,
}

impl Service {
    pub fn new(cluster: Cluster<ConfigStore>, parts: Parts, seen: Seen) -> Self {
        let (groups, last_group) = Default::default();
        Self { cluster, parts, seen, groups, last_group }
    }

    /// The store of configurations, and the operations of a test that concern no group.
    pub fn cluster(&self) -> &Cluster<ConfigStore> {
        &self.cluster
    }

    /// When a replica takes a snapshot; `None`: never.
    pub fn max_raft_state(&self) -> Option<usize> {
        self.parts.max_raft_state
    }

    /// A new controller, which has not been initialised.
    pub fn controller(&self) -> Controller {
        Controller::start(&self.cluster)
    }

    /// Starts group 1, and makes it the owner of all shards.
    pub fn set_up(&self) -> Controller {
        let controller = self.controller();
        let first = self.first_config();
        controller.init_config(&first).expect("nobody stops it");
        controller
    }

    fn first_config(&self) -> Config {
        let config = Config::default().join(GroupId::FIRST, &self.start_group(GroupId::FIRST));
        config.expect("there is no group before")
    }

    // Groups.

    /// Starts the servers of a group; returns their names.
    pub fn start_group(&self, id: GroupId) -> Vec<String> {
        let protocol = GroupServers::new(id, group_name(id), self.parts, &self.seen);
        let group = self.cluster.another(group_name(id), protocol, SERVERS);
        let names = (0..SERVERS).map(|server| group.address(server)).collect();
        self.groups.lock().insert(id, group);
        let mut last = self.last_group.lock();
        *last = id.max(*last);
        names
    }

    /// The servers of a group.
    pub fn group(&self, id: GroupId) -> Cluster<GroupServers> {
        self.groups.lock()[&id].clone()
    }

    /// A number that no group has had, and that nobody else is given.
    pub fn new_group_id(&self) -> GroupId {
        let mut last = self.last_group.lock();
        *last = GroupId(last.0 + 1);
        *last
    }

    /// Starts a group and has it join.
    pub fn join_group(&self, controller: &Controller, id: GroupId) -> Result<(), Stopped> {
        let servers = self.start_group(id);
        self.join(controller, id, &servers)?;
        self.cluster.sleep(PAUSE);
        Ok(())
    }

    /// Has a group that has started join, in one change of the configuration.
    pub fn join(&self, controller: &Controller, id: GroupId, servers: &[String]) -> Result<(), Stopped> {
        let present = controller.query()?;
        if let Some(next) = present.join(id, servers) {
            controller.change_config_to(&next)?;
        }
        Ok(())
    }

    /// Has these groups join, one after the other.
    pub fn join_groups(&self, controller: &Controller, ids: &[GroupId]) {
        for &id in ids {
            self.join_group(controller, id).expect("nobody stops the controller");
            self.must_own(controller, id, true);
        }
    }

    /// Has a group leave, in one change of the configuration. Its servers go on.
    pub fn leave(&self, controller: &Controller, id: GroupId) -> Result<(), Stopped> {
        let present = controller.query()?;
        if let Some(next) = present.leave(id) {
            controller.change_config_to(&next)?;
        }
        Ok(())
    }

    /// Has these groups leave one after the other, and shuts them down.
    pub fn leave_groups(&self, controller: &Controller, ids: &[GroupId]) {
        for &id in ids {
            self.leave(controller, id).expect("nobody stops the controller");
            self.must_own(controller, id, false);
            self.group(id).shutdown_all();
            self.cluster.sleep(PAUSE);
        }
    }

    /// Expects a group to own shards, or none.
    #[track_caller]
    pub fn must_own(&self, controller: &Controller, id: GroupId, some: bool) {
        let config = controller.query().expect("nobody stops the controller");
        let owned = config.owners.iter().filter(|owner| **owner == id).count();
        if (owned > 0) != some {
            let (expected, what) = if some { ("shards", "join") } else { ("no shard", "leave") };
            self.cluster.fail(format!(
                "expected group {id} to own {expected} when its {what} is done; saw it own {owned} by \
                 configuration {}",
                config.num
            ));
        }
    }

    /// Expects the configuration to have this number.
    #[track_caller]
    pub fn must_be_at(&self, controller: &Controller, num: ConfigNum) {
        let seen = controller.query().expect("nobody stops the controller").num;
        if seen != num {
            self.cluster.fail(format!("expected the present configuration to be number {num}; saw {seen}"));
        }
    }

    // Keys.

    /// Puts all keys, each with a value of so many random letters.
    pub fn spread_puts(&self, client: &ShardClient, length: usize) -> Contents {
        let key = |number| (format!("k{number}"), self.cluster.rand_letters(length));
        let contents = Contents { keys: (0..KEYS).map(key).collect() };
        for (key, value) in contents.keys.iter() {
            let _ = client.put(key, value, Version(0));
        }
        contents.check(client);
        contents
    }

    /// Shuts a group down, and has all keys read, each by a client of its own. Some must be read, correctly,
    /// and some must not. Starts the group again.
    #[track_caller]
    pub fn check_shutdown_sharding(&self, id: GroupId, contents: &Contents) {
        let group = self.group(id);
        group.shutdown_all();
        let (answers, answered) = channel::unbounded();
        let clients: Vec<Arc<ShardClient>> = (0..KEYS).map(|_| Arc::new(self.cluster.client())).collect();
        for (client, (key, _)) in clients.iter().zip(contents.keys.iter()) {
            let answers = answers.clone();
            let key = key.clone();
            client.ask_in_background("get", move |clerk| {
                let _ = answers.send((key.clone(), clerk.get(&key)));
            });
        }
        let mut done = 0;
        while let Ok((key, found)) = answered.recv_timeout(SILENCE) {
            done += 1;
            contents.must_be(&self.cluster, &key, found);
        }
        for client in clients {
            Arc::into_inner(client).expect("the test has the only handle").leave();
        }
        if done == KEYS {
            self.cluster.fail(format!(
                "expected gets of keys that group {id} owns to wait while it is down; saw all {KEYS} gets \
                 done"
            ));
        }
        group.start_all();
    }

    /// Expects the groups to have what the configuration gives them: the owner of a shard serves it, on each
    /// of its servers, and no other group has anything of it. Groups that own no shard at all are left out.
    #[track_caller]
    pub fn must_be_settled(&self, config: &Config) {
        // Servers that have restarted execute their log again when their leader has committed something of
        // its own term (§5.4.2).
        let reader = self.cluster.client();
        for shard in ShardId::all() {
            let _ = reader.get(&key_of(shard, 0));
        }
        reader.leave();
        let began = self.cluster.now();
        while let Some((id, server, shard, holding)) = self.first_misplaced(config) {
            if self.cluster.now() - began > SETTLING {
                let expected = match config.owners[shard.0] == id {
                    true => "serve it, for it is the owner",
                    false => "have nothing of it, for it is not the owner",
                };
                self.cluster.fail(format!(
                    "expected g{id} server {server} to {expected} of shard {shard} by configuration {}, \
                     which has been the present one for {}; saw that it is {holding:?} there",
                    config.num,
                    Seconds(SETTLING)
                ));
            }
            self.cluster.sleep(Duration::from_millis(10));
        }
    }

    /// A server that has of a shard what the configuration does not say.
    fn first_misplaced(&self, config: &Config) -> Option<(GroupId, usize, ShardId, Holding)> {
        let groups = self.groups.lock().clone();
        for (id, group) in groups.into_iter().filter(|(id, _)| config.owners.contains(id)) {
            for server in 0..group.n_servers() {
                let seen = group.call(server, "holdings", |_, it| it.holdings());
                let Some((_, seen)) = seen else { continue };
                for shard in ShardId::all() {
                    let (holding, _) = seen[shard.0];
                    let is_owner = config.owners[shard.0] == id;
                    if holding != if is_owner { Holding::Serving } else { Holding::Absent } {
                        return Some((id, server, shard, holding));
                    }
                }
            }
        }
        None
    }

    /// Has `work` done within `limit`.
    #[track_caller]
    pub fn must_end_within(&self, what: &str, limit: Duration, is_done: impl Fn() -> bool) {
        let began = self.cluster.now();
        while !is_done() {
            if self.cluster.now() - began > limit {
                self.cluster.fail(format!("expected {what} within {}; saw it go on", Seconds(limit)));
            }
            self.cluster.sleep(Duration::from_millis(10));
        }
    }
}

/// What was put to the keys of a test, each once.
#[derive(Clone)]
pub(super) struct Contents {
    keys: Arc<[(String, String)]>,
}

impl Contents {
    /// The keys with their values.
    pub fn keys(&self) -> &[(String, String)] {
        &self.keys
    }

    /// Expects each key to have its value, at version 1.
    #[track_caller]
    pub fn check(&self, client: &ShardClient) {
        for (key, value) in self.keys.iter() {
            client.check_get(key, value, Version(1));
        }
    }

    #[track_caller]
    fn must_be(&self, cluster: &Cluster<ConfigStore>, key: &str, found: Option<labapi::Versioned>) {
        let value = self.keys.iter().find(|(it, _)| it == key).map(|(_, value)| value);
        let seen = found.map(|it| it.value);
        if seen.as_ref() != value {
            cluster.fail(format!("expected a get of key {key} to find {value:?}; saw {seen:?}"));
        }
    }
}

/// The name of a group in messages and in the network.
fn group_name(id: GroupId) -> &'static str {
    static NAMES: LazyLock<Vec<String>> =
        LazyLock::new(|| (0..=MOST_GROUPS).map(|number| format!("g{number}")).collect());
    &NAMES[usize::try_from(id.0).expect("groups have small numbers")]
}

/// The groups with these numbers.
pub(super) fn groups(ids: impl IntoIterator<Item = u64>) -> Vec<GroupId> {
    ids.into_iter().map(GroupId).collect()
}

/// The key of this number in a shard.
pub(super) fn key_of(shard: ShardId, number: usize) -> String {
    let keys = (0..).map(|number| format!("key{number}"));
    keys.filter(|key| ShardId::of(key) == shard).nth(number).expect("there are keys in each shard")
}
