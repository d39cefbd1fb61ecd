//! Part 2X: what the course's tests never do to a server that does not fail: clients that get in one
//! another's way, requests that arrive twice and late, and a holder of the lock that is gone.
//!
//! The server saves nothing, so it does not crash here either. It may be paused.

use std::time::Duration;

use labapi::{PutError, Version};
use labrt::sync::Arc;
use labrt::thread;

use super::KvServer;
use super::part_2b::take_turn;
use crate::display::outcome;
use crate::key_value::{Client, Rival};
use crate::nemesis::mix::{burst, duplicates, late_replies, loss};
use crate::nemesis::{Draw, Family, FaultKind, FaultPlan, Shift, Siege, Who, Workers};
use crate::{Case, Cluster, Stage};

pub(super) fn cases() -> [Case; 5] {
    [
        case("equal_values_2x", "Test (2X): equal values, and versions that are too new", equal_values),
        storm("rivals_2x", "Test (2X): clients in one another's way, over a bad network", &PAUSES, contend),
        storm("lock_storm_2x", "Test (2X): a lock, with requests that arrive twice", &COPIES, lock),
        case("lost_holder_2x", "Test (2X): the holder of the lock is gone", lost_holder),
        case("late_copies_2x", "Test (2X): requests that arrive again when all has changed", late_copies),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<KvServer>)) -> Case {
    Case::new(name, "2X", title, &["kvsrv"], move |stage| super::play(stage, body))
        .servers(1)
        .points(2)
        .adversarial()
}

/// What a client does.
type Work = fn(&Shift<KvServer>, &Client<KvServer>);

/// A test of a family of plans, with clients that do `work`.
fn storm(name: &'static str, title: &'static str, family: &'static Family, work: Work) -> Case {
    let play = move |stage: &Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        super::play(stage, |cluster| besiege(cluster, plan, reliable, work));
    };
    Case::new(name, "2X", title, &["kvsrv"], play).points(2).besieged(family)
}

/// The server is paused: requests arrive and wait, and are all handled at the same moment.
fn pause(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((50, 800)), FaultKind::Pause { server: Who::Server(0) })
}

/// All that happens to requests and replies, except that none is doubled: of two copies that wait for a
/// paused server the second may be executed first, and the answer to the other one would be a refusal that
/// a clerk has to believe.
const PAUSES: Family = Family {
    servers: &[1],
    clients: (3, 5),
    think_ms: (10, 60),
    faults: (6, 12),
    gap_ms: (100, 400),
    mix: &[(3, loss), (3, late_replies), (3, pause), (1, burst)],
    throughout: &[(30, loss)],
    left_out: 0,
};

/// Requests that arrive again, late.
const COPIES: Family = Family {
    servers: &[1],
    clients: (3, 5),
    think_ms: (10, 60),
    faults: (6, 12),
    gap_ms: (100, 400),
    mix: &[(3, loss), (3, late_replies), (1, burst)],
    throughout: &[(100, duplicates), (30, loss)],
    left_out: 0,
};

/// How long what clients have under way may take when all faults have ended.
const PATIENCE: Duration = Duration::from_secs(15);

/// Clients work while the plan is carried out, and end soon after it.
fn besiege(cluster: &Cluster<KvServer>, plan: &FaultPlan, reliable: bool, work: Work) {
    // Every holder of the lock writes here.
    let _ = cluster.client().put("l0", "", Version(0));
    let workers = Workers::start(cluster, plan, move |shift: &Shift<KvServer>, _| {
        work(shift, &shift.cluster().client());
    });
    let find_leader = |_: &[usize]| None;
    Siege::new(cluster, plan, reliable, &find_leader).carry_out();
    workers.join_within(cluster, PATIENCE);
    let client = cluster.client();
    for key in Rival::<KvServer>::keys() {
        let _ = client.get(&key);
    }
    cluster.check_linearizable();
}

fn contend(shift: &Shift<KvServer>, client: &Client<KvServer>) {
    let mut rival = Rival::new(client);
    while shift.goes_on() {
        rival.contend();
        shift.think();
    }
}

fn lock(shift: &Shift<KvServer>, client: &Client<KvServer>) {
    let lock = client.lock("l");
    while shift.goes_on() {
        take_turn(client, &lock);
        shift.think();
    }
}

/// Expects an answer to a put.
#[track_caller]
fn expect_put(client: &Client<KvServer>, value: &str, version: u64, expected: Result<(), PutError>) {
    let seen = client.put("k", value, Version(version));
    if seen != expected {
        client.cluster().fail(format!(
            "expected put(k, {value}) over version {version} of client {}: {}; saw: {}",
            client.number(),
            outcome(expected),
            outcome(seen)
        ));
    }
}

/// Nothing is lost. Two clients put the same value over the same version: one of the puts is done. A version
/// that the key does not have yet is as wrong as one that it has no longer.
fn equal_values(cluster: &Cluster<KvServer>) {
    const ROUNDS: u64 = 10;
    let [one, other] = [cluster.client(), cluster.client()];
    for version in [1, 2, u64::MAX] {
        expect_put(&one, "same", version, Err(PutError::NoKey));
    }
    for version in 0..ROUNDS {
        expect_put(&one, "same", version, Ok(()));
        expect_put(&other, "same", version, Err(PutError::Version));
        expect_put(&one, "same", version, Err(PutError::Version));
        for newer in [version + 2, version + 3, u64::MAX] {
            expect_put(&other, "same", newer, Err(PutError::Version));
        }
        other.check_get("k", "same", Version(version + 1));
    }

    // At the same moment.
    let clients: Vec<_> = (0..ROUNDS).map(|_| Arc::new(cluster.client())).collect();
    for version in ROUNDS..2 * ROUNDS {
        let puts = clients.iter().map(|client| {
            let client = Arc::clone(client);
            thread::spawn(move || client.put("k", "same", Version(version)))
        });
        let puts: Vec<_> = puts.collect();
        let answers = puts.into_iter().map(|put| put.join().expect("a panic ends the run"));
        let done = answers.filter(Result::is_ok).count();
        if done != 1 {
            cluster.fail(format!(
                "expected one of {} puts of the same value over version {version} to be done; saw {done}",
                clients.len()
            ));
        }
    }
    one.check_get("k", "same", Version(2 * ROUNDS));
    cluster.check_linearizable();
}

/// A client is gone while it holds the lock. Nobody can know that, so nobody else may hold it (lab 2 has no
/// leases), and whoever waits for it goes on waiting. Another lock is not affected.
fn lost_holder(cluster: &Cluster<KvServer>) {
    const WHILE: Duration = Duration::from_secs(10);
    let holder = cluster.client();
    let _ = holder.put("l0", "", Version(0));
    for _ in 0..3 {
        take_turn(&holder, &holder.lock("l"));
    }
    holder.lock("l").acquire();
    holder.leave();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let client = cluster.client();
            thread::spawn(move || client.lock("l").acquire())
        })
        .collect();
    let other = cluster.client();
    let lock = other.lock("m");
    let began = cluster.now();
    while cluster.now() - began < WHILE {
        lock.acquire();
        cluster.sleep(Duration::from_millis(100));
        lock.release();
        if waiting.iter().any(thread::JoinHandle::is_finished) {
            cluster.fail(
                "expected nobody to acquire a lock whose holder is gone without releasing it; saw another \
                 client acquire it",
            );
        }
    }
    cluster.check_linearizable();
}

/// Every request arrives twice, the second time when others have put more. A copy changes nothing that was
/// put after the first arrived, and its answer goes to nobody.
fn late_copies(cluster: &Cluster<KvServer>) {
    const ROUNDS: u64 = 10;
    let late = Duration::from_millis(100)..=Duration::from_millis(700);
    cluster.set_duplicates(1.0, late);
    let clients: Vec<_> = (0..3).map(|_| cluster.client()).collect();
    let mut version = 0;
    for round in 0..ROUNDS {
        for (number, client) in clients.iter().enumerate() {
            // Each value comes again and again.
            expect_put(client, ["a", "b"][(number + round as usize) % 2], version, Ok(()));
            version += 1;
            cluster.sleep(cluster.rand_millis(120));
        }
        clients[0].check_get("k", ["a", "b"][(2 + round as usize) % 2], Version(version));
    }
    cluster.sleep(Duration::from_secs(1));
    clients[1].check_get("k", ["a", "b"][(2 + ROUNDS as usize - 1) % 2], Version(version));
    cluster.check_linearizable();
}
