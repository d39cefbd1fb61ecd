//! Part 5A: groups join and leave, and the shards move.

use std::collections::BTreeSet;
use std::time::Duration;

use labapi::{Config, ConfigNum, GroupId, ShardId, Version};
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::thread;
use std::sync::Arc;

use super::case;
use super::service::{MORE_GROUPS, PAUSE, Service, groups};
use crate::Case;
use crate::display::Seconds;
use crate::key_value::Load;

/// The length of the values of most tests, in letters.
pub(super) const LENGTH: usize = 20;

/// When a replica takes a snapshot, in the test that has any.
const MAX_RAFT_STATE: usize = 10_000;

pub(super) fn cases() -> Vec<Case> {
    let case = |name, title, body| case(name, "5A", title, body);
    vec![
        case("init_query_5a", "Test (5A): Init and Query ...", init_query_5a).points(2),
        case("static_one_shard_group_5a", "Test (5A): one shard group ...", static_one_shard_group_5a)
            .points(2),
        case("join_basic_5a", "Test (5A): a group joins...", join_basic_5a).points(3),
        case("delete_basic_5a", "Test (5A): delete ...", delete_basic_5a)
            .max_raft_state(MAX_RAFT_STATE)
            .points(3),
        case("join_leave_basic_5a", "Test (5A): basic groups join/leave ...", join_leave_basic_5a).points(3),
        case("many_join_leave_reliable_5a", "Test (5A): many groups join/leave ...", many_join_leave)
            .points(3),
        case("many_join_leave_unreliable_5a", "Test (5A): many groups join/leave ...", many_join_leave)
            .unreliable()
            .points(3),
        case("shutdown_5a", "Test (5A): shutdown ...", shutdown_5a).points(3),
        case("progress_shutdown_5a", "Test (5A): progress ...", progress_shutdown_5a).points(3),
        case("progress_join_5a", "Test (5A): progress (join) ...", progress_join_5a).points(3),
        case("one_concurrent_clerk_reliable_5a", "Test (5A): one concurrent clerk reliable...", |service| {
            concurrent_clerks(service, 1);
        })
        .points(3),
        case(
            "many_concurrent_clerk_reliable_5a",
            "Test (5A): many concurrent clerks reliable...",
            |service| concurrent_clerks(service, 10),
        )
        .points(3),
        case(
            "one_concurrent_clerk_unreliable_5a",
            "Test (5A): one concurrent clerk unreliable ...",
            |service| concurrent_clerks(service, 1),
        )
        .unreliable()
        .points(3),
        case(
            "many_concurrent_clerk_unreliable_5a",
            "Test (5A): many concurrent clerks unreliable...",
            |service| concurrent_clerks(service, 10),
        )
        .unreliable()
        .points(3),
    ]
}

/// A configuration that is stored can be read. There is no server of a group.
fn init_query_5a(service: &Service) {
    let controller = service.controller();
    let config = Config::default().join(GroupId(1), &["xxx".to_owned()]).expect("there is no group");
    controller.init_config(&config).expect("nobody stops it");
    let seen = controller.query().expect("nobody stops it");
    if seen != config {
        service.cluster().fail(format!("expected the present configuration to be {config}; saw {seen}"));
    }
}

/// The only group goes on when its leader is shut down.
fn static_one_shard_group_5a(service: &Service) {
    service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    let group = service.group(GroupId(1));
    let leader = group.any_leader().unwrap_or(0);
    group.shutdown(leader);
    contents.check(&client);
}

/// A group joins and takes over half of the shards.
fn join_basic_5a(service: &Service) {
    let controller = service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    service.join_groups(&controller, &groups([2]));
    service.must_be_at(&controller, ConfigNum(2));

    service.check_shutdown_sharding(GroupId(1), &contents);
    contents.check(&client);
    service.check_shutdown_sharding(GroupId(2), &contents);
    contents.check(&client);
}

/// A group deletes the shards that it has given away.
fn delete_basic_5a(service: &Service) {
    /// The length of the values, in letters.
    const LONG: usize = 1000;
    /// Enough for a log of 10,000 bytes in each group, whatever the encoding of a get.
    const MOST_ROUNDS: usize = 50;
    let controller = service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LONG);
    let before = service.group(GroupId(1)).snapshot_size();
    service.join_groups(&controller, &groups([2]));
    // Until all servers have taken a snapshot. In the course five rounds suffice: its log entries are longer.
    let sizes = || [1, 2].map(|id| service.group(GroupId(id)).snapshot_size());
    let is_small = || sizes().iter().sum::<usize>() <= before + MAX_RAFT_STATE;
    for _ in 0..MOST_ROUNDS {
        contents.check(&client);
        if is_small() {
            break;
        }
    }
    if !is_small() {
        let sizes = sizes();
        service.cluster().fail(format!(
            "expected the snapshots of both groups to have {} bytes at most, {MAX_RAFT_STATE} more than the \
             snapshot of the only group before, for shards that moved are deleted; saw {} and {} bytes",
            before + MAX_RAFT_STATE,
            sizes[0],
            sizes[1],
        ));
    }
}

/// A group joins, the first one leaves, and joins again.
fn join_leave_basic_5a(service: &Service) {
    let controller = service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    service.join_groups(&controller, &groups([2]));
    service.check_shutdown_sharding(GroupId(1), &contents);
    contents.check(&client);

    service.leave(&controller, GroupId(1)).expect("nobody stops the controller");
    service.must_own(&controller, GroupId(1), false);
    let first = service.group(GroupId(1));
    first.shutdown_all();
    contents.check(&client);

    first.start_all();
    let names: Vec<String> = (0..first.n_servers()).map(|server| first.address(server)).collect();
    service.join(&controller, GroupId(1), &names).expect("nobody stops the controller");
    service.must_own(&controller, GroupId(1), true);
    contents.check(&client);
    service.check_shutdown_sharding(GroupId(2), &contents);
}

/// Eight groups join and leave.
fn many_join_leave(service: &Service) {
    let controller = service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    let more = groups(2..2 + MORE_GROUPS);
    service.join_groups(&controller, &more);
    service.check_shutdown_sharding(more[0], &contents);
    contents.check(&client);
    service.leave_groups(&controller, &more);
    contents.check(&client);
}

/// All groups are shut down, and start again.
fn shutdown_5a(service: &Service) {
    let controller = service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    service.join_groups(&controller, &groups([2, 3]));
    service.check_shutdown_sharding(GroupId(2), &contents);
    contents.check(&client);
    for id in groups([1, 2, 3]) {
        service.group(id).shutdown_all();
    }
    for id in groups([1, 2, 3]) {
        service.group(id).start_all();
    }
    contents.check(&client);
}

/// Groups go on while others are down.
fn progress_shutdown_5a(service: &Service) {
    /// The time for all gets.
    const LIMIT: Duration = Duration::from_secs(2);
    let controller = service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    let joined = groups(2..6);
    service.join_groups(&controller, &joined);
    let (down, up) = joined.split_at(2);
    down.iter().for_each(|&id| service.group(id).shutdown_all());

    let config = controller.query().expect("nobody stops it");
    let began = service.cluster().now();
    for (key, value) in contents.keys() {
        if up.contains(&config.owners[ShardId::of(key).0]) {
            client.check_get(key, value, Version(1));
        }
    }
    let took = service.cluster().now() - began;
    if took > LIMIT {
        service.cluster().fail(format!(
            "expected the keys of groups that are up to be read within {} while other groups are down; saw \
             it take {}",
            Seconds(LIMIT),
            Seconds(took)
        ));
    }
}

/// Shards that do not move are served while others move.
fn progress_join_5a(service: &Service) {
    /// How long the keys are read.
    const TIME: Duration = Duration::from_secs(4);
    /// The fewest gets.
    const GETS: u64 = 100;
    /// The pause after a get. Where messages take little virtual time, the client would read without end.
    const REST: Duration = Duration::from_millis(5);
    /// The group that joins and leaves again and again.
    const RESTLESS: GroupId = GroupId(7);
    let controller = service.set_up();
    let client = service.cluster().client();
    let contents = service.spread_puts(&client, LENGTH);
    service.join_groups(&controller, &groups(2..6));

    let servers = service.start_group(RESTLESS);
    let present = controller.query().expect("nobody stops it");
    let joined = present.join(RESTLESS, &servers).expect("it is new");
    let left = joined.leave(RESTLESS).expect("it has joined");
    let changes = |shard: &ShardId| joined.owners[shard.0] != left.owners[shard.0];
    let takes_part: BTreeSet<GroupId> =
        ShardId::all().filter(changes).map(|shard| left.owners[shard.0]).collect();
    let is_stable = |key: &str| {
        let shard = ShardId::of(key);
        !changes(&shard) && takes_part.contains(&left.owners[shard.0])
    };

    let stop = Arc::new(AtomicBool::new(false));
    let restless = {
        let (service, controller, stop) = (service.clone(), service.controller(), Arc::clone(&stop));
        thread::spawn(move || {
            while !stop.load(Ordering::Acquire) {
                service.join(&controller, RESTLESS, &servers).expect("nobody stops it");
                service.cluster().sleep(PAUSE);
                service.leave(&controller, RESTLESS).expect("nobody stops it");
                service.cluster().sleep(PAUSE);
            }
        })
    };
    let began = service.cluster().now();
    let mut gets = 0;
    while service.cluster().now() - began < TIME {
        for (key, value) in contents.keys().iter().filter(|(key, _)| is_stable(key)) {
            client.check_get(key, value, Version(1));
            gets += 1;
            service.cluster().sleep(REST);
        }
    }
    let took = service.cluster().now() - began;
    stop.store(true, Ordering::Release);
    if took > 2 * TIME || gets < GETS {
        service.cluster().fail(format!(
            "expected at least {GETS} gets of keys whose shards stay where they are within {}, while other \
             shards move; saw {gets} in {}",
            Seconds(2 * TIME),
            Seconds(took)
        ));
    }
    restless.join().expect("a panic ends the run");
}

/// Clients put while groups join and leave.
fn concurrent_clerks(service: &Service, clients: usize) {
    /// How long the clients put.
    const TIME: Duration = Duration::from_secs(20);
    /// The unit of their pauses.
    const REST: Duration = Duration::from_millis(200);
    let controller = service.set_up();
    let putting = {
        let cluster = service.cluster().clone();
        let load = Load::one_key_called("k0").resting(REST);
        thread::spawn(move || cluster.put_concurrently(clients, TIME, &load))
    };
    let more = groups(2..2 + MORE_GROUPS);
    service.join_groups(&controller, &more);
    service.leave_groups(&controller, &more);
    putting.join().expect("a panic ends the run");
    service.cluster().check_linearizable();
}
