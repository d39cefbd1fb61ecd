//! Part 2A: a key/value server on one machine, and its clerk.

use std::sync::Arc;
use std::time::Duration;

use labapi::{Clerk, PutError, Version, Versioned};

use super::KvServer;
use crate::display::outcome;
use crate::key_value::{Client, Load, Unrecorded};
use crate::{Case, Cluster};

pub(super) fn cases() -> [Case; 4] {
    [
        case("reliable_put_2a", "One client and reliable Put", reliable_put_2a).points(3),
        case(
            "put_concurrent_reliable_2a",
            "Test: many clients racing to put values to the same key",
            put_concurrent_reliable_2a,
        )
        .points(4),
        case(
            "mem_put_many_clients_reliable_2a",
            "Test: memory use many put clients",
            mem_put_many_clients_reliable_2a,
        )
        .points(3),
        case("unreliable_net_2a", "One client", unreliable_net_2a).unreliable().points(5),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<KvServer>)) -> Case {
    Case::new(name, "2A", title, &["kvsrv"], move |stage| super::play(stage, body)).servers(1)
}

fn reliable_put_2a(cluster: &Cluster<KvServer>) {
    let client = cluster.client();
    let value = "6.5840";

    // A key is created by a put over version 0, and then has version 1.
    expect_put(cluster, &client, "k", value, Version(0), Ok(()));
    client.check_get("k", value, Version(1));

    // Now a put over version 0 comes too late.
    expect_put(cluster, &client, "k", value, Version(0), Err(PutError::Version));

    // What does not exist has no version to put over, and no value.
    expect_put(cluster, &client, "y", value, Version(1), Err(PutError::NoKey));
    if let Some(Versioned { value, version }) = client.get("y") {
        cluster.fail(format!(
            "expected no such key as y, whose only put was refused; saw `{value}`, version {version}"
        ));
    }

    // What one client has put, another one finds.
    cluster.client().check_get("k", value, Version(1));
    cluster.check_linearizable();
}

#[track_caller]
fn expect_put(
    cluster: &Cluster<KvServer>,
    client: &Client<KvServer>,
    key: &str,
    value: &str,
    version: Version,
    expected: Result<(), PutError>,
) {
    let seen = client.put(key, value, version);
    if seen != expected {
        cluster.fail(format!(
            "expected put({key}) over version {version}: {}; saw: {}",
            outcome(expected),
            outcome(seen)
        ));
    }
}

fn put_concurrent_reliable_2a(cluster: &Cluster<KvServer>) {
    const CLIENTS: usize = 10;
    let client = cluster.client();
    let results = cluster.put_concurrently(CLIENTS, Duration::from_secs(1), &Load::one_key());

    // Nothing is lost, so every put that took effect was reported as done.
    cluster.check_put_concurrent(&client, "k", results, true);
    cluster.check_linearizable();
}

/// A server that remembers something of every client will run out of memory.
fn mem_put_many_clients_reliable_2a(cluster: &Cluster<KvServer>) {
    const CLIENTS: usize = 100_000;
    const BYTES_A_CLIENT: u64 = 200;
    let value = cluster.rand_letters(1000);
    let client = cluster.client();
    let clerks: Arc<[Arc<dyn Clerk>]> = client.more_clerks(CLIENTS).into();

    // Every clerk speaks once, so that all that it needs is there.
    let first = each(&client, &clerks, |_| (String::new(), Version(1)));
    if let Some((clerk, answer)) =
        first.iter().enumerate().find(|(_, answer)| **answer != Err(PutError::NoKey))
    {
        cluster.fail(format!(
            "expected put(k) over version 1 of clerk {clerk}, before k exists: no such key; saw: {}",
            outcome(*answer)
        ));
    }
    drop(first);
    cluster.sleep(Duration::from_secs(1));
    let before = cluster.heap_bytes();

    // Then each puts once more. What remains of that is one value.
    let puts = each(&client, &clerks, move |clerk| (value.clone(), Version(clerk as u64)));
    if let Some((clerk, answer)) = puts.iter().enumerate().find(|(_, answer)| answer.is_err()) {
        cluster.fail(format!(
            "expected put(k) over version {clerk}, which k had: done; saw: {}",
            outcome(*answer)
        ));
    }
    drop(puts);
    cluster.sleep(Duration::from_secs(1));
    let after = cluster.heap_bytes();
    let grown = after.saturating_sub(before);
    if grown > CLIENTS as u64 * BYTES_A_CLIENT {
        cluster.fail(format!(
            "expected at most {BYTES_A_CLIENT} bytes of memory a client to be kept after the puts of \
             {CLIENTS} clients; saw \
             {} bytes a client ({before} before, {after} after)",
            grown / CLIENTS as u64
        ));
    }
}

/// Each clerk puts once: to `k`, what `what` says for its number.
fn each(
    client: &Client<KvServer>,
    clerks: &Arc<[Arc<dyn Clerk>]>,
    what: impl Fn(usize) -> (String, Version) + Send + 'static,
) -> Vec<Result<(), PutError>> {
    let (clerks, puts) = (Arc::clone(clerks), Unrecorded::of(client));
    client.ask("put of each clerk", move |_| {
        let put = |(number, clerk): (usize, &Arc<dyn Clerk>)| {
            let (value, version) = what(number);
            puts.put(&**clerk, "k", &value, version)
        };
        clerks.iter().enumerate().map(put).collect()
    })
}

/// Messages are lost. A clerk that sent a put twice cannot tell whether its first copy took effect.
fn unreliable_net_2a(cluster: &Cluster<KvServer>) {
    const PUTS: u64 = 100;
    let client = cluster.client();
    let mut retried = false;
    for version in (0..PUTS).map(Version) {
        // One put after the other over the same version: only the first to arrive can take effect.
        for attempt in 0.. {
            let answer = client.put("k", &attempt.to_string(), version);
            if answer == Err(PutError::Maybe) {
                retried = true;
                continue;
            }
            if attempt > 0 && answer != Err(PutError::Version) {
                cluster.fail(format!(
                    "expected put(k) over version {version} to be refused for its version, for an earlier \
                     one was maybe \
                     done; saw: {}",
                    outcome(answer)
                ));
            }
            break;
        }
        client.check_get("k", "0", version.next());
    }
    if !retried {
        cluster.fail(format!(
            "expected some put of {PUTS} over a network that loses one message in ten to be maybe done; saw \
             none: a put \
             whose reply was lost has to be sent again, and then a wrong version may be the first copy's \
             doing"
        ));
    }
    // What one client has put, another one finds.
    cluster.client().check_get("k", "0", Version(PUTS));
    cluster.check_linearizable();
}
