//! Part P1: one decree (*Paxos Made Simple*, §2): any number of instances, each of which is a run of the
//! protocol by itself.

mod scenes;

use std::time::Duration;

use super::PaxosNodes;
use crate::{Case, Cluster};

pub(super) fn cases() -> Vec<Case> {
    let stories = [
        case("one_proposer_p1", "Test (P1): one proposer", one_proposer_p1),
        case("duelling_proposers_p1", "Test (P1): duelling proposers", duelling_proposers_p1),
        case("minority_p1", "Test (P1): no majority", minority_p1),
        case("late_learner_p1", "Test (P1): a node that missed everything asks", late_learner_p1),
        case("known_to_one_p1", "Test (P1): a choice that one node knows", known_to_one_p1),
        case("crash_all_p1", "Test (P1): decisions survive crashes of all", crash_all_p1),
        case("changing_majorities_p1", "Test (P1): majorities that change", changing_majorities_p1),
        case("bad_network_p1", "Test (P1): messages that are late, lost and doubled", bad_network_p1)
            .unreliable(),
    ];
    stories.into_iter().chain(scenes::cases()).collect()
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<PaxosNodes>)) -> Case {
    Case::new(name, "P1", title, &["paxos"], move |stage| super::play(stage, body)).servers(5).points(3)
}

/// The servers, beginning with another one each round.
fn turned(cluster: &Cluster<PaxosNodes>, round: usize) -> Vec<usize> {
    (0..cluster.n_servers()).map(|distance| cluster.after(round, distance)).collect()
}

fn one_proposer_p1(cluster: &Cluster<PaxosNodes>) {
    // One value is proposed, so it is chosen, and all nodes get to know it.
    let everyone = cluster.everyone();
    for round in 0..10 {
        let instance = cluster.new_instance();
        let value = cluster.propose(round % everyone.len(), instance);
        cluster.expect_decided(&everyone, instance, &value);
    }

    // It stays, whatever is proposed later.
    for instance in 0..10 {
        let value = cluster.wait_until_decided(&everyone, instance);
        cluster.propose(cluster.any_server(), instance);
        cluster.sleep(cluster.rand_millis(50));
        cluster.expect_decided(&everyone, instance, &value);
    }
}

fn duelling_proposers_p1(cluster: &Cluster<PaxosNodes>) {
    // Everybody proposes at once, and messages take about as long as one proposer is behind another: so each
    // is about to be refused in phase 2, because of the phase 1 of another.
    let everyone = cluster.everyone();
    for &one in &everyone {
        for other in one + 1..everyone.len() {
            cluster.set_slow_link(one, other, Some(Duration::from_millis(4)..=Duration::from_millis(6)));
        }
    }
    for _ in 0..8 {
        let instance = cluster.new_instance();
        for &server in &everyone {
            cluster.propose(server, instance);
            cluster.sleep(cluster.rand_millis(8));
        }
        // One of them gets through in the end, when the others wait.
        cluster.wait_until_decided(&everyone, instance);
    }
}

fn minority_p1(cluster: &Cluster<PaxosNodes>) {
    for round in 0..3 {
        // Two of five propose, and reach only each other.
        let turned = turned(cluster, round);
        let (few, many) = turned.split_at(2);
        cluster.partition(few, many);
        let (lonely, common) = (cluster.new_instance(), cluster.new_instance());
        few.iter().for_each(|&server| drop(cluster.propose(server, lonely)));

        // The others decide, without them.
        cluster.propose(many[0], common);
        cluster.wait_until_decided(many, common);
        cluster.sleep(Duration::from_secs(1));
        cluster.expect_undecided(&cluster.everyone(), lonely);
        cluster.expect_undecided(few, common);

        // The proposers have not given up.
        cluster.connect_all();
        cluster.wait_until_decided(&cluster.everyone(), lonely);
        cluster.wait_until_decided(&cluster.everyone(), common);
    }
}

fn late_learner_p1(cluster: &Cluster<PaxosNodes>) {
    for round in 0..4 {
        // One node misses how ten instances are decided, or even is down meanwhile.
        let turned = turned(cluster, round);
        let (absent, others) = (turned[0], &turned[1..]);
        if round % 2 == 0 {
            cluster.disconnect(absent);
        } else {
            cluster.shutdown(absent);
        }
        let instances: Vec<u64> = (0..10).map(|_| cluster.new_instance()).collect();
        let values: Vec<String> =
            instances.iter().map(|&instance| cluster.propose(others[1], instance)).collect();
        for (&instance, value) in instances.iter().zip(&values) {
            cluster.expect_decided(others, instance, value);
        }
        cluster.shutdown(others[1]);

        // Nobody proposes anything more. It has to ask, and a majority is there to answer.
        if round % 2 == 0 {
            cluster.connect(absent);
        } else {
            cluster.restart(absent);
        }
        for (&instance, value) in instances.iter().zip(&values) {
            cluster.expect_decided(&[absent], instance, value);
        }
        cluster.restart(others[1]);
    }
}

fn known_to_one_p1(cluster: &Cluster<PaxosNodes>) {
    for round in 0..8 {
        // A value is chosen by a bare majority.
        let turned = turned(cluster, round);
        let [proposer, second, third, fourth, fifth] = turned[..] else { return };
        let instance = cluster.new_instance();
        cluster.partition(&[proposer, second, third], &[fourth, fifth]);
        let value = cluster.propose(proposer, instance);
        cluster.expect_decided(&[proposer], instance, &value);

        // Another majority has a single acceptor in common with it, and others propose to that. They have no
        // choice.
        cluster.partition(&[proposer, second], &[third, fourth, fifth]);
        cluster.propose(fourth, instance);
        cluster.propose(fifth, instance);
        cluster.expect_decided(&[third, fourth, fifth], instance, &value);
        cluster.connect_all();
        cluster.expect_decided(&turned, instance, &value);
    }
}

fn crash_all_p1(cluster: &Cluster<PaxosNodes>) {
    let everyone = cluster.everyone();
    for round in 0..4 {
        let instances: Vec<u64> = (0..3).map(|_| cluster.new_instance()).collect();
        for &instance in &instances {
            cluster.propose(cluster.any_server(), instance);
            cluster.propose(cluster.any_server(), instance);
        }
        // As soon as one node knows a value, or a little later, all crash.
        let first = cluster.after(round, 1);
        let values: Vec<String> =
            instances.iter().map(|&instance| cluster.wait_until_decided(&[first], instance)).collect();
        for &server in &everyone {
            cluster.shutdown_within(server, cluster.rand_millis(5));
        }
        cluster.start_all();

        // Somebody proposes something else, before the nodes have asked.
        for (&instance, value) in instances.iter().zip(&values) {
            cluster.propose(cluster.any_server(), instance);
            cluster.expect_decided(&everyone, instance, value);
        }
    }
}

fn changing_majorities_p1(cluster: &Cluster<PaxosNodes>) {
    // Whoever is in the majority of one moment is not in that of the next: also between the two phases of a
    // ballot, and between its answers.
    let everyone = cluster.everyone();
    for &one in &everyone {
        for other in one + 1..everyone.len() {
            cluster.set_slow_link(one, other, Some(Duration::from_millis(1)..=Duration::from_millis(12)));
        }
    }
    let instances: Vec<u64> = (0..6).map(|_| cluster.new_instance()).collect();
    for &instance in &instances {
        for _ in 0..4 {
            cluster.propose(cluster.any_server(), instance);
            let (many, few): (Vec<usize>, Vec<usize>) =
                turned(cluster, cluster.any_server()).into_iter().partition(|_| cluster.chance(0.7));
            cluster.partition(&many, &few);
            cluster.sleep(Duration::from_millis(5) + cluster.rand_millis(25));
        }
    }
    cluster.connect_all();
    for &instance in &instances {
        cluster.wait_until_decided(&everyone, instance);
    }
}

fn bad_network_p1(cluster: &Cluster<PaxosNodes>) {
    // Replies come seconds late, and so does the second copy of a request: in the midst of later ballots.
    let everyone = cluster.everyone();
    cluster.set_long_reordering(true);
    cluster.set_duplicates(0.4, Duration::ZERO..=Duration::from_millis(600));
    let instances: Vec<u64> = (0..6).map(|_| cluster.new_instance()).collect();
    for round in 0..4 {
        for &instance in &instances {
            cluster.propose(cluster.any_server(), instance);
        }
        cluster.shutdown_within(cluster.after(round, 2), cluster.rand_millis(30));
        cluster.sleep(cluster.rand_millis(150));
        cluster.restart(cluster.after(round, 2));
    }
    // What was proposed on a server before it crashed may be lost.
    for &instance in &instances {
        cluster.propose(cluster.any_server(), instance);
    }
    cluster.sleep(Duration::from_secs(1));
    cluster.set_long_reordering(false);
    cluster.set_reliable(true);
    for &instance in &instances {
        cluster.wait_until_decided(&everyone, instance);
    }
}
