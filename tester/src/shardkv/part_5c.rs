//! Part 5C: several controllers at a time.

use std::sync::Arc;
use std::time::Duration;

use labapi::GroupId;
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::thread;

use super::case;
use super::controllers::Controller;
use super::part_5a::LENGTH;
use super::partitions::{When, partition_controller};
use super::service::Service;
use crate::Case;
use crate::key_value::Load;

pub(super) fn cases() -> Vec<Case> {
    let case = |name, title, body| case(name, "5C", title, body);
    vec![
        case("concurrent_reliable_5c", "Test (5C): Concurrent ctrlers ...", concurrent_controllers).points(5),
        case("acquire_lock_concurrent_unreliable_5c", "Test (5C): Concurrent ctrlers ...", |service| {
            concurrent_controllers(service);
        })
        .unreliable()
        .points(5),
        case("partition_controller_join_5c", "Test (5C): partition controller in join...", |service| {
            partition_controller_join_5c(service);
        })
        .points(6),
        case(
            "partition_recovery_reliable_no_clerk_5c",
            "Test (5C): controllers with leased leadership ...",
            |service| recovery_without_clerks(service, 5),
        )
        .points(6),
        case(
            "partition_recovery_unreliable_no_clerk_5c",
            "Test (5C): controllers with leased leadership ...",
            |service| recovery_without_clerks(service, 3),
        )
        .unreliable()
        .points(6),
        case(
            "partition_recovery_reliable_clerks_5c",
            "Test (5C): controllers with leased leadership (clerks) ...",
            |service| recovery_with_clerks(service, 5),
        )
        .points(6),
        case(
            "partition_recovery_unreliable_clerks_5c",
            "Test (5C): controllers with leased leadership (clerks) ...",
            |service| recovery_with_clerks(service, 3),
        )
        .unreliable()
        .points(6),
    ]
}

/// Controllers that know nothing of one another change the configuration.
fn concurrent_controllers(service: &Service) {
    const CONTROLLERS: usize = 4;
    const TIME: Duration = Duration::from_secs(2);
    service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);

    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..CONTROLLERS)
        .map(|_| {
            let (service, stop) = (service.clone(), Arc::clone(&stop));
            thread::spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    change_once(&service);
                }
            })
        })
        .collect();
    service.cluster().sleep(TIME);
    stop.store(true, Ordering::Release);
    threads.into_iter().for_each(|thread| thread.join().expect("a panic ends the run"));
    contents.check(&client);
}

/// A new controller has a new group join, and leave if it became a member.
fn change_once(service: &Service) {
    let controller = service.controller();
    controller.init().expect("nobody stops it");
    let group = service.new_group_id();
    service.join_group(&controller, group).expect("nobody stops it");
    let config = controller.query().expect("nobody stops it");
    if config.groups.contains_key(&group) {
        service.leave(&controller, group).expect("nobody stops it");
    }
    controller.stop();
}

/// A controller waits for a group that is down, is cut off, and returns when another one has done its work.
fn partition_controller_join_5c(service: &Service) {
    service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    let (one, group) = (service.controller(), GroupId(2));
    let servers = service.start_group(group);
    service.group(group).shutdown_all();
    let joining = {
        let (service, one) = (service.clone(), one.clone());
        thread::spawn(move || service.join(&one, group, &servers))
    };
    service.cluster().sleep(Duration::from_secs(1));
    one.set_cut(true);
    service.cluster().sleep(Duration::from_secs(1));
    service.group(group).start_all();

    let other = service.controller();
    other.init().expect("nobody stops it");
    let config = other.query().expect("nobody stops it");
    if !config.groups.contains_key(&group) {
        service.cluster().fail(format!(
            "expected group {group}, whose join a controller had begun, to be a member when another \
             controller has taken that up; saw configuration {config}"
        ));
    }
    one.set_cut(false);
    let _ = joining.join().expect("a panic ends the run");
    service.cluster().sleep(Duration::from_secs(1));
    contents.check(&client);
}

fn recovery_without_clerks(service: &Service, rounds: usize) {
    service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    let mut returned = Vec::new();
    for _ in 0..rounds {
        returned.push(partition_controller(service, When::Returns));
        contents.check(&client);
    }
    returned.iter().for_each(Controller::stop);
}

fn recovery_with_clerks(service: &Service, rounds: usize) {
    const CLIENTS: usize = 5;
    const TIME: Duration = Duration::from_secs(60);
    /// The unit of their pauses.
    const REST: Duration = Duration::from_millis(400);
    service.set_up();
    let putting = {
        let cluster = service.cluster().clone();
        let load = Load::one_key_called("k0").resting(REST);
        thread::spawn(move || cluster.put_concurrently(CLIENTS, TIME, &load))
    };
    let returned: Vec<_> = (0..rounds).map(|_| partition_controller(service, When::Returns)).collect();
    putting.join().expect("a panic ends the run");
    returned.iter().for_each(Controller::stop);
    service.cluster().check_linearizable();
}
