//! Part 4A: a service is replicated by submitting requests to a Raft and doing what it delivers.

use std::time::Duration;

use super::Counters;
use super::counter::Request;
use crate::{Case, Cluster};

pub(crate) fn cases() -> [Case; 7] {
    [
        case("basic_4a", "Test RSM basic", basic_4a).points(3),
        case("concurrent_4a", "Test concurrent submit", concurrent_4a).points(4),
        case("leader_failure_4a", "Test Leader Failure", leader_failure_4a).points(4),
        case("leader_partition_4a", "Test Leader Partition", leader_partition_4a).points(6),
        case("restart_replay_4a", "Test Restart", restart_replay_4a).points(4),
        case("shutdown_4a", "Test Shutdown", shutdown_4a).points(5),
        case("restart_submit_4a", "Test Restart and submit", restart_submit_4a).points(4),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<Counters>)) -> Case {
    Case::new(name, "4A", title, &["raft", "kvraft"], move |stage| super::play(stage, body))
}

/// How many submits there are at once.
const CONCURRENT_SUBMITS: usize = 100;

fn basic_4a(cluster: &Cluster<Counters>) {
    for count in 1..=10 {
        cluster.inc_to(count);
        cluster.check_counter(count, 3);
    }
}

fn concurrent_4a(cluster: &Cluster<Counters>) {
    const SUBMITS: usize = 50;
    for thread in cluster.submit_concurrently(SUBMITS, Cluster::inc) {
        thread.join().expect("a panic ends the run");
    }
    cluster.check_counter(SUBMITS as u64, 3);
}

fn leader_failure_4a(cluster: &Cluster<Counters>) {
    let count = cluster.inc();
    cluster.check_counter(count, 3);

    // Without the leader, do the others go on?
    let leader = cluster.last_leader();
    cluster.disconnect(leader);
    let count = cluster.inc();
    cluster.check_counter(count, 2);

    // Does the old leader catch up when it is back?
    cluster.connect(leader);
    cluster.check_counter(count, 3);
}

fn leader_partition_4a(cluster: &Cluster<Counters>) {
    let count = cluster.inc();
    cluster.check_counter(count, 3);

    // A leader that is alone goes on accepting requests. None of them may be done, nor answered.
    let leader = cluster.any_leader().unwrap_or(0);
    let (majority, _) = cluster.make_partition(leader);
    let submits = cluster.submit_concurrently(CONCURRENT_SUBMITS, move |cluster| {
        let _ = cluster.submit(leader, Request::Dec);
    });
    cluster.sleep(Duration::from_millis(10));
    let count = cluster.inc_among(&majority);

    // The leader cannot know that it was replaced, so its submits wait. Unless it has stepped down because it
    // hears of no majority, as Ongaro's thesis has it (§6.2).
    cluster.expect_waiting_while_it_leads(&submits, leader, Duration::from_secs(1));

    // It learns that when it is back, and then what it accepted is lost.
    cluster.connect(leader);
    cluster.expect_all_returned(&submits, Duration::from_secs(1), "the old leader was connected again");
    cluster.check_counter(count, 3);
}

fn restart_replay_4a(cluster: &Cluster<Counters>) {
    count_to_100_and_restart(cluster);
    cluster.sleep(Duration::from_secs(1));
    cluster.check_counter(101, 3);
}

/// Without snapshots, every server does everything again when it starts.
fn count_to_100_and_restart(cluster: &Cluster<Counters>) {
    for count in 1..=100 {
        cluster.inc_to(count);
        cluster.check_counter(count, 3);
    }
    cluster.shutdown_all();
    cluster.sleep(Duration::from_secs(1));
    cluster.start_all();
    cluster.inc_to(101);
}

fn shutdown_4a(cluster: &Cluster<Counters>) {
    cluster.inc();
    submits_return_when_all_are_halted(cluster);
}

/// Submits to a server whose Raft is killed must return.
fn submits_return_when_all_are_halted(cluster: &Cluster<Counters>) {
    // Agreement takes a fraction of a millisecond. What a leader accepts that is cut off is surely under way
    // when it is killed.
    let leader = cluster.last_leader();
    cluster.disconnect(leader);
    let mut submits = cluster.submit_concurrently(CONCURRENT_SUBMITS, move |cluster| {
        let _ = cluster.submit(leader, Request::Null);
    });
    let everyone = cluster.everyone();
    submits.extend(cluster.submit_concurrently(CONCURRENT_SUBMITS, move |cluster| {
        let _ = cluster.one_among(&everyone, Request::Null);
    }));
    cluster.sleep(Duration::from_millis(20));
    for server in 0..cluster.n_servers() {
        cluster.halt(server);
    }
    // Each gives up after 10 s by itself, unless it waits in submit.
    cluster.expect_all_returned(&submits, Duration::from_secs(11), "all servers were shut down");
}

fn restart_submit_4a(cluster: &Cluster<Counters>) {
    count_to_100_and_restart(cluster);
    cluster.sleep(Duration::from_secs(1));
    submits_return_when_all_are_halted(cluster);

    cluster.start_all();
    let count = cluster.inc();
    cluster.check_counter(count, 3);
}
