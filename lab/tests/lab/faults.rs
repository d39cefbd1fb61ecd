//! The reference under all injected faults at once, with all invariants: duplicated requests, slow links,
//! clocks that are 10 % fast or slow, slow saves, paused servers, and links that are cut in one direction and
//! healed.

use std::time::Duration;

use tester::{Case, RaftCluster, Report, Retry, RunOptions, run};

const MS: Duration = Duration::from_millis(1);
const SERVERS: usize = 5;
const COMMANDS: u64 = 20;

/// Switches on the faults that last for the whole test.
fn start_faults(cluster: &RaftCluster) {
    cluster.set_duplicates(0.3, Duration::ZERO..=100 * MS);
    for server in 0..SERVERS {
        cluster.set_clock_rate(server, [900_000, 950_000, 1_000_000, 1_050_000, 1_100_000][server]);
        cluster.set_save_time(server, Some(Duration::ZERO..=5 * MS));
        for other in 0..server {
            if cluster.chance(0.5) {
                cluster.set_slow_link(server, other, Some(MS..=20 * MS));
            }
        }
    }
}

/// Agreement on some commands. Before each, one direction of one link is cut, and one server is paused for
/// less than an election takes.
fn agreement(cluster: &RaftCluster) {
    start_faults(cluster);
    let mut cut = None;
    for command in 0..COMMANDS {
        if let Some((from, to)) = cut.take() {
            cluster.cut_way(from, to, false);
        }
        let (from, to) = (cluster.any_server(), cluster.any_server());
        cluster.cut_way(from, to, true);
        cut = Some((from, to));
        let paused = cluster.any_server();
        cluster.pause(paused);
        cluster.sleep(cluster.rand_millis(200));
        cluster.resume(paused);
        cluster.one(command, SERVERS - 1, Retry::Yes);
    }
    if let Some((from, to)) = cut {
        cluster.cut_way(from, to, false);
    }
    cluster.one(COMMANDS, SERVERS, Retry::Yes);
}

/// The same with crashes: the next incarnation of a server has the same disk, and new client ends and a new
/// clock.
fn agreement_with_crashes(cluster: &RaftCluster) {
    start_faults(cluster);
    for command in 0..COMMANDS {
        let victim = cluster.any_server();
        cluster.shutdown_within(victim, 20 * MS);
        cluster.one(command, SERVERS - 1, Retry::Yes);
        cluster.restart(victim);
        cluster.set_clock_rate(victim, 1_100_000);
        cluster.one(1000 + command, SERVERS, Retry::Yes);
    }
}

fn case(body: fn(&RaftCluster)) -> Case {
    Case::raft("faults_3c", "3C", "Test (3C): all faults at once", body).servers(SERVERS)
}

fn outcome(case: &'static Case, seed: u64, record: bool) -> Report {
    let report = run(case, &raft::SOLUTION, &RunOptions { record, ..RunOptions::new(seed) });
    if let Some(failure) = &report.failure {
        panic!("seed {seed}: {failure:?}\n{}", report.log.join("\n"));
    }
    report
}

fn passes(case: Case, seeds: std::ops::Range<u64>) {
    let case: &'static Case = Box::leak(Box::new(case));
    for seed in seeds {
        outcome(case, seed, false);
    }
}

#[test]
fn the_reference_agrees() {
    passes(case(agreement), 0..20);
}

#[test]
fn the_reference_agrees_on_an_unreliable_network() {
    passes(case(agreement).unreliable(), 0..20);
}

#[test]
fn the_reference_agrees_though_servers_crash() {
    passes(case(agreement_with_crashes), 0..20);
    passes(case(agreement_with_crashes).unreliable(), 0..20);
}

#[test]
fn a_seed_gives_the_same_run() {
    let case: &'static Case = Box::leak(Box::new(case(agreement_with_crashes).unreliable()));
    for seed in 0..5 {
        let outcome_of = |report: Report| {
            (report.fingerprint, report.virtual_seconds.to_bits(), report.rpcs, report.bytes)
        };
        let once = outcome_of(outcome(case, seed, false));
        assert_eq!(once, outcome_of(outcome(case, seed, false)), "seed {seed}");
        assert_eq!(once, outcome_of(outcome(case, seed, true)), "seed {seed}, recorded");
    }
}
