//! Part Z1: election. A leader is established by a quorum of voters, whoever was best; and another one when
//! it is gone.

use std::time::Duration;

use super::{Ensemble, ZabSettings, story, told};
use crate::Case;
use crate::display::Servers;

pub(super) fn cases() -> Vec<Case> {
    let observers = ZabSettings { observers: 2, ..ZabSettings::default() };
    vec![
        story("first_leader_z1", "Z1", "Test (Z1): a leader is established", 3, first_leader_z1).points(2),
        story("leader_dies_z1", "Z1", "Test (Z1): a leader dies, and comes back", 3, leader_dies_z1)
            .points(3),
        story("no_quorum_z1", "Z1", "Test (Z1): nobody leads without a quorum", 5, no_quorum_z1).points(3),
        story("late_comer_z1", "Z1", "Test (Z1): who comes late follows", 5, late_comer_z1).points(2),
        story("best_history_z1", "Z1", "Test (Z1): epoch before zxid before number", 3, best_history_z1)
            .points(3),
        story("even_ensemble_z1", "Z1", "Test (Z1): half of an even number is no quorum", 4, even_z1)
            .points(2),
        told("observers_z1", "Z1", "Test (Z1): observers elect nobody", 5, observers, observers_z1).points(3),
        story("unknowing_z1", "Z1", "Test (Z1): votes for a server that does not know", 3, unknowing_z1)
            .points(2),
    ]
}

/// Much longer than an election takes.
const LONG: Duration = Duration::from_secs(2);

impl Ensemble {
    /// Expects that none of these servers leads, for some time. A leader may need time to notice that it has
    /// lost its quorum.
    #[track_caller]
    fn expect_no_leader(&self, servers: &[usize], why: &str) {
        self.sleep(LONG);
        for _ in 0..20 {
            if let Some(leader) = self.find_leader(servers) {
                self.fail(format!(
                    "expected none of {} to lead, because {why}; saw server {leader} lead",
                    Servers(servers)
                ));
            }
            self.sleep(LONG / 20);
        }
    }
}

fn first_leader_z1(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let (leader, epoch) = cluster.wait_for_leader(&everyone);
    // It stays, as long as nothing happens.
    cluster.sleep(LONG);
    let (later, later_epoch) = cluster.wait_for_leader(&everyone);
    if (leader, epoch) != (later, later_epoch) {
        cluster.fail(format!(
            "expected server {leader} to go on leading epoch {epoch}, because all servers run and reach one \
             another; saw server {later} lead epoch {later_epoch}"
        ));
    }
    cluster.broadcast(&everyone);
}

fn leader_dies_z1(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..4 {
        let (leader, _) = cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        if round % 2 == 0 {
            cluster.shutdown(leader);
        } else {
            cluster.disconnect(leader);
        }
        // The others have a leader. An epoch has one leader, so it is a later one's.
        let others = [cluster.after(leader, 1), cluster.after(leader, 2)];
        cluster.wait_for_leader(&others);
        cluster.broadcast(&others);
        // The old one comes back, and follows it.
        if round % 2 == 0 {
            cluster.restart(leader);
        } else {
            cluster.connect(leader);
        }
    }
    cluster.wait_for_leader(&everyone);
    cluster.broadcast(&everyone);
}

fn no_quorum_z1(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let (leader, _) = cluster.wait_for_leader(&everyone);
    // The leader is left with one of five. It must notice, and the others have a quorum.
    let few = [leader, cluster.after(leader, 1)];
    let many: Vec<usize> = (2..5).map(|distance| cluster.after(leader, distance)).collect();
    cluster.partition(&few, &many);
    cluster.wait_for_leader(&many);
    cluster.expect_no_leader(&few, "they are two of five");

    // Two and two, and one that is down.
    cluster.shutdown(many[2]);
    cluster.expect_no_leader(&many[..2], "two of five reach each other");
    cluster.connect_all();
    cluster.wait_for_leader(&[few[0], few[1], many[0], many[1]]);
    cluster.restart(many[2]);
    cluster.wait_for_leader(&everyone);
    cluster.broadcast(&everyone);
}

fn late_comer_z1(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let (leader, epoch) = cluster.wait_for_leader(&everyone);
    // Whoever starts again, or was away for long, finds the leader, and does not depose it: also a server
    // that has looked for a leader many times meanwhile.
    for distance in 1..5 {
        let server = cluster.after(leader, distance);
        if distance % 2 == 0 {
            cluster.restart(server);
        } else {
            cluster.disconnect(server);
            cluster.sleep(LONG);
            cluster.connect(server);
        }
        let (later, later_epoch) = cluster.wait_for_leader(&everyone);
        if (later, later_epoch) != (leader, epoch) {
            cluster.fail(format!(
                "expected server {server}, which comes late, to follow server {leader} in epoch {epoch}, \
                 because all others do; saw server {later} lead epoch {later_epoch}"
            ));
        }
    }
    cluster.broadcast(&everyone);
}

fn best_history_z1(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..5 {
        // One server misses what the others agree on, and sometimes the change of epoch too. Its number may
        // be the highest.
        let absent = round % 3;
        let others = [cluster.after(absent, 1), cluster.after(absent, 2)];
        cluster.wait_for_leader(&everyone);
        cluster.disconnect(absent);
        cluster.wait_for_leader(&others);
        let kept = cluster.broadcast(&others);
        if round % 2 == 0 {
            others.iter().for_each(|&server| cluster.shutdown(server));
            others.iter().for_each(|&server| cluster.restart(server));
            cluster.wait_for_leader(&others);
        }
        // A quorum is left, in which one server alone has all that is committed.
        cluster.shutdown_all();
        let pair = [absent, others[round / 2 % 2]];
        pair.iter().for_each(|&server| cluster.restart(server));
        pair.iter().for_each(|&server| cluster.connect(server));
        cluster.wait_for_leader(&pair);
        cluster.expect_delivered(&pair, &kept, "one of them had delivered it");
        cluster.start_all();
    }
    cluster.wait_for_leader(&everyone);
}

fn even_z1(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..2 {
        let (leader, _) = cluster.wait_for_leader(&everyone);
        let one: Vec<usize> = (0..2).map(|distance| cluster.after(leader, distance)).collect();
        let other: Vec<usize> = (2..4).map(|distance| cluster.after(leader, distance)).collect();
        cluster.partition(&one, &other);
        cluster.expect_no_leader(&everyone, "two of four are no quorum");
        // With a third server they are.
        let three = [one[0], one[1], other[round % 2]];
        let rest = [other[1 - round % 2]];
        cluster.partition(&three, &rest);
        cluster.wait_for_leader(&three);
        cluster.broadcast(&three);
        cluster.connect_all();
    }
    cluster.wait_for_leader(&everyone);
}

/// Servers 0 to 2 vote, 3 and 4 observe.
fn observers_z1(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let (leader, _) = cluster.wait_for_leader(&everyone);
    let [next, last] = [(leader + 1) % 3, (leader + 2) % 3];

    // An election, which the observers hear of.
    cluster.shutdown(leader);
    cluster.wait_for_leader(&[next, last, 3, 4]);
    // One voter and both observers are three of five, and elect nobody.
    cluster.shutdown(next);
    cluster.expect_no_leader(&[last, 3, 4], "one voter of three is left, and observers are not counted");
    // Two voters elect a leader without them.
    cluster.shutdown(3);
    cluster.shutdown(4);
    cluster.restart(leader);
    cluster.wait_for_leader(&[leader, last]);
    cluster.start_all();
    cluster.wait_for_leader(&everyone);
    cluster.broadcast(&everyone);
}

fn unknowing_z1(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..3 {
        // One server, each in its turn, hears nobody, and all start anew. The others may vote for it, and
        // follow it in vain.
        let deaf = 2 - round;
        let others = [cluster.after(deaf, 1), cluster.after(deaf, 2)];
        cluster.shutdown_all();
        everyone.iter().for_each(|&server| cluster.restart(server));
        others.iter().for_each(|&other| cluster.cut_way(other, deaf, true));
        cluster.connect_all();
        cluster.sleep(LONG);
        // It must not believe that it leads. Then it is gone, and the others elect another one.
        cluster.disconnect(deaf);
        cluster.wait_for_leader(&others);
        cluster.broadcast(&others);
        cluster.open_all_ways();
        cluster.connect(deaf);
        cluster.wait_for_leader(&everyone);
    }
}
