//! Part 5X: what the course's tests of lab 5 leave to chance, or leave out.
//!
//! They look at the key `k0` when several clients put, at values that are put once, and take a snapshot in
//! one test. Here the whole history of many keys in all shards has to be linearizable; controllers die, come
//! late and meet at each moment of a move, one moment after the other; groups crash and take snapshots in
//! between.

mod clerks;
mod controllers;
mod snapshots;
mod storm;

use labapi::{Config, GroupId, ShardId, Version};

use super::controllers::Controller;
use super::service::{Service, ShardClient, key_of};
use crate::Case;

pub(super) fn cases() -> Vec<Case> {
    [&storm::cases()[..], &controllers::cases(), &snapshots::cases(), &clerks::cases()].concat()
}

/// A scene of part 5X.
fn scene(name: &'static str, title: &'static str, body: fn(&Service)) -> Case {
    super::case(name, "5X", title, body).points(2).adversarial()
}

/// The groups of the scenes.
const ONE: GroupId = GroupId(1);
const OTHER: GroupId = GroupId(2);

/// A service of two groups, a controller and a client; and a key of a shard that moves.
struct Scene<'a> {
    service: &'a Service,
    controller: Controller,
    client: ShardClient,
    /// The version of the key.
    version: Version,
}

/// The shard that moves.
const MOVING: ShardId = ShardId(0);

impl<'a> Scene<'a> {
    /// Group 1 owns the shards from 6 on, and the other group those before.
    fn begin(service: &'a Service) -> Self {
        let controller = service.set_up();
        service.join_groups(&controller, &[OTHER]);
        let client = service.cluster().client();
        let version = client.put_at_least_once(&key_of(MOVING, 0), "0", Version(0));
        Self { service, controller, client, version }
    }

    /// The present configuration, and one that moves the shard to the group that does not have it.
    fn change(&self) -> (Config, Config) {
        let present = self.controller.query().expect("nobody stops it");
        let to = if present.owners[MOVING.0] == ONE { OTHER } else { ONE };
        let next = given(&present, [MOVING], to);
        (present, next)
    }

    /// Expects the key to have its value still, and puts another one.
    fn touch(&mut self) {
        let key = key_of(MOVING, 0);
        self.client.check_get(&key, &(self.version.0 - 1).to_string(), self.version);
        self.version = self.client.put_at_least_once(&key, &self.version.to_string(), self.version);
    }

    /// Expects the key to have its value, and the groups to have the shards of the present configuration.
    fn end(mut self) {
        self.touch();
        let config = self.controller.query().expect("nobody stops it");
        self.service.must_be_settled(&config);
        self.service.cluster().check_linearizable();
    }
}

/// The next configuration, in which these shards belong to a group, and all others stay.
fn given(config: &Config, shards: impl IntoIterator<Item = ShardId>, to: GroupId) -> Config {
    let mut next = Config { num: config.num.next(), ..config.clone() };
    for shard in shards {
        next.owners[shard.0] = to;
    }
    next
}
