//! Part 4C: snapshots keep what Raft saves small, and nothing is lost by them.

use std::time::Duration;

use labapi::Version;

use super::KvServers;
use super::generic::speed;
use crate::key_value::Scenario;
use crate::raft::SIZE_MARGIN;
use crate::{Case, Cluster};

/// When a replica takes a snapshot.
const MAX_RAFT_STATE: usize = 1000;

pub(super) fn cases() -> [Case; 9] {
    [
        case("snapshot_rpc_4c", "Test: snapshots, one client (4C SnapshotsRPC)", snapshot_rpc_4c)
            .servers(3)
            .points(3),
        case(
            "snapshot_size_4c",
            "Test: snapshots, one client (4C snapshot size is reasonable)",
            snapshot_size_4c,
        )
        .servers(3)
        .points(3),
        case("speed_4c", "Test: snapshots, one client (4C speed)", speed).servers(3).points(3),
        case(
            "snapshot_recover_4c",
            "Test: restarts, snapshots, one client (4C restarts, snapshots, one client)",
            |cluster| Scenario::clients(1).crashes().play(cluster),
        )
        .points(3),
        case(
            "snapshot_recover_many_clients_4c",
            "Test: restarts, snapshots, many clients (4C restarts, snapshots, many clients)",
            |cluster| Scenario::clients(20).crashes().play(cluster),
        )
        .points(3),
        case(
            "snapshot_unreliable_4c",
            "Test: snapshots, many clients (4C unreliable net, snapshots, many clients)",
            |cluster| Scenario::clients(5).play(cluster),
        )
        .unreliable()
        .points(3),
        case(
            "snapshot_unreliable_recover_4c",
            "Test: restarts, snapshots, many clients (4C unreliable net, restarts, snapshots, many clients)",
            |cluster| Scenario::clients(5).crashes().play(cluster),
        )
        .unreliable()
        .points(3),
        case(
            "snapshot_unreliable_recover_concurrent_partition_4c",
            "Test: restarts, partitions, snapshots, many clients (4C unreliable net, restarts, partitions, \
         snapshots, many \
         clients)",
            |cluster| Scenario::clients(5).crashes().partitions().play(cluster),
        )
        .unreliable()
        .points(3),
        case(
            "snapshot_unreliable_recover_concurrent_partition_linearizable_4c",
            "Test: restarts, partitions, snapshots, random keys, many clients (4C unreliable net, restarts, \
         partitions, \
         snapshots, random keys, many clients)",
            |cluster| Scenario::clients(15).crashes().partitions().random_keys().play(cluster),
        )
        .servers(7)
        .unreliable()
        .points(3),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<KvServers>)) -> Case {
    Case::new(name, "4C", title, &["raft", "kvraft"], move |stage| super::play(stage, body))
        .servers(5)
        .max_raft_state(MAX_RAFT_STATE)
}

/// A server misses so much that the others have cut it from their logs: it has to be sent a snapshot.
fn snapshot_rpc_4c(cluster: &Cluster<KvServers>) {
    let client = cluster.client();
    let a = client.put_at_least_once("a", "A", Version(0));
    client.check_get("a", "A", a);

    // Without server 2, enough for several snapshots.
    cluster.partition(&[0, 1], &[2]);
    let first_two = cluster.client_to(&[0, 1]);
    for number in 0..50 {
        let text = number.to_string();
        first_two.put_at_least_once(&text, &text, Version(0));
    }
    cluster.sleep(Duration::from_secs(1));
    let b = first_two.put_at_least_once("b", "B", Version(0));

    // So the majority has thrown away what it did.
    cluster.check_log_size(SIZE_MARGIN * MAX_RAFT_STATE);

    // Now server 2 is needed, and has to catch up.
    cluster.partition(&[0, 2], &[1]);
    let other_two = cluster.client_to(&[0, 2]);
    let c = other_two.put_at_least_once("c", "C", Version(0));
    other_two.put_at_least_once("d", "D", Version(0));
    other_two.check_get("a", "A", a);
    other_two.check_get("b", "B", b);
    other_two.check_get("1", "1", Version(1));
    other_two.check_get("49", "49", Version(1));

    // And now server 1.
    cluster.partition(&[0, 1, 2], &[]);
    let e = client.put_at_least_once("e", "E", Version(0));
    client.check_get("c", "C", c);
    client.check_get("e", "E", e);
    client.check_get("1", "1", Version(1));
    cluster.check_linearizable();
}

/// A service with one key has little to remember.
fn snapshot_size_4c(cluster: &Cluster<KvServers>) {
    const MAX_SNAPSHOT: usize = 500;
    let client = cluster.client();
    let mut version = Version(0);
    for _ in 0..200 {
        for value in ["0", "1"] {
            version = client.put_at_least_once("x", value, version);
            client.check_get("x", value, version);
        }
    }
    cluster.check_log_size(SIZE_MARGIN * MAX_RAFT_STATE);
    // What one client has put, another one finds.
    cluster.client().check_get("x", "1", version);
    cluster.check_snapshot_size(MAX_SNAPSHOT);
    cluster.check_linearizable();
}
