//! Guarantees of the cluster to tests, shown by small tests of its own.

use std::time::Duration;

use labapi::LogIndex;
use labrt::thread;
use tester::{Case, RaftCluster, Report, Retry, RunOptions, run};

use super::double::solution;
use super::fault::Fault;
use crate::expect::{expect_failure, expect_pass};

fn case(body: fn(&RaftCluster)) -> &'static Case {
    Box::leak(Box::new(Case::raft("scenario_3b", "3B", "Test (3B): a scenario of the harness's own", body)))
}

fn run_with<const FAULT: u8>(case: &'static Case) -> Report {
    run(case, &solution::<FAULT>(), &RunOptions::new(11))
}

/// Runs a test on a right solution.
fn run_right(body: fn(&RaftCluster)) -> Report {
    run_with::<{ Fault::None as u8 }>(case(body))
}

#[test]
fn a_crashed_server_delivers_and_answers_nothing() {
    expect_pass(&run_right(|cluster| {
        let first = cluster.one(1, 3, Retry::Yes);
        cluster.shutdown(2);
        assert!(cluster.is_crashed(2) && !cluster.is_connected(2));
        assert_eq!(cluster.get_state(2), None);
        assert_eq!(cluster.start_on(2, 9), None);
        let second = cluster.one(2, 2, Retry::Yes);
        cluster.sleep(Duration::from_secs(1));
        // The entries that it had applied before still count, until it is restarted.
        assert_eq!(cluster.n_committed(first).servers, [0, 1, 2]);
        assert_eq!(cluster.n_committed(second).servers, [0, 1]);
        cluster.restart(2);
        assert_eq!(cluster.n_committed(first).servers, [0, 1]);
        cluster.one(3, 3, Retry::Yes);
        assert_eq!(cluster.n_committed(second).servers, [0, 1, 2]);
    }));
}

#[test]
fn a_restart_connects_the_restarted_server_alone() {
    expect_pass(&run_right(|cluster| {
        cluster.check_one_leader();
        cluster.disconnect(0);
        cluster.shutdown(1);
        cluster.restart(1);
        assert_eq!([0, 1, 2].map(|server| cluster.is_connected(server)), [false, true, true]);
    }));
}

#[test]
fn a_save_during_a_crash_is_lost() {
    // The next incarnation would find it, and begin at index 999.
    let report = run_with::<{ Fault::SavesWhileCrashing as u8 }>(case(|cluster| {
        cluster.one(1, 3, Retry::Yes);
        cluster.shutdown_all();
        assert_eq!((cluster.log_size(), cluster.snapshot_size()), (0, 0));
        cluster.start_all();
        cluster.one(2, 3, Retry::Yes);
    }));
    expect_pass(&report);
}

#[test]
fn a_partition_leaves_every_server_connected() {
    expect_pass(&run_right(|cluster| {
        cluster.check_one_leader();
        let (majority, minority) = cluster.make_partition(0);
        assert_eq!((majority, minority), (vec![1, 2], vec![0]));
        assert!((0..3).all(|server| cluster.is_connected(server)));
    }));
}

#[test]
fn a_test_that_exceeds_its_time_limit_fails() {
    let report = run_right(|cluster| {
        cluster.check_one_leader();
        cluster.sleep(Duration::from_secs(121));
    });
    expect_failure(&report, "timeout", &["expected the test to end within 120 s; it goes on"]);
    assert!((120.0..120.1).contains(&report.virtual_seconds), "{}", report.virtual_seconds);
}

#[test]
fn a_test_may_use_its_whole_time() {
    expect_pass(&run_right(|cluster| {
        cluster.check_one_leader();
        let left = tester::TIME_LIMIT - cluster.now();
        cluster.sleep(left - Duration::from_millis(1));
    }));
}

#[test]
fn a_client_that_fails_fails_the_test() {
    let report = run_right(|cluster| {
        cluster.check_one_leader();
        let client = cluster.clone();
        thread::spawn(move || client.fail("expected a client to be content"));
        cluster.sleep(Duration::from_millis(1));
    });
    expect_failure(&report, "assertion", &["expected a client to be content"]);
}

#[test]
fn a_client_that_panics_fails_the_test() {
    let report = run_right(|cluster| {
        cluster.check_one_leader();
        thread::spawn(|| panic!("a client's own mistake"));
        cluster.sleep(Duration::from_millis(1));
    });
    expect_failure(&report, "panic", &["a client's own mistake"]);
}

#[test]
fn a_test_without_exercised_invariants_does_not_pass() {
    let report = run_right(|_| {});
    expect_failure(&report, "assertion", &["expected the run to exercise its invariants; they never saw"]);
}

#[test]
fn unexpected_agreement_is_named() {
    let report = run_right(|cluster| {
        cluster.one(77, 3, Retry::Yes);
        cluster.check_no_agreement(LogIndex(1));
    });
    expect_failure(
        &report,
        "assertion",
        &["expected no agreement at index 1; saw servers 0, 1, 2 apply command 77 there"],
    );
}

#[test]
fn an_unexpected_leader_is_named() {
    let report = run_right(|cluster| {
        let leader = cluster.check_one_leader();
        cluster.disconnect(cluster.after(leader, 1));
        cluster.check_no_leader();
    });
    expect_failure(
        &report,
        "assertion",
        &["expected no leader among servers 0, 2, which are no majority; saw server 0 lead term 1"],
    );
}

#[test]
fn a_term_without_connected_servers_is_reported() {
    let report = run_right(|cluster| {
        for server in 0..3 {
            cluster.disconnect(server);
        }
        cluster.check_terms();
    });
    expect_failure(&report, "assertion", &["expected a connected server to ask for its term; saw none"]);
}

#[test]
fn an_index_without_agreement_is_named() {
    let report = run_right(|cluster| {
        cluster.one(77, 3, Retry::Yes);
        cluster.wait(LogIndex(2), 3, None);
    });
    expect_failure(&report, "assertion", &["expected 3 servers to apply index 2 within 30.7"]);
}

#[test]
fn warnings_do_not_fail_a_test() {
    let report = run_right(|cluster| {
        cluster.check_one_leader();
        cluster.warn("something is odd");
    });
    expect_pass(&report);
    assert_eq!(report.warnings, ["something is odd"]);
}

#[test]
fn a_destructor_that_never_returns_blocks_nobody() {
    let report = run_with::<{ Fault::NeverDropped as u8 }>(case(|cluster| {
        cluster.one(1, 3, Retry::Yes);
        cluster.shutdown(0);
        cluster.restart(0);
        cluster.one(2, 3, Retry::Yes);
    }));
    expect_pass(&report);
    assert!(report.virtual_seconds < 5.0, "{}", report.virtual_seconds);
    assert!(
        report.warnings.iter().all(|warning| warning.contains("could not be stopped")),
        "{:?}",
        report.warnings
    );
    assert_eq!(report.warnings.len(), 3);
}

#[test]
fn a_command_whose_index_was_given_away_is_missed() {
    let report = run_with::<{ Fault::SwapsTwo as u8 }>(case(|cluster| {
        let leader = cluster.check_one_leader();
        let client = cluster.clone();
        thread::spawn(move || client.one(1, 3, Retry::No));
        cluster.sleep(Duration::from_millis(1));
        cluster.start_on(leader, 2);
        cluster.sleep(Duration::from_secs(5));
    }));
    expect_failure(&report, "assertion", &["expected 3 servers to apply command 1 within 2.000 s; server 0"]);
    expect_failure(&report, "assertion", &["for index 1; servers 0, 1, 2 applied command 2 there"]);
}
