//! Part 4P: each operation takes effect exactly once, when messages are lost and servers fail; without
//! snapshots. The course's part 3A of 2023 (4A of 2024).

use std::sync::Arc;
use std::time::Duration;

use labrt::thread;

use super::AppendServers;
use super::operations::AppendClient;
use super::rounds::{Written, speed};
use super::tokens::token;
use crate::display::{Seconds, Servers};
use crate::key_value::Scenario;
use crate::{Case, Cluster};

pub(super) fn cases() -> [Case; 14] {
    [
        rounds("basic_4p", "Test: one client (4P)", Scenario::clients(1)).points(2),
        case("speed_4p", "Test: ops complete fast enough (4P)", speed).servers(3).points(3),
        rounds("concurrent_4p", "Test: many clients (4P)", Scenario::clients(5)).points(3),
        rounds("unreliable_4p", "Test: unreliable net, many clients (4P)", Scenario::clients(5))
            .unreliable()
            .points(3),
        case(
            "unreliable_one_key_4p",
            "Test: concurrent append to same key, unreliable (4P)",
            unreliable_one_key_4p,
        )
        .servers(3)
        .unreliable()
        .points(2),
        case("one_partition_4p", "Test: progress in majority (4P)", one_partition_4p).points(4),
        rounds(
            "many_partitions_one_client_4p",
            "Test: partitions, one client (4P)",
            Scenario::clients(1).partitions(),
        )
        .points(2),
        rounds(
            "many_partitions_many_clients_4p",
            "Test: partitions, many clients (4P)",
            Scenario::clients(5).partitions(),
        )
        .points(3),
        rounds("persist_one_client_4p", "Test: restarts, one client (4P)", Scenario::clients(1).crashes())
            .points(2),
        rounds("persist_concurrent_4p", "Test: restarts, many clients (4P)", Scenario::clients(5).crashes())
            .points(3),
        rounds(
            "persist_concurrent_unreliable_4p",
            "Test: unreliable net, restarts, many clients (4P)",
            Scenario::clients(5).crashes(),
        )
        .unreliable()
        .points(3),
        rounds(
            "persist_partition_4p",
            "Test: restarts, partitions, many clients (4P)",
            Scenario::clients(5).crashes().partitions(),
        )
        .points(3),
        rounds(
            "persist_partition_unreliable_4p",
            "Test: unreliable net, restarts, partitions, many clients (4P)",
            Scenario::clients(5).crashes().partitions(),
        )
        .unreliable()
        .points(3),
        rounds(
            "persist_partition_unreliable_linearizable_4p",
            "Test: unreliable net, restarts, partitions, random keys, many clients (4P)",
            Scenario::clients(15).crashes().partitions().random_keys(),
        )
        .servers(7)
        .unreliable()
        .points(4),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<AppendServers>)) -> Case {
    super::case(name, "4P", title, body)
}

fn rounds(name: &'static str, title: &'static str, scenario: Scenario) -> Case {
    super::rounds(name, "4P", title, scenario)
}

/// Clients that append to one key at the same time, without a pause.
fn unreliable_one_key_4p(cluster: &Cluster<AppendServers>) {
    const CLIENTS: usize = 5;
    const APPENDS: usize = 10;
    let client = cluster.client();
    // Not in the history. An empty text leaves no trace in what is read, so the check would have to search
    // among the orders of the appends.
    for clerk in client.more_clerks(1) {
        client.ask("put", move |_| clerk.put("k", ""));
    }
    let written = cluster.spawn_clients_and_wait(CLIENTS, Duration::ZERO, |_, client: &AppendClient, _| {
        for number in 0..APPENDS {
            client.append("k", &token(client.number(), number));
        }
        Written { client: client.number(), tokens: APPENDS }
    });
    let text = client.get("k");
    for written in written {
        cluster.check_tokens("k", &text, written);
    }
    cluster.check_linearizable();
}

/// How long the put of a client that was in the minority may take when all are connected again; and then the
/// get.
const PATIENCE: Duration = Duration::from_secs(3);

fn one_partition_4p(cluster: &Cluster<AppendServers>) {
    let client = cluster.client();
    client.put("1", "13");

    let leader = cluster.any_leader().unwrap_or(0);
    let (majority, minority) = cluster.make_partition(leader);

    // The majority goes on.
    let with_majority = cluster.client_to(&majority);
    let [putting_client, getting_client] = [(); 2].map(|()| Arc::new(cluster.client_to(&minority)));
    with_majority.put("1", "14");
    with_majority.check_get("1", "14");

    // The minority does nothing, not even read.
    let in_background = |client: &Arc<AppendClient>, operation: fn(&AppendClient)| {
        let client = Arc::clone(client);
        thread::spawn(move || operation(&client))
    };
    let put = in_background(&putting_client, |client| client.put("1", "15"));
    let get = in_background(&getting_client, |client| drop(client.get("1")));
    cluster.sleep(Duration::from_secs(1));
    for (what, ended) in [("put", put.is_finished()), ("get", get.is_finished())] {
        if ended {
            cluster.fail(format!(
                "expected no {what} to return that was sent to {} alone, which are no majority; saw one \
                 return",
                Servers(&minority)
            ));
        }
    }
    with_majority.check_get("1", "14");
    with_majority.put("1", "16");
    with_majority.check_get("1", "16");

    // When all are connected again, what the minority was asked is done.
    cluster.connect_all();
    putting_client.connect_all();
    getting_client.connect_all();
    cluster.sleep(Duration::from_secs(1));
    for (what, waiting, of) in [("put", put, putting_client), ("get", get, getting_client)] {
        let began = cluster.now();
        while !waiting.is_finished() {
            if cluster.now() - began >= PATIENCE {
                cluster.fail(format!(
                    "expected the {what} of client {}, which no majority heard of before, to return within \
                     {} after all servers were connected again; saw it wait",
                    of.number(),
                    Seconds(PATIENCE)
                ));
            }
            cluster.sleep(Duration::from_millis(20));
        }
    }
    client.check_get("1", "15");
    cluster.check_linearizable();
}
