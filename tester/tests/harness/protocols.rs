//! Guarantees of the cluster to any protocol, shown with one that has neither leader nor log.

use std::time::Duration;

use labrt::world::Backend;
use tester::{Cluster, Detail, Report, RunOptions};

use crate::expect::{expect_failure, expect_pass};
use crate::gossip::{Fault, Gossip, gossip, gossip_with};

const PAUSE: Duration = Duration::from_millis(50);

fn learn<P>(cluster: &Cluster<P>, server: usize, number: u64)
where
    P: tester::Protocol<Instance = crate::gossip::Gossiper>,
{
    cluster.call(server, "learn", move |_, gossiper| gossiper.learn(number));
    cluster.sleep(PAUSE);
}

fn known(cluster: &Cluster<Gossip>, server: usize) -> Vec<u64> {
    cluster.call(server, "known", |_, gossiper| gossiper.known()).map(|(_, known)| known).unwrap_or_default()
}

fn bare(body: fn(&Cluster<Gossip>)) -> Report {
    gossip(None, Detail::Bare, body)
}

#[test]
fn servers_need_neither_leader_nor_log() {
    expect_pass(&bare(|cluster| {
        learn(cluster, 0, 7);
        cluster.shutdown(2);
        learn(cluster, 1, 8);
        assert_eq!([0, 1, 2].map(|server| known(cluster, server)), [vec![7, 8], vec![7, 8], vec![]]);
        // It reads what it has saved.
        cluster.restart(2);
        assert_eq!(known(cluster, 2), [7]);
        learn(cluster, 0, 9);
        assert_eq!(known(cluster, 2), [7, 9]);
    }));
}

#[test]
fn an_invariant_of_any_protocol_ends_the_run() {
    let report = bare(|cluster| learn(cluster, 1, 1001));
    expect_failure(&report, "assertion", &["expected small numbers; saw server 1 learn 1001"]);
}

#[test]
fn an_invariant_that_was_not_exercised_fails_the_run() {
    let report = gossip(Some(Fault::EmitsNothing), Detail::Bare, |cluster| learn(cluster, 0, 7));
    expect_failure(&report, "assertion", &["they never saw a number"]);
}

#[test]
fn an_invariant_may_object_to_a_message() {
    let report = gossip(Some(Fault::CallsOtherMethod), Detail::Bare, |cluster| learn(cluster, 0, 7));
    expect_failure(&report, "assertion", &["expected rumors; saw server 0 call Gossiper.whisper"]);
}

#[test]
fn an_invariant_may_object_to_a_save() {
    let report = gossip(Some(Fault::SavesElsewhere), Detail::Bare, |cluster| learn(cluster, 0, 7));
    expect_failure(&report, "assertion", &["expected what is known; saw server 0 save something else"]);
}

#[test]
fn a_server_that_panics_while_it_starts_ends_the_run() {
    let report = gossip(Some(Fault::PanicsAtStart), Detail::Bare, |_| ());
    expect_failure(&report, "panic", &["it does not come up"]);
}

#[test]
fn clusters_share_a_network_and_nothing_else() {
    expect_pass(&bare(|cluster| {
        let other = cluster.another("g1", Gossip::default(), 2);
        learn(cluster, 0, 7);
        learn(&other, 1, 8);
        assert_eq!((known(cluster, 2), known(&other, 0)), (vec![7], vec![8]));

        // Each is disconnected and crashes by itself.
        other.disconnect(0);
        learn(&other, 1, 9);
        learn(cluster, 1, 10);
        assert_eq!((known(&other, 0), known(cluster, 0)), (vec![8], vec![7, 10]));
        other.shutdown_all();
        assert!(other.is_crashed(0) && !cluster.is_crashed(0));
    }));
}

#[test]
fn a_server_of_another_cluster_is_named_with_it() {
    let report = bare(|cluster| {
        learn(cluster, 0, 7);
        let other = cluster.another("g1", Gossip::default(), 2);
        learn(&other, 1, 1001);
    });
    expect_failure(&report, "assertion", &["saw g1 server 1 learn 1001"]);
}

#[test]
fn an_invariant_of_another_cluster_must_be_exercised_too() {
    let report = bare(|cluster| {
        learn(cluster, 0, 7);
        let _ = cluster.another("g1", Gossip::default(), 2);
        cluster.sleep(Duration::from_secs(5));
    });
    expect_failure(&report, "assertion", &["they never saw a number"]);
}

/// The test may end before a cluster has shown anything that has just come.
#[test]
fn an_invariant_of_a_cluster_that_has_just_come_need_not_be_exercised() {
    let report = bare(|cluster| {
        learn(cluster, 0, 7);
        let _ = cluster.another("g1", Gossip::default(), 2);
        cluster.sleep(Duration::from_millis(4999));
    });
    assert!(report.passed(), "{:?}", report.failure);
}

#[test]
fn two_clusters_have_two_names() {
    let report = bare(|cluster| {
        let _ = cluster.another("", Gossip::default(), 2);
    });
    expect_failure(&report, "panic", &["there are two clusters called"]);
}

/// The draws of one cluster do not change those of another one.
#[test]
fn clusters_draw_from_streams_of_their_own() {
    fn draws(cluster: &Cluster<Gossip>) -> (String, usize, bool) {
        (cluster.rand_letters(20), cluster.any_server(), cluster.chance(0.5))
    }
    static DRAWN: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    expect_pass(&bare(|cluster| {
        learn(cluster, 0, 7);
        let (one, two) =
            (cluster.another("g1", Gossip::default(), 3), cluster.another("g2", Gossip::default(), 3));
        learn(&one, 0, 7);
        learn(&two, 0, 7);
        let of_one = [draws(&one), draws(&one)];
        let of_two = [draws(&two), draws(&two)];
        assert_ne!(of_one, of_two);
        DRAWN.get_or_init(|| cluster.rand_letters(20));
    }));
    // Another cluster does not change the first one's draws.
    assert_eq!(DRAWN.get(), Some(&first_letters()));
}

/// The first draws of the first cluster, when there is no other.
fn first_letters() -> String {
    static LETTERS: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    expect_pass(&bare(|cluster| {
        learn(cluster, 0, 7);
        LETTERS.get_or_init(|| cluster.rand_letters(20));
    }));
    LETTERS.get().expect("the run has passed").clone()
}

#[test]
fn servers_of_two_clusters_reach_each_other_while_both_are_connected() {
    expect_pass(&bare(|cluster| {
        let other = cluster.another("g1", Gossip::default(), 1);
        cluster.call(0, "add_peer", |_, gossiper| gossiper.add_peer(Some("g1"), 0));
        learn(cluster, 0, 1);
        assert_eq!(known(&other, 0), [1]);
        other.disconnect(0);
        learn(cluster, 0, 2);
        other.connect(0);
        cluster.disconnect(0);
        learn(cluster, 0, 3);
        cluster.connect(0);
        learn(cluster, 0, 4);
        assert_eq!(known(&other, 0), [1, 4]);
        // A new incarnation is reached through the same end point; a new incarnation of the caller has none.
        other.shutdown(0);
        other.restart(0);
        learn(cluster, 0, 5);
        assert_eq!(known(&other, 0), [1, 4, 5]);
        cluster.shutdown(0);
        cluster.restart(0);
        learn(cluster, 0, 6);
        assert_eq!(known(&other, 0), [1, 4, 5]);
    }));
}

#[test]
fn a_server_that_joins_is_reached_by_servers_that_dial_it() {
    expect_pass(&bare(|cluster| {
        learn(cluster, 0, 1);
        let joined = cluster.join();
        assert_eq!((joined, cluster.n_servers(), cluster.everyone()), (3, 4, vec![0, 1, 2, 3]));
        learn(cluster, 0, 2);
        assert!(known(cluster, joined).is_empty(), "nobody knows of it yet");
        cluster.call(0, "add_peer", move |_, gossiper| gossiper.add_peer(None, joined));
        learn(cluster, 0, 3);
        assert_eq!(known(cluster, joined), [3]);
        // It has end points to all others, and the same links.
        learn(cluster, joined, 4);
        assert_eq!(known(cluster, 1), [1, 2, 3, 4]);
        cluster.disconnect(joined);
        learn(cluster, 0, 5);
        assert_eq!(known(cluster, joined), [3, 4]);
        cluster.connect(joined);
        learn(cluster, 0, 6);
        assert_eq!(known(cluster, joined), [3, 4, 6]);
        cluster.partition(&[0, 1], &[2, 3]);
        learn(cluster, 0, 7);
        assert_eq!((known(cluster, 1).last(), known(cluster, joined).last()), (Some(&7), Some(&6)));
    }));
}

#[test]
fn an_end_point_that_is_dialled_while_cut_off_works_when_the_cut_is_healed() {
    expect_pass(&bare(|cluster| {
        let joined = cluster.join();
        cluster.disconnect(joined);
        cluster.call(0, "add_peer", move |_, gossiper| gossiper.add_peer(None, joined));
        learn(cluster, 0, 1);
        assert!(known(cluster, joined).is_empty());
        cluster.connect(joined);
        learn(cluster, 0, 2);
        assert_eq!(known(cluster, joined), [2]);
    }));
}

#[test]
fn a_server_that_leaves_is_gone_for_good() {
    expect_pass(&bare(|cluster| {
        learn(cluster, 0, 1);
        cluster.leave(2);
        cluster.leave(2);
        assert!(cluster.has_left(2) && cluster.is_crashed(2) && !cluster.is_connected(2));
        assert_eq!((cluster.n_servers(), cluster.everyone()), (3, vec![0, 1]));
        cluster.shutdown_all();
        cluster.start_all();
        cluster.connect_all();
        assert!(cluster.is_crashed(2));
        learn(cluster, 0, 2);
        assert_eq!(known(cluster, 1), [1, 2]);
    }));
}

#[test]
fn there_is_no_server_to_dial() {
    let report = bare(|cluster| {
        cluster.call(0, "add_peer", |_, gossiper| gossiper.add_peer(None, 9));
    });
    expect_failure(&report, "panic", &["there is no server 9: the cluster has 3"]);
    let report = bare(|cluster| {
        cluster.call(0, "add_peer", |_, gossiper| gossiper.add_peer(Some("g9"), 0));
    });
    expect_failure(&report, "panic", &["there is no cluster called \"g9\""]);
}

/// A crash interrupts a save, and whether that has taken effect is drawn.
#[test]
fn a_save_that_a_crash_interrupts_may_have_taken_effect() {
    fn interrupted(cluster: &Cluster<Gossip>, probability: f64) -> Vec<u64> {
        let second = Duration::from_secs(1);
        cluster.set_save_time(2, Some(second..=second));
        cluster.set_interrupted_saves(2, probability);
        let client = cluster.clone();
        labrt::thread::spawn(move || client.call(2, "learn", |_, gossiper| gossiper.learn(5)));
        cluster.sleep(PAUSE);
        cluster.restart(2);
        known(cluster, 2)
    }
    expect_pass(&bare(|cluster| {
        learn(cluster, 0, 1);
        assert_eq!(interrupted(cluster, 0.0), [1]);
        assert_eq!(interrupted(cluster, 1.0), [1, 5]);
    }));
}

#[test]
fn real_threads_are_no_other_cluster() {
    let options = RunOptions { backend: Backend::Threads, ..RunOptions::new(7) };
    expect_pass(&gossip_with(None, &options, |cluster| {
        let other = cluster.another("g1", Gossip::default(), 2);
        let joined = cluster.join();
        cluster.call(0, "add_peer", move |_, gossiper| gossiper.add_peer(None, joined));
        learn(cluster, 0, 7);
        learn(&other, 1, 8);
        let all_know = || known(cluster, joined) == [7] && known(&other, 0) == [8];
        for _ in 0..100 {
            if all_know() {
                return;
            }
            cluster.sleep(PAUSE);
        }
        assert!(all_know());
    }));
}

#[test]
fn a_server_that_has_left_is_not_started_again() {
    let report = bare(|cluster| {
        learn(cluster, 0, 1);
        cluster.leave(2);
        cluster.restart(2);
    });
    expect_failure(&report, "panic", &["server 2 has left the cluster"]);
}

/// The solution keeps a dialer, the network keeps the solution, and the cluster keeps the network.
#[test]
fn a_failed_run_frees_its_memory() {
    let before = crate::gossip::alive();
    for _ in 0..3 {
        expect_failure(
            &gossip(None, Detail::Recorded, |cluster| cluster.fail("it fails")),
            "assertion",
            &["it fails"],
        );
    }
    // Other tests run at the same time, and end.
    for _ in 0..600 {
        if crate::gossip::alive() <= before {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{} servers are left of {before}", crate::gossip::alive());
}
