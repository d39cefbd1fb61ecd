//! Scenes: messages that are held or cut between the phases of a ballot, so that the next ballot finds
//! acceptors in a state that chance seldom brings about.
//!
//! All messages take 10 ms. A proposer that is given a value at time 0 has its first promises at 20 ms, and
//! asks to accept then. A node that takes another time does not come into the situation, and has to agree all
//! the same.

use std::time::Duration;

use super::super::PaxosNodes;
use super::{case, turned};
use crate::{Case, Cluster};

pub(super) fn cases() -> [Case; 5] {
    [
        case("highest_ballot_p1", "Test (P1): the value of the highest ballot", highest_ballot_p1),
        case("scattered_values_p1", "Test (P1): values that no majority has accepted", scattered_values_p1),
        case("older_accept_p1", "Test (P1): an older accept after a newer one", older_accept_p1),
        case("late_accept_p1", "Test (P1): an accept that comes late", late_accept_p1).servers(3),
        case("promise_kept_p1", "Test (P1): a crash between promise and accept", promise_kept_p1).servers(3),
    ]
}

/// The time that a message takes.
const TRANSIT: Duration = Duration::from_millis(10);

/// When the promises of the first ballot are on their way.
const PROMISED: Duration = Duration::from_millis(15);

/// From when promises are on their way until what is sent then was answered or lost.
const ACCEPTED: Duration = Duration::from_millis(40);

/// Has every message take 10 ms.
fn slow_down(cluster: &Cluster<PaxosNodes>) {
    for one in 0..cluster.n_servers() {
        for other in one + 1..cluster.n_servers() {
            cluster.set_slow_link(one, other, Some(TRANSIT..=TRANSIT));
        }
    }
}

/// A proposer gets promises from all whom it reaches. Its value is then accepted by `acceptors` alone, itself
/// among them, and the proposer waits no longer.
fn accepted_by(cluster: &Cluster<PaxosNodes>, proposer: usize, acceptors: &[usize], instance: u64) {
    cluster.propose(proposer, instance);
    cluster.sleep(PROMISED);
    let others = || cluster.everyone().into_iter().filter(|server| !acceptors.contains(server));
    others().for_each(|other| cluster.cut_way(proposer, other, true));
    cluster.sleep(ACCEPTED);
}

fn highest_ballot_p1(cluster: &Cluster<PaxosNodes>) {
    for round in 0..4 {
        // The first ballot: its value is accepted by two of five, and not chosen.
        slow_down(cluster);
        let turned = turned(cluster, round);
        let [one, two, three, four, five] = turned[..] else { return };
        let instance = cluster.new_instance();
        accepted_by(cluster, one, &[one, two], instance);

        // The other three know nothing of it, and choose another value.
        cluster.partition(&[one, two], &[three, four, five]);
        cluster.open_all_ways();
        cluster.propose(five, instance);
        let value = cluster.wait_until_decided(&[three, four, five], instance);

        // A majority in which most have accepted the first value, and one the second, which counts.
        cluster.partition(&[one, two, three], &[four, five]);
        cluster.propose(two, instance);
        cluster.expect_decided(&[one, two, three], instance, &value);
        cluster.connect_all();
    }
}

fn scattered_values_p1(cluster: &Cluster<PaxosNodes>) {
    for round in 0..4 {
        // Three proposers, one after the other, get promises, and their values are accepted by themselves
        // alone.
        let turned = turned(cluster, round);
        let instance = cluster.new_instance();
        for &proposer in &turned[..3] {
            slow_down(cluster);
            accepted_by(cluster, proposer, &[proposer], instance);
            cluster.shutdown(proposer);
            cluster.open_all_ways();
        }
        turned[..3].iter().for_each(|&server| cluster.restart(server));

        // A majority has accepted something, and nothing is chosen: whoever asks must not learn a value.
        for &server in &turned {
            let _ = cluster.decided_on(server, instance);
        }
        cluster.sleep(Duration::from_secs(1));
        cluster.propose(turned[3], instance);
        cluster.wait_until_decided(&turned, instance);
    }
}

fn older_accept_p1(cluster: &Cluster<PaxosNodes>) {
    for round in 0..4 {
        // The first proposer has promises of all. Of those whom it asks then, one hears of it later, and the
        // others never.
        slow_down(cluster);
        let turned = turned(cluster, round);
        let [first, acceptor, other, second, fifth] = turned[..] else { return };
        let instance = cluster.new_instance();
        cluster.propose(first, instance);
        cluster.sleep(PROMISED);
        cluster.hold_way(first, acceptor, true);
        [other, second, fifth].iter().for_each(|&server| cluster.cut_way(first, server, true));
        cluster.sleep(TRANSIT);

        // The second one has promises of three that do not include that acceptor, but has it accept.
        cluster.cut_way(second, first, true);
        cluster.cut_way(second, acceptor, true);
        cluster.propose(second, instance);
        cluster.sleep(PROMISED);
        cluster.cut_way(second, acceptor, false);
        cluster.cut_way(second, other, true);
        cluster.sleep(TRANSIT);
        cluster.cut_way(second, acceptor, true);
        let value = cluster.wait_until_decided(&[second], instance);

        // Now the first one's request arrives: its ballot is lower than what the acceptor has accepted. A
        // majority in which this acceptor alone knows of the chosen value must find it.
        cluster.partition(&[first, acceptor, other], &[second, fifth]);
        cluster.open_all_ways();
        cluster.sleep(2 * TRANSIT);
        cluster.propose(other, instance);
        cluster.expect_decided(&[first, acceptor, other], instance, &value);
        cluster.connect_all();
    }
}

fn late_accept_p1(cluster: &Cluster<PaxosNodes>) {
    let (first, acceptor, second) = (0, 1, 2);
    for _ in 0..6 {
        // The first proposer has the acceptor's promise. What it asks then stays on the way.
        slow_down(cluster);
        cluster.partition(&[first, acceptor], &[second]);
        let instance = cluster.new_instance();
        cluster.propose(first, instance);
        cluster.sleep(PROMISED);
        cluster.hold_way(first, acceptor, true);
        cluster.sleep(TRANSIT);

        // The second one has the acceptor promise a higher ballot, and has its value chosen.
        cluster.partition(&[first], &[acceptor, second]);
        cluster.propose(second, instance);
        let value = cluster.wait_until_decided(&[second], instance);

        // Now it arrives.
        cluster.connect_all();
        cluster.open_all_ways();
        cluster.expect_decided(&[first, acceptor, second], instance, &value);
    }
}

fn promise_kept_p1(cluster: &Cluster<PaxosNodes>) {
    let (first, acceptor, second) = (0, 1, 2);
    for _ in 0..6 {
        // Both proposers ask the acceptor for a promise, the second one for a higher ballot, and are paused
        // when it has promised, before they know.
        slow_down(cluster);
        cluster.cut_way(first, second, true);
        cluster.cut_way(second, first, true);
        let instance = cluster.new_instance();
        cluster.propose(first, instance);
        cluster.sleep(TRANSIT / 2);
        cluster.propose(second, instance);
        cluster.sleep(PROMISED);
        cluster.pause(first);
        cluster.pause(second);
        cluster.sleep(TRANSIT);

        // The acceptor crashes, and comes back. The first proposer goes on, and must be refused, for the
        // second one's request is still to come.
        cluster.restart(acceptor);
        cluster.resume(first);
        cluster.sleep(3 * TRANSIT);
        cluster.resume(second);
        cluster.sleep(3 * TRANSIT);
        cluster.open_all_ways();
        cluster.wait_until_decided(&cluster.everyone(), instance);
    }
}
