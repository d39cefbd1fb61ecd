//! Part 4B: a key/value service that goes on when servers fail, without snapshots.

use std::sync::Arc;
use std::time::Duration;

use labapi::Version;
use labrt::thread;

use super::KvServers;
use super::generic::speed;
use crate::display::{Seconds, Servers};
use crate::key_value::Scenario;
use crate::{Case, Cluster};

pub(super) fn cases() -> [Case; 13] {
    [
    case("basic_4b", "Test: one client (4B basic)", |cluster| Scenario::clients(1).play(cluster)).points(2),
    case("speed_4b", "Test: one client (4B speed)", speed).servers(3).points(3),
    case("concurrent_4b", "Test: many clients (4B many clients)", |cluster| {
        Scenario::clients(5).play(cluster);
    })
    .points(3),
    case("unreliable_4b", "Test: many clients (4B many clients)", |cluster| {
        Scenario::clients(5).play(cluster);
    })
    .unreliable()
    .points(3),
    case("one_partition_4b", "Test: one client (4B progress in majority)", one_partition_4b)
        .unreliable()
        .points(4),
    case(
        "many_partitions_one_client_4b",
        "Test: partitions, one client (4B partitions, one client)",
        |cluster| Scenario::clients(1).partitions().play(cluster),
    )
    .points(3),
    case(
        "many_partitions_many_clients_4b",
        "Test: partitions, many clients (4B partitions, many clients (4B))",
        |cluster| Scenario::clients(5).partitions().play(cluster),
    )
    .points(3),
    case("persist_one_client_4b", "Test: restarts, one client (4B restarts, one client 4B)", |cluster| {
        Scenario::clients(1).crashes().play(cluster);
    })
    .points(3),
    case("persist_concurrent_4b", "Test: restarts, many clients (4B restarts, many clients)", |cluster| {
        Scenario::clients(5).crashes().play(cluster);
    })
    .points(3),
    case(
        "persist_concurrent_unreliable_4b",
        "Test: restarts, many clients (4B restarts, many clients)",
        |cluster| Scenario::clients(5).crashes().play(cluster),
    )
    .unreliable()
    .points(3),
    case(
        "persist_partition_4b",
        "Test: restarts, partitions, many clients (4B restarts, partitions, many clients)",
        |cluster| Scenario::clients(5).crashes().partitions().play(cluster),
    )
    .points(3),
    case(
        "persist_partition_unreliable_4b",
        "Test: restarts, partitions, many clients (4B restarts, partitions, many clients)",
        |cluster| Scenario::clients(5).crashes().partitions().play(cluster),
    )
    .unreliable()
    .points(3),
    case(
        "persist_partition_unreliable_linearizable_4b",
        "Test: restarts, partitions, random keys, many clients (4B restarts, partitions, random keys, many \
         clients)",
        |cluster| Scenario::clients(15).crashes().partitions().random_keys().play(cluster),
    )
    .servers(7)
    .unreliable()
    .points(4),
]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<KvServers>)) -> Case {
    Case::new(name, "4B", title, &["raft", "kvraft"], move |stage| super::play(stage, body)).servers(5)
}

/// How long the put of a client that was in the minority may take when all are connected again.
const PATIENCE: Duration = Duration::from_secs(3);

fn one_partition_4b(cluster: &Cluster<KvServers>) {
    let client = cluster.client();
    let version = client.put_at_least_once("1", "13", Version(0));

    let leader = cluster.any_leader().unwrap_or(0);
    let (majority, minority) = cluster.make_partition(leader);

    // The majority goes on.
    let with_majority = cluster.client_to(&majority);
    let (putting_client, getting_client) =
        (Arc::new(cluster.client_to(&minority)), Arc::new(cluster.client_to(&minority)));
    let version = with_majority.put_at_least_once("1", "14", version);
    with_majority.check_get("1", "14", version);

    // The minority does nothing, not even read.
    let put = {
        let client = Arc::clone(&putting_client);
        thread::spawn(move || client.put_at_least_once("1", "15", version))
    };
    let get = {
        let client = Arc::clone(&getting_client);
        thread::spawn(move || drop(client.get("1")))
    };
    cluster.sleep(Duration::from_secs(1));
    for (what, ended) in [("put", put.is_finished()), ("get", get.is_finished())] {
        if ended {
            cluster.fail(format!(
                "expected no {what} to be done by {}, which are no majority; saw one done",
                Servers(&minority)
            ));
        }
    }
    with_majority.check_get("1", "14", version);
    let version = with_majority.put_at_least_once("1", "16", version);
    with_majority.check_get("1", "16", version);

    // When all are connected again, what the minority was asked is done.
    cluster.connect_all();
    putting_client.connect_all();
    getting_client.connect_all();
    cluster.sleep(Duration::from_secs(1));
    let healed = cluster.now();
    while !put.is_finished() {
        if cluster.now() - healed >= PATIENCE {
            cluster.fail(format!(
                "expected the put of client {}, which reached only a minority before, to be done within {} \
                 after all servers \
                 could talk again; saw it wait",
                putting_client.number(),
                Seconds(PATIENCE)
            ));
        }
        cluster.sleep(Duration::from_millis(20));
    }
    let version = put.join().expect("a panic ends the run");
    client.check_get("1", "15", version);
    cluster.check_linearizable();
}
