//! Part 3F: who is cut off disturbs nobody, and does not lead (Ongaro's thesis, §9.6 and §6.2).

use std::time::Duration;

use labapi::LONGEST_ELECTION_TIMEOUT;

use super::{ExtendedCluster, story};
use crate::{Case, Retry};

pub(super) fn cases() -> Vec<Case> {
    vec![
        story("elections_3f", "3F", "Test (3F): leaders crash and others are elected", 3, elections_3f)
            .points(2),
        story("isolated_3f", "3F", "Test (3F): an isolated server keeps its term", 3, isolated_3f).points(4),
        story("returning_3f", "3F", "Test (3F): a server returns and deposes nobody", 5, returning_3f)
            .points(4),
        story("broken_link_3f", "3F", "Test (3F): one follower does not hear the leader", 3, broken_link_3f)
            .points(4),
        story("behind_3f", "3F", "Test (3F): a server that is behind begins no term", 3, behind_3f).points(2),
        story("cut_off_3f", "3F", "Test (3F): a leader that is cut off steps down", 3, cut_off_3f).points(3),
        story("minority_3f", "3F", "Test (3F): a leader of a minority steps down", 5, minority_3f).points(3),
        story("majority_3f", "3F", "Test (3F): a leader of a bare majority leads on", 5, majority_3f)
            .points(3),
    ]
}

/// Long enough for several elections.
const LONG: Duration = Duration::from_secs(3);

fn elections_3f(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    // To ask before one stands must not keep anybody from being elected.
    for _ in 0..3 {
        let leader = cluster.check_one_leader();
        cluster.shutdown(leader);
        cluster.one(cluster.rand(), 2, Retry::Yes);
        cluster.restart(leader);
        cluster.one(cluster.rand(), 3, Retry::Yes);
    }
}

fn isolated_3f(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, term, [follower, _]) = cluster.roles();
    // Its election timer runs out again and again. It asks, is not answered, and begins no term.
    cluster.disconnect(follower);
    for _ in 0..6 {
        cluster.sleep(LONG / 6);
        let state = cluster.get_state(follower);
        if state.is_some_and(|it| it.term != term) {
            cluster.fail(format!(
                "expected server {follower}, which is cut off, to stay in term {term}, because nobody would \
                 vote for it (thesis §9.6); saw it in term {}",
                state.unwrap_or_else(|| cluster.fail("it is up")).term
            ));
        }
    }
    cluster.connect(follower);
    cluster.expect_leads_on(leader, term, LONG, "a server that comes back disturbs nobody (thesis §9.6)");
    cluster.one(cluster.rand(), 3, Retry::No);
}

fn returning_3f(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 5, Retry::No);
    let (leader, term, [one, two, ..]) = cluster.roles::<4>();
    // One is cut off alone, then two are together, then one crashes.
    cluster.disconnect(one);
    cluster.sleep(LONG);
    cluster.connect(one);
    cluster.expect_leads_on(leader, term, LONG, "a server that comes back disturbs nobody (thesis §9.6)");

    let rest: Vec<usize> = (0..5).filter(|server| ![one, two].contains(server)).collect();
    cluster.partition(&rest, &[one, two]);
    for _ in 0..5 {
        cluster.one(cluster.rand(), 3, Retry::No);
    }
    cluster.sleep(LONG);
    cluster.connect_all();
    cluster.expect_leads_on(leader, term, LONG, "two servers that come back disturb nobody (thesis §9.6)");

    cluster.shutdown(two);
    cluster.sleep(LONG);
    cluster.restart(two);
    cluster.expect_leads_on(leader, term, LONG, "a server that starts again disturbs nobody (thesis §9.6)");
    cluster.one(cluster.rand(), 5, Retry::No);
}

fn broken_link_3f(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, term, [deaf, _]) = cluster.roles();
    // It asks the third server, which hears the leader well and has nothing more in its log.
    cluster.set_link(leader, deaf, false);
    let why = "the third server hears it, and helps nobody to depose it (thesis §9.6)";
    cluster.expect_leads_on(leader, term, LONG, why);
    cluster.one(cluster.rand(), 2, Retry::No);
    cluster.set_link(leader, deaf, true);
    cluster.expect_leads_on(leader, term, LONG, why);
    cluster.one(cluster.rand(), 3, Retry::No);
}

/// A server has missed entries, and nobody leads. It would like to stand, and is told that it would not be
/// elected. So the term in which the other one is elected is the next one.
fn behind_3f(cluster: &ExtendedCluster) {
    for _ in 0..3 {
        cluster.one(cluster.rand(), 3, Retry::Yes);
        let (leader, term, [behind, other]) = cluster.roles();
        cluster.disconnect(behind);
        for _ in 0..3 {
            cluster.one(cluster.rand(), 2, Retry::No);
        }
        // The one that has everything takes its time.
        cluster.set_clock_rate(other, 500_000);
        cluster.shutdown(leader);
        cluster.connect(behind);
        let next = cluster.check_one_leader();
        let later = cluster.term_of(next).filter(|later| *later > term.next());
        if let Some(later) = later {
            cluster.fail(format!(
                "expected server {next} to be elected in term {}, because server {behind}, which lacks \
                 entries, \
                 stands in none (thesis §9.6); saw it lead term {later}",
                term.next()
            ));
        }
        cluster.set_clock_rate(other, 1_000_000);
        cluster.restart(leader);
    }
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

fn cut_off_3f(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    for _ in 0..2 {
        let leader = cluster.check_one_leader();
        cluster.disconnect(leader);
        let why = "it has heard from nobody (thesis §6.2)";
        cluster.expect_stops_leading(leader, 2 * LONGEST_ELECTION_TIMEOUT, why);
        cluster.one(cluster.rand(), 2, Retry::Yes);
        cluster.connect(leader);
        cluster.one(cluster.rand(), 3, Retry::Yes);
    }

    // Its requests arrive, and answers do not.
    let (leader, _, [one, two]) = cluster.roles();
    for other in [one, two] {
        cluster.cut_way(other, leader, true);
    }
    let why = "no answer has reached it (thesis §6.2)";
    cluster.expect_stops_leading(leader, 2 * LONGEST_ELECTION_TIMEOUT, why);
    cluster.open_all_ways();
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

fn minority_3f(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 5, Retry::No);
    let (leader, _, [one, rest @ ..]) = cluster.roles::<4>();
    // Two of five, itself included.
    cluster.partition(&rest, &[leader, one]);
    let why = "it has heard from one of four others, and two of five are no majority (thesis §6.2)";
    cluster.expect_stops_leading(leader, 2 * LONGEST_ELECTION_TIMEOUT, why);
    cluster.sleep(LONG);
    for server in [leader, one] {
        if cluster.get_state(server).is_some_and(|state| state.is_leader) {
            cluster.fail(format!("expected no leader among two of five servers; saw server {server} lead"));
        }
    }
    cluster.connect_all();
    cluster.one(cluster.rand(), 5, Retry::Yes);
}

fn majority_3f(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 5, Retry::No);
    let (leader, term, [one, two, ..]) = cluster.roles::<4>();
    // Three of five, itself included.
    cluster.disconnect(one);
    cluster.shutdown(two);
    let why = "it hears from two others, and three of five are a majority (thesis §6.2)";
    cluster.expect_leads_on(leader, term, LONG, why);
    cluster.one(cluster.rand(), 3, Retry::No);
    cluster.connect(one);
    cluster.restart(two);
    cluster.one(cluster.rand(), 5, Retry::Yes);
}
