//! What a clerk knows: an old configuration, and puts of which it has heard nothing.

use std::time::Duration;

use labapi::{PutError, Version};
use labrt::sync::Arc;
use labrt::thread;

use super::{MOVING, Scene, scene};
use crate::Case;
use crate::shardkv::service::{Service, key_of};

/// The time between two moments that are tried. A message takes 5 to 50 µs.
const STEP: Duration = Duration::from_micros(15);

/// The number of moments. A put takes some 150 µs.
const MOMENTS: u32 = 16;

pub(super) fn cases() -> Vec<Case> {
    vec![
        scene("stale_clerk_5x", "Test (5X): a clerk with an old configuration", stale_clerk),
        scene("put_before_a_move_5x", "Test (5X): a put whose outcome moves along", put_before_a_move),
    ]
}

/// A clerk has read a key from its old owner, and asks for it when others have changed it at the new one.
fn stale_clerk(service: &Service) {
    let mut scene = Scene::begin(service);
    let stale = service.cluster().client();
    for round in 0..6 {
        let key = key_of(MOVING, 0);
        stale.check_get(&key, &(scene.version.0 - 1).to_string(), scene.version);
        let (present, next) = scene.change();
        scene.controller.change_config_to(&next).expect("nobody stops it");
        scene.touch();
        let old = service.group(present.owners[MOVING.0]);
        if round % 2 == 0 {
            old.shutdown_all();
        }
        stale.check_get(&key, &(scene.version.0 - 1).to_string(), scene.version);
        if round % 2 == 0 {
            old.start_all();
        }
    }
    scene.end();
}

/// A client is cut off at each moment of a put, and the shard moves before it can ask again. Then its put was
/// done or not, and it must know when it does not know.
fn put_before_a_move(service: &Service) {
    let scene = Scene::begin(service);
    let client = Arc::new(service.cluster().client());
    for moment in 0..MOMENTS {
        let key = key_of(MOVING, 1 + moment as usize);
        let _ = client.get(&key);
        let putting = {
            let (client, key) = (Arc::clone(&client), key.clone());
            thread::spawn(move || client.put(&key, "mine", Version(0)))
        };
        service.cluster().sleep(STEP * moment);
        client.set_cut(true);
        let (_, next) = scene.change();
        scene.controller.change_config_to(&next).expect("nobody stops it");
        client.set_cut(false);
        let answer = putting.join().expect("a panic ends the run");
        let found = scene.client.get_existing(&key);
        if found.version != Version(1) || matches!(answer, Err(PutError::NoKey | PutError::Version)) {
            service.cluster().fail(format!(
                "expected the only put of key {key} to be done once, and its client to be told that it was \
                 or may have been; saw the answer {answer:?}, and version {}",
                found.version
            ));
        }
    }
    scene.end();
}
