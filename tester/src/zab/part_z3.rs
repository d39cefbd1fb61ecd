//! Part Z3: broadcast, observers, local reads and sync.

mod reads;

use std::time::Duration;

use super::broadcasts::Proposed;
use super::{Ensemble, ZabSettings, story, told};
use crate::Case;

pub(super) fn cases() -> Vec<Case> {
    let observers = ZabSettings { observers: 2, ..ZabSettings::default() };
    let short = ZabSettings { counter_limit: 7, ..ZabSettings::default() };
    let stories = [
        story("agreement_z3", "Z3", "Test (Z3): transactions are delivered by all", 3, agreement_z3)
            .points(2),
        story("minority_fails_z3", "Z3", "Test (Z3): followers fail, and catch up", 5, minority_z3).points(3),
        story("quorum_lost_z3", "Z3", "Test (Z3): the quorum is lost in the midst of a proposal", 3, lost_z3)
            .points(4),
        story("many_at_once_z3", "Z3", "Test (Z3): many proposals under way", 3, many_at_once_z3).points(3),
        told("counter_end_z3", "Z3", "Test (Z3): a counter at its end", 3, short, counter_end_z3).points(5),
        told(
            "observers_z3",
            "Z3",
            "Test (Z3): observers are told, and not counted",
            5,
            observers,
            observers_z3,
        )
        .points(4),
        told(
            "late_observer_z3",
            "Z3",
            "Test (Z3): an observer comes late",
            4,
            ZabSettings { observers: 1, snapshots: true, ..ZabSettings::default() },
            late_observer_z3,
        )
        .points(2),
        story(
            "bad_network_z3",
            "Z3",
            "Test (Z3): messages that are late, lost and doubled",
            3,
            bad_network_z3,
        )
        .points(3)
        .unreliable(),
        story("even_ensemble_z3", "Z3", "Test (Z3): half of an even number commits nothing", 4, even_z3)
            .points(3),
    ];
    stories.into_iter().chain(reads::cases()).collect()
}

/// Much longer than a transaction takes.
const LONG: Duration = Duration::from_millis(1500);

/// All are in touch again, and deliver one more transaction. The invariants see to it that whatever was
/// proposed before is delivered by all of them, or by nobody.
#[track_caller]
fn settle(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone);
    cluster.broadcast(&everyone);
}

fn agreement_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let (leader, _) = cluster.wait_for_leader(&everyone);
    for _ in 0..10 {
        cluster.broadcast(&everyone);
        // A follower takes no proposals: the invariants judge, if it does.
        let follower = cluster.after(leader, 1);
        let _refused = cluster.propose_on(follower);
    }
}

fn minority_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..3 {
        let (leader, _) = cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        let gone = [cluster.after(leader, 1 + round), cluster.after(leader, 2 + round)];
        let rest: Vec<usize> = everyone.iter().copied().filter(|it| !gone.contains(it)).collect();
        cluster.shutdown(gone[0]);
        cluster.disconnect(gone[1]);
        let kept: Vec<Proposed> = (0..5).map(|_| cluster.broadcast(&rest)).collect();
        cluster.restart(gone[0]);
        cluster.connect(gone[1]);
        for proposed in &kept {
            cluster.expect_delivered(&everyone, proposed, "the others have delivered it");
        }
    }
    cluster.wait_for_leader(&everyone);
}

fn lost_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..6 {
        let (leader, _) = cluster.wait_for_leader(&everyone);
        let others = [cluster.after(leader, 1), cluster.after(leader, 2)];
        cluster.broadcast(&everyone);
        if round % 3 == 0 {
            // Both followers are gone when the leader proposes: nobody else has it.
            others.iter().for_each(|&other| cluster.disconnect(other));
            let _undecided = cluster.propose_on(leader);
            cluster.sleep(LONG);
            others.iter().for_each(|&other| cluster.connect(other));
            settle(cluster);
            continue;
        }
        // The followers go while the proposal or its acknowledgement is on the way.
        let transit = Duration::from_millis(10)..=Duration::from_millis(20);
        others.iter().for_each(|&other| cluster.set_slow_link(leader, other, Some(transit.clone())));
        let _undecided = cluster.propose_on(leader);
        cluster.sleep(cluster.rand_millis(40));
        others.iter().for_each(|&other| cluster.disconnect(other));
        if round % 3 == 1 {
            cluster.shutdown(leader);
            cluster.sleep(cluster.rand_millis(100));
            cluster.restart(leader);
        }
        cluster.sleep(LONG / 3);
        others.iter().for_each(|&other| {
            cluster.connect(other);
            cluster.set_slow_link(leader, other, None);
        });
        settle(cluster);
    }
}

fn many_at_once_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let (leader, _) = cluster.wait_for_leader(&everyone);
    // Nobody waits for anything: so messages of many proposals are on the way at the same time, and overtake
    // one another.
    for other in everyone.iter().filter(|other| **other != leader) {
        cluster.set_slow_link(leader, *other, Some(Duration::ZERO..=Duration::from_millis(20)));
    }
    let mut proposed: Vec<Proposed> = Vec::new();
    for number in 0..150 {
        proposed.extend(cluster.propose_on(leader));
        if number % 3 == 0 {
            cluster.sleep(Duration::from_millis(1));
        }
    }
    if proposed.len() < 150 {
        cluster.fail(format!(
            "expected server {leader} to take 150 proposals, because it leads and all reach one another; saw \
             it take {}",
            proposed.len()
        ));
    }
    for proposed in &proposed {
        cluster.expect_delivered(&everyone, proposed, "its leader and all followers were up");
    }
}

/// Counters end at 7.
fn counter_end_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone);
    for number in 0..30 {
        let proposed = cluster.broadcast(&everyone);
        if proposed.zxid.counter > 7 {
            cluster.fail(format!(
                "expected counters to end at 7, their limit; saw transaction {number} get id {}",
                proposed.zxid
            ));
        }
        if number == 16 {
            // In the midst of them, and with proposals under way.
            let (leader, _) = cluster.wait_for_leader(&everyone);
            for _ in 0..12 {
                cluster.propose_on(leader);
            }
            cluster.shutdown(leader);
            cluster.restart(leader);
        }
    }
    // That is five epochs at least.
    cluster.wait_for_leader(&everyone);
}

/// Servers 0 to 2 vote, 3 and 4 observe.
fn observers_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let voters = cluster.voters();
    for round in 0..3 {
        cluster.wait_for_leader(&everyone);
        for _ in 0..5 {
            cluster.broadcast(&everyone);
        }
        // Without them it works as well.
        cluster.partition(&voters, &[3, 4]);
        cluster.broadcast(&voters);
        cluster.connect_all();

        // With them alone it does not: the invariants judge, if one of the three delivers it.
        let (leader, _) = cluster.wait_for_leader(&everyone);
        cluster.partition(&[leader, 3, 4], &[(leader + 1) % 3, (leader + 2) % 3]);
        let _undecided = cluster.propose_on(leader);
        cluster.sleep(LONG);
        if round == 1 {
            // An observer takes part while the voters elect.
            cluster.restart(3);
        }
        cluster.connect_all();
    }
    cluster.wait_for_leader(&everyone);
    cluster.broadcast(&everyone);
}

/// Servers 0 to 2 vote, 3 observes.
fn late_observer_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let voters = cluster.voters();
    for round in 0..4 {
        cluster.wait_for_leader(&everyone);
        if round % 2 == 0 {
            cluster.shutdown(3);
        } else {
            cluster.disconnect(3);
        }
        let kept: Vec<Proposed> = (0..4 + 8 * round).map(|_| cluster.broadcast(&voters)).collect();
        if round == 1 {
            // The voters have another leader meanwhile.
            let (leader, _) = cluster.wait_for_leader(&voters);
            cluster.restart(leader);
            cluster.wait_for_leader(&voters);
        }
        if round % 2 == 0 {
            cluster.restart(3);
        } else {
            cluster.connect(3);
        }
        for proposed in &kept {
            cluster.expect_delivered(&[3], proposed, "the voters have delivered it");
        }
    }
}

fn bad_network_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    cluster.set_duplicates(0.4, Duration::ZERO..=Duration::from_millis(600));
    for round in 0..4 {
        cluster.set_long_reordering(round % 2 == 1);
        for _ in 0..12 {
            if let Some(leader) = cluster.find_leader(&everyone) {
                cluster.propose_on(leader);
                cluster.propose_on(leader);
            }
            cluster.sleep(cluster.rand_millis(60));
        }
        let crashed = cluster.after(round, 1);
        cluster.shutdown_within(crashed, cluster.rand_millis(30));
        cluster.sleep(cluster.rand_millis(300));
        cluster.restart(crashed);
    }
    cluster.set_long_reordering(false);
    cluster.set_reliable(true);
    cluster.set_duplicates(0.0, Duration::ZERO..=Duration::ZERO);
    cluster.wait_for_leader(&everyone);
    cluster.broadcast(&everyone);
}

fn even_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for _ in 0..3 {
        let (leader, _) = cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        let others: Vec<usize> = (1..4).map(|distance| cluster.after(leader, distance)).collect();
        cluster.disconnect(others[1]);
        cluster.disconnect(others[2]);
        // The invariants judge, if one of the two delivers it.
        let _undecided = cluster.propose_on(leader);
        cluster.sleep(LONG);
        cluster.connect_all();
        settle(cluster);
    }
}
