//! Part 2B: a lock, made of a key and a clerk.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use labapi::{PutError, Version, Versioned};

use super::KvServer;
use super::lock::ClientLock;
use crate::display::outcome;
use crate::key_value::Client;
use crate::{Case, Cluster};

pub(super) fn cases() -> [Case; 4] {
    [
        case("one_client_reliable_2b", "Test: 1 lock clients", one_client_2b).points(3),
        case("many_clients_reliable_2b", "Test: 10 lock clients", many_clients_2b).points(4),
        case("one_client_unreliable_2b", "Test: 1 lock clients", one_client_2b).unreliable().points(3),
        case("many_clients_unreliable_2b", "Test: 10 lock clients", many_clients_2b).unreliable().points(5),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<KvServer>)) -> Case {
    Case::new(name, "2B", title, &["kvsrv"], move |stage| super::play(stage, body)).servers(1)
}

fn one_client_2b(cluster: &Cluster<KvServer>) {
    clients_take_turns(cluster, 1);
}

fn many_clients_2b(cluster: &Cluster<KvServer>) {
    clients_take_turns(cluster, 10);
}

/// The client that holds the lock writes its number into a key, and clears it before it lets go. So no client
/// that holds the lock may find a number there.
fn clients_take_turns(cluster: &Cluster<KvServer>, clients: usize) {
    let turns: u64 =
        cluster.spawn_clients_and_wait(clients, Duration::from_secs(2), take_turns).into_iter().sum();
    if turns == 0 {
        cluster.fail("expected some client to have had the lock and to have given it back; saw none");
    }
    // What was written under the lock is there for others, each turn's two puts.
    let version = cluster.client().get_existing("l0").version;
    if version.0 < 2 * turns {
        cluster.fail(format!(
            "expected key l0 to have been put at least twice in each of {turns} turns; saw another client \
             find version {version}"
        ));
    }
    cluster.check_linearizable();
}

fn take_turns(_: usize, client: &Client<KvServer>, stop: &AtomicBool) -> u64 {
    let lock = client.lock("l");
    let mut turns = 0;
    // Every client does this; only the first one's is done.
    let _ = client.put("l0", "", Version(0));
    while !stop.load(Ordering::Acquire) {
        take_turn(client, &lock);
        turns += 1;
    }
    turns
}

/// Acquires the lock, holds it for a while, and releases it. The key `l0` must exist.
pub(super) fn take_turn(client: &Client<KvServer>, lock: &ClientLock<'_>) {
    lock.acquire();
    let Versioned { value, version } = client.get_existing("l0");
    let cluster = client.cluster();
    if !value.is_empty() {
        cluster.fail(format!(
            "expected nobody else to hold the lock while client {} does; saw that client {value} does",
            client.number()
        ));
    }
    write(client, &client.number().to_string(), version);
    cluster.sleep(Duration::from_millis(10));
    write(client, "", version.next());
    lock.release();
}

/// A put by the holder of the lock, which must be the only writer.
#[track_caller]
fn write(client: &Client<KvServer>, value: &str, version: Version) {
    let answer = client.put("l0", value, version);
    if !matches!(answer, Ok(()) | Err(PutError::Maybe)) {
        client.cluster().fail(format!(
            "expected put(l0) over version {version} of client {}, which holds the lock, to be done or \
             maybe done; saw: {}",
            client.number(),
            outcome(answer)
        ));
    }
}
