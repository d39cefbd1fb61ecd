//! Situations of a server of the key/value service on a log that the test decides about.

use std::time::Duration;

use labapi::{Version, Versioned};
use labrt::sync::Arc;
use labrt::thread;
use labrt::world::Backend;

use crate::display::outcome;
use crate::key_value::{Rival, Unrecorded};
use crate::kvraft::scripted_log::{SCRIPTED_LOG, Script};
use crate::kvraft::{KvServers, play_on};
use crate::{Case, Cluster, Stage};

/// When the replica takes a snapshot.
const MAX_RAFT_STATE: usize = 1000;

pub(super) fn cases() -> [Case; 2] {
    let long_life = "Test (4X): a server that has served for long";
    [
        scene("leads_on_with_puts_4x", "Test (4X): a leader is deposed and leads on, with puts", leads_on),
        scene("long_life_4x", long_life, long_life_4x).max_raft_state(MAX_RAFT_STATE),
    ]
}

fn scene(name: &'static str, title: &'static str, body: fn(&Cluster<KvServers>)) -> Case {
    let play = move |stage: &Stage<'_>| play_on(stage, SCRIPTED_LOG, body);
    Case::new(name, "4X", title, &["raft", "kvraft"], play).servers(1).adversarial()
}

/// The changes of the lead.
const CHANGES: usize = 4;

/// Clients put to the same keys, and now and then their server is deposed with requests in its log, and leads
/// on in a later term. The requests are executed after that, and the clients must not be told that they were
/// not: a put that a server submits twice is refused the second time.
fn leads_on(cluster: &Cluster<KvServers>) {
    const CLIENTS: usize = 3;
    let script = Script::begin(cluster);
    for _ in 0..CHANGES {
        script.majority(false);
        let working: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let client = cluster.client();
                thread::spawn(move || {
                    let mut rival = Rival::new(&client);
                    (0..3).for_each(|_| rival.contend());
                })
            })
            .collect();
        cluster.sleep(Duration::from_millis(1) + cluster.rand_millis(150));
        if cluster.rand_number(2) == 0 {
            script.deposed();
            cluster.sleep(cluster.rand_millis(150));
        }
        script.elected_after(1 + cluster.rand_number(2));
        // Whoever has noticed by then has submitted his request once more.
        cluster.sleep(cluster.rand_millis(300));
        script.majority(true);
        for client in working {
            client.join().expect("a panic ends the run");
        }
    }
    cluster.check_linearizable();
}

/// The puts before memory is counted, and the puts of which some may be kept.
const PUTS: u64 = 300;

/// The bytes of memory that may be kept of a request on average. A number in a table takes as many.
const BYTES_A_PUT: u64 = 8;

/// The factor by which snapshots may come more often than every time that the log has reached its size.
const MORE_SNAPSHOTS: usize = 3;

/// One client puts to one key for long. The server has one value at the end, and keeps nothing of all the
/// requests. It takes a snapshot when its log has grown, and not after every few entries (§7).
fn long_life_4x(cluster: &Cluster<KvServers>) {
    let script = Script::begin(cluster);
    let client = cluster.client();
    let clerk = client.more_clerks(1).remove(0);
    let put_many = |from: u64| {
        let (clerk, puts) = (Arc::clone(&clerk), Unrecorded::of(&client));
        let refused = client.ask("puts of one clerk", move |_| {
            (from..from + PUTS).find_map(|version| {
                let answer = puts.put(&*clerk, "k", &value_over(version), Version(version));
                answer.err().map(|error| (version, error))
            })
        });
        if let Some((version, error)) = refused {
            cluster.fail(format!(
                "expected put(k) over version {version}, by the only client, to be done; saw: {}",
                outcome(Err(error))
            ));
        }
        cluster.sleep(Duration::from_millis(500));
        // The log is not the replica's, and grows and shrinks all the time.
        cluster.heap_bytes().saturating_sub(script.usage().held as u64)
    };
    let before = put_many(0);
    let after = put_many(PUTS);
    let (grown, limit) = (after.saturating_sub(before), PUTS * BYTES_A_PUT);
    // On real threads, the memory is that of the whole process.
    if grown > limit && cluster.world().backend() == Backend::Simulation {
        cluster.fail(format!(
            "expected a server to keep nothing of requests that are answered: at most {limit} bytes of \
             memory after {PUTS} puts to the same key; saw {grown} ({before} before, {after} after)"
        ));
    }
    let usage = script.usage();
    let most = 2 + MORE_SNAPSHOTS * usage.appended / MAX_RAFT_STATE;
    if usage.snapshots > most {
        cluster.fail(format!(
            "expected a snapshot when the log has grown to about {MAX_RAFT_STATE} bytes: {most} at most \
             while {} bytes were appended; saw {}",
            usage.appended, usage.snapshots
        ));
    }
    let found = client.ask("get", move |_| clerk.get("k"));
    let expected = Versioned { value: value_over(2 * PUTS - 1), version: Version(2 * PUTS) };
    if found.as_ref() != Some(&expected) {
        cluster.fail(format!("expected k to have the value of the last put, {expected:?}; saw {found:?}"));
    }
}

/// The value that is put over a version.
fn value_over(version: u64) -> String {
    format!("the value over {version:06}")
}
