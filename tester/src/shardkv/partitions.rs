//! [`partition_controller`]: a controller is cut off in the midst of a change, and another one takes it up.

use std::sync::Arc;
use std::time::Duration;

use labapi::GroupId;
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::thread;
use parking_lot::Mutex;

use super::controllers::Controller;
use super::service::Service;

/// What becomes of the controller that was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// It is never heard of again (part 5B).
    Crashed,
    /// It is connected again when another one has taken up its change (part 5C).
    Returns,
}

/// What the first controller does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Joining(GroupId),
    Leaving(GroupId),
}

/// How long before it was cut off a controller on an unreliable network must have begun a change for the
/// others to know of it. A request that is lost, or its reply, is sent again later.
const KNOWN_AFTER: Duration = Duration::from_secs(1);

/// Cuts off a controller while groups join and leave by it, when the group that owns shards is down; starts
/// the group, and has another controller take the change up. A controller that returns ends what it does then
/// and begins nothing new. Returns it, to be stopped at the end of the test.
#[track_caller]
pub(super) fn partition_controller(service: &Service, when: When) -> Controller {
    let cluster = service.cluster();
    let (one, other) = (service.controller(), service.controller());
    let before = other.query().expect("nobody stops it").num;

    let step = Arc::new(Mutex::new(None));
    let enough = Arc::new(AtomicBool::new(false));
    {
        let (service, one) = (service.clone(), one.clone());
        let (step, enough) = (Arc::clone(&step), Arc::clone(&enough));
        thread::spawn(move || {
            if one.init().is_err() {
                return;
            }
            while !enough.load(Ordering::Acquire) {
                let group = service.new_group_id();
                *step.lock() = Some((service.cluster().now(), Step::Joining(group)));
                if service.join_group(&one, group).is_err() {
                    return;
                }
                *step.lock() = Some((service.cluster().now(), Step::Leaving(group)));
                if service.leave(&one, group).is_err() {
                    return;
                }
            }
        });
    }
    cluster.sleep(Duration::from_secs(1) + cluster.rand_millis(399));
    let first = service.group(GroupId::FIRST);
    first.shutdown_all();
    cluster.sleep(Duration::from_secs(1));
    one.set_cut(true);
    let cut_off = cluster.now();
    if when == When::Returns {
        cluster.sleep(Duration::from_secs(1));
    }
    first.start_all();

    other.init().expect("nobody stops it");
    let config = other.query().expect("nobody stops it");
    if config.num <= before {
        cluster.fail(format!(
            "expected the configuration to have changed since number {before}, for controllers changed it; \
             saw number {}",
            config.num
        ));
    }
    // Nothing if the controller was still taking up what an earlier one had begun.
    let step = *step.lock();
    if let Some((began, step @ (Step::Joining(group) | Step::Leaving(group)))) = step {
        let is_member = config.groups.contains_key(&group);
        let expected = step == Step::Joining(group);
        let is_known = cluster.is_reliable() || began + KNOWN_AFTER <= cut_off;
        if is_known && is_member != expected {
            let (was, is) = if expected { ("joining", "a member") } else { ("leaving", "no member") };
            cluster.fail(format!(
                "expected group {group}, which was {was} when its controller was cut off, to be {is} when \
                 another controller has taken that up; saw configuration {config}"
            ));
        }
        if is_member {
            service.leave(&other, group).expect("nobody stops it");
        }
    }
    other.stop();
    enough.store(true, Ordering::Release);
    match when {
        When::Crashed => one.stop(),
        When::Returns => {
            one.set_cut(false);
            cluster.sleep(Duration::from_millis(100));
        }
    }
    one
}
