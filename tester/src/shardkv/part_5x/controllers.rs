//! Controllers that die, come late, or meet: at each moment of a move, one moment after the other.

use std::time::Duration;

use labapi::ShardId;
use labrt::thread;

use super::{ONE, OTHER, Scene, given, scene};
use crate::Case;
use crate::shardkv::controllers::Controller;
use crate::shardkv::service::Service;

/// The time between two moments that are tried. A message takes 5 to 50 µs.
const STEP: Duration = Duration::from_micros(45);

/// The number of moments. A change that moves one shard takes half a millisecond or so.
const MOMENTS: u32 = 16;

/// The time for a change when nothing is in its way.
const LIMIT: Duration = Duration::from_secs(5);

/// When a replica takes a snapshot, in the scene that has any.
const MAX_RAFT_STATE: usize = 400;

pub(super) fn cases() -> Vec<Case> {
    vec![
        scene("controller_dies_5x", "Test (5X): a controller dies at each moment", controller_dies),
        scene("controller_is_cut_off_5x", "Test (5X): a controller is cut off at each moment", is_cut_off),
        scene("late_controller_5x", "Test (5X): a controller comes late", late_controller),
        scene(
            "late_controller_snapshots_5x",
            "Test (5X): a controller comes late, with snapshots",
            |service| {
                late_controller(service);
            },
        )
        .max_raft_state(MAX_RAFT_STATE),
        scene("two_controllers_5x", "Test (5X): two controllers at a time", two_controllers),
        scene("lost_majority_5x", "Test (5X): a group loses its majority in a move", lost_majority),
    ]
}

/// Begins a change by a new controller, in the background; `moment` of it passes.
fn begin_change(
    service: &Service,
    next: &labapi::Config,
    moment: u32,
) -> (Controller, thread::JoinHandle<()>) {
    let controller = service.controller();
    let changing = {
        let (controller, next) = (controller.clone(), next.clone());
        thread::spawn(move || {
            let _ = controller.change_config_to(&next);
        })
    };
    service.cluster().sleep(STEP * moment);
    (controller, changing)
}

/// The controller dies. The next one finds out how far it was.
fn controller_dies(service: &Service) {
    let mut scene = Scene::begin(service);
    for moment in 0..MOMENTS {
        let (present, next) = scene.change();
        let (dying, changing) = begin_change(service, &next, moment);
        dying.stop();
        changing.join().expect("a panic ends the run");
        take_up(&mut scene, &present, &next);
    }
    scene.end();
}

/// The controller is cut off with what it has asked, and never heard of again.
fn is_cut_off(service: &Service) {
    let mut scene = Scene::begin(service);
    for moment in 0..MOMENTS {
        let (present, next) = scene.change();
        let (cut_off, changing) = begin_change(service, &next, moment);
        cut_off.set_cut(true);
        take_up(&mut scene, &present, &next);
        cut_off.stop();
        changing.join().expect("a panic ends the run");
    }
    scene.end();
}

/// A new controller takes up the change, if it was announced.
#[track_caller]
fn take_up(scene: &mut Scene<'_>, present: &labapi::Config, next: &labapi::Config) {
    let heir = scene.service.controller();
    let initialised = {
        let heir = heir.clone();
        thread::spawn(move || heir.init().expect("nobody stops it"))
    };
    let what = "a controller to take up what another one has begun";
    scene.service.must_end_within(what, LIMIT, || initialised.is_finished());
    let config = heir.query().expect("nobody stops it");
    if config != *present && config != *next {
        scene.service.cluster().fail(format!(
            "expected the present configuration to be the one before a change or the one after it, when its \
             controller is gone and another one has been initialised; saw {config}, not {present} and not \
             {next}"
        ));
    }
    scene.touch();
    heir.stop();
}

/// The controller is paused. Another one ends the change, and makes two more. Then the first one goes on, and
/// must do no harm.
fn late_controller(service: &Service) {
    let mut scene = Scene::begin(service);
    for moment in 0..MOMENTS {
        let (_, next) = scene.change();
        let (late, changing) = begin_change(service, &next, moment);
        late.pause();
        scene.controller.init().expect("nobody stops it");
        scene.touch();
        // Back, and once more: so the late controller finds each group before and after.
        for _ in 0..1 + moment % 3 {
            let (_, next) = scene.change();
            scene.controller.change_config_to(&next).expect("nobody stops it");
            scene.touch();
        }
        if service.max_raft_state().is_some() {
            let group = service.group(if moment % 2 == 0 { ONE } else { OTHER });
            group.shutdown_all();
            group.start_all();
        }
        late.resume();
        service.must_end_within("a controller that comes late to give up", LIMIT, || changing.is_finished());
        scene.touch();
        late.stop();
    }
    scene.end();
}

/// Two controllers change the same configuration, each in its way. One wins, as a whole.
fn two_controllers(service: &Service) {
    let mut scene = Scene::begin(service);
    for moment in 0..MOMENTS {
        let (present, one) = scene.change();
        let second = ShardId(6 + moment as usize % 3);
        let to = if present.owners[second.0] == ONE { OTHER } else { ONE };
        let other = given(&present, [second, ShardId(11)], to);
        let (first, changing) = begin_change(service, &one, moment);
        let (rival, changing_too) = begin_change(service, &other, 0);
        for thread in [changing, changing_too] {
            service.must_end_within("a change of the configuration to end, or to be dropped", LIMIT, || {
                thread.is_finished()
            });
        }
        let config = scene.controller.query().expect("nobody stops it");
        if config != one && config != other {
            service.cluster().fail(format!(
                "expected one of two controllers to win; saw {config}, not {one} and not {other}"
            ));
        }
        service.must_be_settled(&config);
        scene.touch();
        first.stop();
        rival.stop();
    }
    scene.end();
}

/// The group that gives the shard away, or the one that gets it, loses two of its three servers in the midst
/// of the move. The move waits, and goes on when they are back.
fn lost_majority(service: &Service) {
    let mut scene = Scene::begin(service);
    for moment in 0..MOMENTS / 2 {
        let (_, next) = scene.change();
        let broken = service.group(if moment % 2 == 0 { ONE } else { OTHER });
        let (controller, changing) = begin_change(service, &next, 2 * moment);
        let leader = broken.any_leader().unwrap_or(0);
        let lost = [leader, broken.after(leader, 1)];
        lost.iter().for_each(|&server| broken.shutdown(server));
        service.cluster().sleep(Duration::from_millis(300));
        lost.iter().for_each(|&server| broken.restart(server));
        service
            .must_end_within("a change to end when all servers are back", LIMIT, || changing.is_finished());
        scene.touch();
        controller.stop();
    }
    scene.end();
}
