//! Part 4X, as far as it is about any replicated service: requests that wait when their leader is deposed,
//! and snapshots that are taken while others are executed.

mod leads_on;

use std::time::Duration;

use super::Counters;
use super::counter::Request;
use crate::kvraft::scripted_log::SCRIPTED_LOG;
use crate::nemesis::mix::{
    burst, crash, delay, duplicates, flapping, halves, leader_cut_off, long_crash, loss, pause, slow_saves,
};
use crate::nemesis::{Family, FaultPlan, Shift, Siege, Workers};
use crate::raft::steering::elect;
use crate::{Case, Cluster, Stage};

/// When a replica takes a snapshot, in the tests that have any.
const MAX_RAFT_STATE: usize = 700;

/// How long a submit may take to return when all faults have ended.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn cases() -> [Case; 6] {
    let replaced = "Test (4X): a hundred requests replace a hundred others";
    let replaced_by_snapshot = "Test (4X): a snapshot replaces a hundred requests";
    [
        storm("submits_4x", "Test (4X): requests across changes of leader", &CHANGES),
        storm("snapshots_of_counters_4x", "Test (4X): snapshots while requests are executed", &SNAPSHOTS)
            .max_raft_state(MAX_RAFT_STATE),
        scene("replaced_submits_4x", replaced, replaced_submits),
        scene("replaced_by_snapshot_4x", replaced_by_snapshot, replaced_submits)
            .max_raft_state(MAX_RAFT_STATE),
        scene("elected_again_4x", "Test (4X): a leader is deposed and elected again", elected_again),
        Case::new(
            "leads_on_4x",
            "4X",
            "Test (4X): a leader is deposed and leads on",
            &["raft", "kvraft"],
            |stage| {
                super::play_on(stage, SCRIPTED_LOG, leads_on::leads_on);
            },
        )
        .servers(1)
        .adversarial(),
    ]
}

/// A test of a family of plans.
fn storm(name: &'static str, title: &'static str, family: &'static Family) -> Case {
    let play = |stage: &Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        super::play(stage, |cluster| besiege(cluster, plan, reliable));
    };
    Case::new(name, "4X", title, &["raft", "kvraft"], play).points(2).besieged(family)
}

fn scene(name: &'static str, title: &'static str, body: fn(&Cluster<Counters>)) -> Case {
    Case::new(name, "4X", title, &["raft", "kvraft"], move |stage| super::play(stage, body))
        .servers(5)
        .adversarial()
}

/// Requests that wait while leaders come and go.
const CHANGES: Family = Family {
    servers: &[3, 5],
    clients: (5, 9),
    think_ms: (60, 200),
    faults: (8, 16),
    gap_ms: (150, 500),
    mix: &[(4, leader_cut_off), (3, halves), (2, pause), (2, crash), (1, flapping), (1, burst)],
    throughout: &[(30, loss), (30, delay), (30, duplicates)],
    left_out: 40,
};

/// A state that changes while it is saved.
const SNAPSHOTS: Family = Family {
    servers: &[3, 3, 5],
    clients: (5, 9),
    think_ms: (30, 90),
    faults: (8, 14),
    gap_ms: (100, 300),
    mix: &[(5, crash), (2, long_crash), (2, leader_cut_off), (1, halves), (4, burst)],
    throughout: &[(60, slow_saves), (30, loss), (30, duplicates)],
    left_out: 30,
};

/// Clients submit requests while the plan is carried out. Then a majority executes one more, every submit
/// returns, and all replicas come to the same count.
fn besiege(cluster: &Cluster<Counters>, plan: &FaultPlan, reliable: bool) {
    cluster.inc();
    let workers = Workers::start(cluster, plan, |shift: &Shift<Counters>, number| {
        let mut next = number;
        while shift.goes_on() {
            next = submit_once(shift.cluster(), next);
            shift.think();
        }
    });
    let find_leader = |servers: &[usize]| cluster.newest_leader(servers);
    let mut siege = Siege::new(cluster, plan, reliable, &find_leader);
    siege.carry_out();
    workers.stop();

    cluster.inc();
    siege.heal_all();
    workers.join_within(cluster, PATIENCE);
    agree(cluster);
}

/// Expects all replicas to come to the same count. A leader that has executed a request and is deposed by a
/// late message tells nobody; then the next one does so along with one more request (§5.4.2).
#[track_caller]
fn agree(cluster: &Cluster<Counters>) {
    const ROUNDS: usize = 4;
    const ROUND: Duration = Duration::from_secs(1);
    for _ in 0..ROUNDS {
        let (count, began) = (cluster.inc(), cluster.now());
        while cluster.now() - began < ROUND {
            if cluster.protocol().counts().iter().all(|&there| there == count) {
                return;
            }
            cluster.sleep(Duration::from_millis(10));
        }
    }
    let count = cluster.inc();
    cluster.check_counter(count, cluster.n_servers());
}

/// Submits a request to servers in turn, from this one on, until one executes it. Returns that one, or this
/// one if none does.
fn submit_once(cluster: &Cluster<Counters>, first: usize) -> usize {
    let request = if cluster.rand_number(4) == 0 { Request::Null } else { Request::Inc };
    let servers = cluster.n_servers();
    let turn = (0..servers).map(|step| (first + step) % servers);
    turn.into_iter().find(|&server| matches!(cluster.submit(server, request), Some(Ok(_)))).unwrap_or(first)
}

/// A leader in a minority accepts a hundred requests. The majority executes a hundred others, which replace
/// them, or a snapshot does. None of the first may be executed or answered, and each must return (§5.3).
fn replaced_submits(cluster: &Cluster<Counters>) {
    const REQUESTS: usize = 100;
    let count = cluster.inc();
    cluster.check_counter(count, cluster.n_servers());
    let leader = cluster.last_leader();
    let (majority, _) = cluster.make_partition(leader);
    let waiting = cluster.submit_concurrently(REQUESTS, move |cluster| {
        let _ = cluster.submit(leader, Request::Dec);
    });
    cluster.sleep(Duration::from_millis(10));
    cluster.inc_among(&majority);
    let others = majority.clone();
    let replacing = cluster.submit_concurrently(REQUESTS - 1, move |cluster| cluster.inc_among(&others));
    for thread in replacing {
        thread.join().expect("a panic ends the run");
    }
    cluster.connect_all();
    cluster.expect_all_returned(&waiting, PATIENCE, "the old leader was connected again");

    // The old leader goes on from there.
    let _ = elect(cluster, leader);
    agree(cluster);
}

/// A leader accepts requests that reach one follower, is deposed, and is elected again. What another leader
/// has replaced is lost, what nobody has replaced is executed, and every submit returns.
fn elected_again(cluster: &Cluster<Counters>) {
    const REQUESTS: usize = 10;
    let count = cluster.inc();
    cluster.check_counter(count, cluster.n_servers());
    let leader = cluster.last_leader();
    let follower = cluster.after(leader, 1);
    let others: Vec<usize> = (2..cluster.n_servers()).map(|at| cluster.after(leader, at)).collect();
    let mut waiting = Vec::new();
    for round in 0..2 {
        cluster.partition(&[leader, follower], &others);
        waiting.extend(cluster.submit_concurrently(REQUESTS, move |cluster| {
            let _ = cluster.submit(leader, Request::Inc);
        }));
        cluster.sleep(Duration::from_millis(30));
        // In the first round nothing replaces them: another one is elected, and nobody asks it.
        let _ = elect(cluster, others[0]);
        if round == 1 {
            cluster.inc_among(&others);
        }
        cluster.connect_all();
        let _ = elect(cluster, leader);
        cluster.inc();
    }
    cluster.expect_all_returned(&waiting, PATIENCE, "all servers were connected");
    agree(cluster);
}
