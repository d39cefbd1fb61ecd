//! What a snapshot has of shards that have come and gone.

use std::time::Duration;

use labapi::{ShardId, Version};
use labrt::sync::Arc;
use labrt::thread;

use super::{MOVING, ONE, OTHER, Scene, given, scene};
use crate::Case;
use crate::shardkv::service::{Service, key_of};

/// When a replica takes a snapshot: after a few requests.
const MAX_RAFT_STATE: usize = 400;

/// The time for a change when nothing is in its way.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) fn cases() -> Vec<Case> {
    vec![
        scene("frozen_in_a_snapshot_5x", "Test (5X): a frozen shard in a snapshot", frozen_in_a_snapshot)
            .max_raft_state(MAX_RAFT_STATE),
        scene("moved_in_a_snapshot_5x", "Test (5X): shards that moved, in snapshots", moved_in_a_snapshot)
            .max_raft_state(MAX_RAFT_STATE),
    ]
}

/// A shard is frozen, for the group that shall get it is down. The old owner takes snapshots, crashes, and
/// starts from one. It must not serve the shard, and has to give it out.
fn frozen_in_a_snapshot(service: &Service) {
    let mut scene = Scene::begin(service);
    for round in 0..4 {
        let (present, next) = scene.change();
        let (from, to) = (service.group(present.owners[MOVING.0]), service.group(next.owners[MOVING.0]));
        to.shutdown_all();
        let changing = {
            let (controller, next) = (scene.controller.clone(), next.clone());
            thread::spawn(move || controller.change_config_to(&next).expect("nobody stops it"))
        };
        service.cluster().sleep(Duration::from_millis(100));
        // Until there are snapshots with the frozen shard.
        let stays = ShardId::all()
            .find(|shard| *shard != MOVING && present.owners[shard.0] == present.owners[MOVING.0]);
        let stays = stays.expect("each group has several shards");
        put_often(&scene, stays);
        from.shutdown_all();
        from.start_all();

        // A get of the frozen shard waits.
        let reader = Arc::new(service.cluster().client());
        let (key, value, version) = (key_of(MOVING, 0), (scene.version.0 - 1).to_string(), scene.version);
        let reading = {
            let (reader, key, value) = (Arc::clone(&reader), key.clone(), value.clone());
            thread::spawn(move || reader.check_get(&key, &value, version))
        };
        service.cluster().sleep(Duration::from_secs(1));
        if reading.is_finished() {
            service.cluster().fail(format!(
                "expected a get of key {key} to wait while its shard {MOVING} moves to a group that is down; \
                 saw it done"
            ));
        }
        to.start_all();
        service.must_end_within("a change to end when the new owner is up", LIMIT, || changing.is_finished());
        service
            .must_end_within("a get to be done when the change has ended", LIMIT, || reading.is_finished());
        scene.touch();
        // So that the shard has changed since it was installed when the new owner starts from a snapshot.
        if round % 2 == 1 {
            put_often(&scene, MOVING);
            to.shutdown_all();
            to.start_all();
            let (value, version) = last_of(&scene);
            scene.client.check_get(&key_of(MOVING, 1), &value, version);
        }
    }
    scene.end();
}

/// Shards move to and fro, and all servers start from snapshots after each move.
fn moved_in_a_snapshot(service: &Service) {
    let mut scene = Scene::begin(service);
    let shards: Vec<ShardId> = (0..labapi::SHARDS).step_by(4).map(ShardId).collect();
    for round in 0..4 {
        let present = scene.controller.query().expect("nobody stops it");
        let to = if round % 2 == 0 { ONE } else { OTHER };
        let next = given(&present, shards.iter().copied(), to);
        scene.controller.change_config_to(&next).expect("nobody stops it");
        for &shard in &shards {
            put_often(&scene, shard);
        }
        for id in [ONE, OTHER] {
            service.group(id).shutdown_all();
            service.group(id).start_all();
        }
        for &shard in &shards {
            let found = scene.client.get_existing(&key_of(shard, 1));
            let (value, version) = (found.value, found.version);
            scene.client.put_at_least_once(&key_of(shard, 1), &value, version);
        }
        scene.touch();
        service.must_be_settled(&next);
    }
    scene.end();
}

/// The number of puts after which all replicas have taken a snapshot.
const OFTEN: u64 = 40;

/// Puts to another key of the shard again and again.
fn put_often(scene: &Scene<'_>, shard: ShardId) {
    let key = key_of(shard, 1);
    let mut version = scene.client.get(&key).map_or(Version(0), |found| found.version);
    for _ in 0..OFTEN {
        version = scene.client.put_at_least_once(&key, &version.to_string(), version);
    }
}

/// What the other key of the moving shard has, as the last put says.
fn last_of(scene: &Scene<'_>) -> (String, Version) {
    let found = scene.client.get_existing(&key_of(MOVING, 1));
    (found.value, found.version)
}
