//! Crashes and load while a new leader establishes itself.

use std::time::Duration;

use super::super::broadcasts::Proposed;
use super::super::{Ensemble, story};
use crate::Case;

pub(super) fn cases() -> [Case; 3] {
    [
        story("abandoned_z2", "Z2", "Test (Z2): leaders that are abandoned in discovery", 5, abandoned_z2)
            .points(4),
        story("between_saves_z2", "Z2", "Test (Z2): crashes between two saves", 3, between_saves_z2)
            .points(4),
        story(
            "in_flight_z2",
            "Z2",
            "Test (Z2): followers synchronise while proposals are under way",
            3,
            in_flight_z2,
        )
        .points(4),
    ]
}

/// Elected servers lose their followers when they are about to lead: before or after these have accepted the
/// epoch. The epoch is used up, and nobody may lead it twice.
fn abandoned_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..6 {
        let (leader, _) = cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        cluster.slow_down(Duration::from_millis(10));
        cluster.shutdown(leader);
        // Somewhere between their decision and the end of synchronisation, they are torn apart.
        cluster.sleep(Duration::from_millis(300) + cluster.rand_millis(400));
        let others: Vec<usize> = (1..5).map(|distance| cluster.after(leader, distance)).collect();
        let (one, other) = others.split_at(2);
        cluster.partition(one, other);
        if round % 2 == 0 {
            cluster.shutdown(*others.iter().max().unwrap_or(&0));
        }
        cluster.sleep(cluster.rand_millis(300));
        cluster.connect_all();
        everyone.iter().filter(|it| cluster.is_crashed(**it)).for_each(|&server| cluster.restart(server));
    }
    cluster.wait_for_leader(&everyone);
    cluster.broadcast(&everyone);
}

/// Saves take their time, and servers crash during recovery: between the epoch and the history, among other
/// places. Whoever seems to know a later epoch must have its history.
fn between_saves_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for &server in &everyone {
        cluster.set_save_time(server, Some(Duration::from_millis(5)..=Duration::from_millis(25)));
        cluster.set_interrupted_saves(server, 0.5);
    }
    let mut kept: Vec<Proposed> = Vec::new();
    for round in 0..8 {
        // A server lacks something.
        let (absent, others) = (cluster.after(round, 0), [cluster.after(round, 1), cluster.after(round, 2)]);
        cluster.shutdown(absent);
        cluster.wait_for_leader(&others);
        kept.push(cluster.broadcast(&others));
        // It is back, and crashes while it gets it.
        cluster.restart(absent);
        cluster.sleep(Duration::from_millis(60) + cluster.rand_millis(160));
        cluster.shutdown(absent);
        // Now it is needed for a quorum, without the server that may have led.
        let gone = others[round % 2];
        cluster.shutdown(gone);
        cluster.restart(absent);
        let pair = [absent, others[1 - round % 2]];
        cluster.wait_for_leader(&pair);
        for proposed in &kept {
            cluster.expect_delivered(&pair, proposed, "a quorum had delivered it");
        }
        cluster.restart(gone);
    }
    cluster.wait_for_leader(&everyone);
    cluster.broadcast(&everyone);
}

/// Proposals never stop, while followers come and go: those that are made while a follower synchronises must
/// reach it too, and in order.
fn in_flight_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let (leader, others): (_, [usize; 2]) = cluster.roles();
    cluster.slow_down(Duration::from_millis(8));
    let mut last: Option<Proposed> = None;
    for round in 0..6 {
        let absent = others[round % 2];
        if round < 3 {
            cluster.shutdown(absent);
            cluster.restart(absent);
        } else {
            cluster.disconnect(absent);
            cluster.sleep(Duration::from_millis(400));
            cluster.connect(absent);
        }
        for other in everyone.iter().filter(|other| **other != absent) {
            let transit = Duration::from_millis(8);
            cluster.set_slow_link(absent, *other, Some(transit..=transit));
        }
        for _ in 0..40 {
            last = cluster.propose_on(leader).or(last);
            cluster.sleep(Duration::from_millis(4));
        }
    }
    cluster.wait_for_leader(&everyone);
    if let Some(last) = &last {
        let (later, _) = cluster.wait_for_leader(&everyone);
        if later == leader {
            cluster.expect_delivered(&everyone, last, "its leader still leads");
        }
    }
    cluster.broadcast(&everyone);
}
