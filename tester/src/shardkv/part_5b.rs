//! Part 5B: a change of the configuration that cannot go on; and the next controller that takes it up.

use std::time::Duration;

use labapi::GroupId;
use labrt::thread;

use super::case;
use super::part_5a::LENGTH;
use super::partitions::{When, partition_controller};
use super::service::{Service, groups};
use crate::Case;

/// The time for a change of the configuration that can go on.
const LIMIT: Duration = Duration::from_secs(2);

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("join_leave_5b", "5B", "Test (5B): Join/leave while a shardgrp is down...", join_leave_5b)
            .points(10),
        case("recover_ctrler_5b", "5B", "Test (5B): recover controller ...", recover_ctrler_5b).points(10),
    ]
}

/// A group joins while the one that has the shards is down, and leaves while the one that gets them is.
fn join_leave_5b(service: &Service) {
    let controller = service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    let before = controller.query().expect("nobody stops it").num;
    let (first, second) = (service.group(GroupId(1)), GroupId(2));

    first.shutdown_all();
    let joining = {
        let (service, controller) = (service.clone(), controller.clone());
        thread::spawn(move || service.join_groups(&controller, &groups([2])))
    };
    service.cluster().sleep(LIMIT);
    if joining.is_finished() {
        service
            .cluster()
            .fail("expected no group to join while the owner of its shards is down; saw it join");
    }
    first.start_all();
    service.must_end_within("a group to join when the owner of its shards is up", LIMIT, || {
        joining.is_finished()
    });
    service.must_be_at(&controller, before.next());

    service.group(second).shutdown_all();
    let leaving = {
        let (service, controller) = (service.clone(), controller.clone());
        thread::spawn(move || service.leave(&controller, GroupId(1)).expect("nobody stops it"))
    };
    service.cluster().sleep(LIMIT);
    if leaving.is_finished() {
        let why = "expected no group to leave while the group that gets its shards is down; saw it leave";
        service.cluster().fail(why);
    }
    service.group(second).start_all();
    service.must_end_within("a group to leave when the one that gets its shards is up", LIMIT, || {
        leaving.is_finished()
    });
    contents.check(&client);
}

/// Controllers are cut off in the midst of a change, and others take it up.
fn recover_ctrler_5b(service: &Service) {
    service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    for _ in 0..5 {
        partition_controller(service, When::Crashed);
        contents.check(&client);
    }
}
