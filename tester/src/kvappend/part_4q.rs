//! Part 4Q: each operation takes effect exactly once, also across snapshots. The course's part 3B of 2023 (4B
//! of 2024).

use std::time::Duration;

use super::AppendServers;
use super::rounds::speed;
use crate::key_value::Scenario;
use crate::raft::SIZE_MARGIN;
use crate::{Case, Cluster};

/// When a replica takes a snapshot.
const MAX_RAFT_STATE: usize = 1000;

pub(super) fn cases() -> [Case; 9] {
    [
        case("snapshot_rpc_4q", "Test: InstallSnapshot RPC (4Q)", snapshot_rpc_4q).servers(3).points(4),
        case("snapshot_size_4q", "Test: snapshot size is reasonable (4Q)", snapshot_size_4q)
            .servers(3)
            .points(4),
        case("speed_4q", "Test: ops complete fast enough (4Q)", speed).servers(3).points(3),
        rounds(
            "snapshot_recover_4q",
            "Test: restarts, snapshots, one client (4Q)",
            Scenario::clients(1).crashes(),
        )
        .points(3),
        rounds(
            "snapshot_recover_many_clients_4q",
            "Test: restarts, snapshots, many clients (4Q)",
            Scenario::clients(20).crashes(),
        )
        .points(3),
        rounds(
            "snapshot_unreliable_4q",
            "Test: unreliable net, snapshots, many clients (4Q)",
            Scenario::clients(5),
        )
        .unreliable()
        .points(3),
        rounds(
            "snapshot_unreliable_recover_4q",
            "Test: unreliable net, restarts, snapshots, many clients (4Q)",
            Scenario::clients(5).crashes(),
        )
        .unreliable()
        .points(3),
        rounds(
            "snapshot_unreliable_recover_concurrent_partition_4q",
            "Test: unreliable net, restarts, partitions, snapshots, many clients (4Q)",
            Scenario::clients(5).crashes().partitions(),
        )
        .unreliable()
        .points(3),
        rounds(
            "snapshot_unreliable_recover_concurrent_partition_linearizable_4q",
            "Test: unreliable net, restarts, partitions, snapshots, random keys, many clients (4Q)",
            Scenario::clients(15).crashes().partitions().random_keys(),
        )
        .servers(7)
        .unreliable()
        .points(4),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<AppendServers>)) -> Case {
    super::case(name, "4Q", title, body).max_raft_state(MAX_RAFT_STATE)
}

fn rounds(name: &'static str, title: &'static str, scenario: Scenario) -> Case {
    super::rounds(name, "4Q", title, scenario).max_raft_state(MAX_RAFT_STATE)
}

/// A server misses so much that the others have cut it from their logs: it has to be sent a snapshot.
fn snapshot_rpc_4q(cluster: &Cluster<AppendServers>) {
    let client = cluster.client();
    client.put("a", "A");
    client.check_get("a", "A");

    // Without server 2, enough for several snapshots.
    cluster.partition(&[0, 1], &[2]);
    let first_two = cluster.client_to(&[0, 1]);
    for text in (0..50).map(|number| number.to_string()) {
        first_two.put(&text, &text);
    }
    cluster.sleep(Duration::from_secs(1));
    first_two.put("b", "B");

    // So the majority has thrown away what it did.
    cluster.check_log_size(SIZE_MARGIN * MAX_RAFT_STATE);

    // Now server 2 is needed, and has to catch up.
    cluster.partition(&[0, 2], &[1]);
    let other_two = cluster.client_to(&[0, 2]);
    other_two.put("c", "C");
    other_two.put("d", "D");
    for (key, text) in [("a", "A"), ("b", "B"), ("1", "1"), ("49", "49")] {
        other_two.check_get(key, text);
    }

    // And now server 1.
    cluster.partition(&[0, 1, 2], &[]);
    client.put("e", "E");
    for (key, text) in [("c", "C"), ("e", "E"), ("1", "1")] {
        client.check_get(key, text);
    }
    cluster.check_linearizable();
}

/// A service with one key and few clients has little to remember.
fn snapshot_size_4q(cluster: &Cluster<AppendServers>) {
    const MAX_SNAPSHOT: usize = 500;
    let client = cluster.client();
    for _ in 0..200 {
        for text in ["0", "1"] {
            client.put("x", text);
            client.check_get("x", text);
        }
    }
    cluster.check_log_size(SIZE_MARGIN * MAX_RAFT_STATE);
    // What one client has put, another one finds.
    cluster.client().check_get("x", "1");
    cluster.check_snapshot_size(MAX_SNAPSHOT);
    cluster.check_linearizable();
}
