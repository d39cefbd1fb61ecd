//! Situations of the key/value service that chance seldom brings about, each told as a story.

use std::time::Duration;

use labapi::Version;
use labrt::sync::Arc;
use labrt::thread;

use super::MAX_RAFT_STATE;
use super::storm::{ask_each_replica, expect_answers};
use crate::key_value::Rival;
use crate::kvraft::KvServers;
use crate::nemesis::Moment;
use crate::raft::steering::elect;
use crate::{Case, Cluster};

pub(super) fn cases() -> [Case; 3] {
    [
        scene("woken_leader_4x", "Test (4X): a paused leader wakes up", woken_leader),
        scene("lost_put_4x", "Test (4X): a put that was accepted is replaced", lost_put),
        scene("all_crash_4x", "Test (4X): all servers crash in the midst of work", all_crash)
            .max_raft_state(MAX_RAFT_STATE),
    ]
}

fn scene(name: &'static str, title: &'static str, body: fn(&Cluster<KvServers>)) -> Case {
    Case::new(name, "4X", title, &["raft", "kvraft"], move |stage| crate::kvraft::play(stage, body))
        .points(2)
        .adversarial()
}

/// A pause in which requests arrive and would be answered by a server that asks nobody.
const SOON: Duration = Duration::from_millis(60);

/// A leader is paused, with a get and a put on their way to it, until another one has put something. It wakes
/// up, hears of nobody, and must not answer from what it knows (§8).
fn woken_leader(cluster: &Cluster<KvServers>) {
    let first = cluster.client();
    let version = first.put_at_least_once("k0", "old", Version(0));
    let leader = cluster.check_one_leader();
    let others: Vec<usize> = (1..cluster.n_servers()).map(|at| cluster.after(leader, at)).collect();
    cluster.pause(leader);
    for &other in &others {
        cluster.set_link(leader, other, false);
    }
    let elsewhere = cluster.client_to(&others);
    let version = elsewhere.put_at_least_once("k0", "new", version);

    // They ask the paused leader when the new value is there.
    let [getting, putting] = [(); 2].map(|()| Arc::new(cluster.client_to(&[leader])));
    let asked = [
        thread::spawn({
            let client = Arc::clone(&getting);
            move || client.check_get("k0", "new", version)
        }),
        thread::spawn({
            let client = Arc::clone(&putting);
            move || {
                let _ = client.put("k0", "newer", Version(version.0 - 1));
            }
        }),
    ];
    cluster.sleep(SOON);
    cluster.resume(leader);
    cluster.sleep(SOON);
    for &other in &others {
        cluster.set_link(leader, other, true);
    }
    for client in [&*getting, &*putting, &elsewhere] {
        client.connect_all();
    }
    for thread in asked {
        thread.join().expect("a panic ends the run");
    }
    elsewhere.check_get("k0", "new", version);
    cluster.check_linearizable();
}

/// A leader that is cut off accepts puts, among them one of a value that another client puts at the other
/// side over the same version. When it is back, its client must not take the other's put for its own.
fn lost_put(cluster: &Cluster<KvServers>) {
    let version = cluster.client().put_at_least_once("k0", "old", Version(0));
    let leader = cluster.check_one_leader();
    let others: Vec<usize> = (1..cluster.n_servers()).map(|at| cluster.after(leader, at)).collect();
    cluster.disconnect(leader);
    let cut_off: Vec<_> = (0..4).map(|_| Arc::new(cluster.client_to(&[leader]))).collect();
    let values = ["same", "same", "mine", "same"];
    let asked: Vec<_> = cut_off
        .iter()
        .zip(values)
        .map(|(client, value)| {
            let client = Arc::clone(client);
            thread::spawn(move || {
                let _ = client.put("k0", value, version);
            })
        })
        .collect();
    cluster.sleep(SOON);

    let elsewhere = cluster.client_to(&others);
    let mut newest = version;
    for value in ["same", "other", "same", "other"] {
        newest = elsewhere.put_at_least_once("k0", value, newest);
    }
    cluster.connect(leader);
    // It leads again if it can, with what it has now.
    let _ = elect(cluster, leader);
    cut_off.iter().for_each(|client| client.connect_all());
    elsewhere.connect_all();
    for thread in asked {
        thread.join().expect("a panic ends the run");
    }
    elsewhere.check_get("k0", "other", newest);
    ask_each_replica(cluster);
    cluster.check_linearizable();
}

/// The number of times that all servers crash.
const CRASHES: usize = 4;

/// All servers crash while clients wait for them, each at a moment of its own, and come back with what they
/// have saved.
fn all_crash(cluster: &Cluster<KvServers>) {
    const CLIENTS: usize = 4;
    const OPERATIONS: usize = 12;
    let _ = cluster.client().get("k0");
    for _ in 0..CRASHES {
        let working: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let client = cluster.client();
                thread::spawn(move || {
                    let mut rival = Rival::new(&client);
                    for _ in 0..OPERATIONS {
                        rival.contend();
                        client.cluster().sleep(Duration::from_millis(client.cluster().rand_number(20)));
                    }
                })
            })
            .collect();
        cluster.sleep(cluster.rand_millis(200));
        for server in 0..cluster.n_servers() {
            let moment = match cluster.rand_number(3) {
                0 => Moment::Now,
                1 => Moment::Save(1 + u32::try_from(cluster.rand_number(3)).unwrap_or(0)),
                _ => Moment::Point(u32::try_from(cluster.rand_number(200)).unwrap_or(0)),
            };
            cluster.crash_at(server, moment, Duration::from_millis(30));
        }
        cluster.sleep(cluster.rand_millis(300));
        cluster.start_all();
        expect_answers(cluster, &cluster.everyone());
        for client in working {
            client.join().expect("a panic ends the run");
        }
    }
    ask_each_replica(cluster);
    cluster.check_linearizable();
}
