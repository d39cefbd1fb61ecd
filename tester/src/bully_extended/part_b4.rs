//! Part B4, quorum: of two sides of a network, one at most has a leader.

use std::time::Duration;

use labapi::QUORUM_TIMEOUT;

use super::{BullyForm, CuredCluster, story};
use crate::Case;
use crate::bully::checkers::PATIENCE;

pub(super) fn cases() -> Vec<Case> {
    let case = |name, title, body| story(name, "B4", title, BullyForm::Quorum, body);
    vec![
        case("minority_leader_b4", "Test (B4): a leader without a quorum", minority_leader_b4).points(4),
        case("minority_elects_b4", "Test (B4): a minority elects nobody", minority_elects_b4).points(3),
        case("too_few_b4", "Test (B4): too few nodes for a leader", too_few_b4).points(2),
    ]
}

/// A while in which nothing may change.
const QUIET: Duration = Duration::from_secs(3);

fn minority_leader_b4(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let mut view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    for _ in 0..2 {
        // The leader is on the smaller side, and gives up.
        let leader = view.leader.unwrap_or_default();
        let (majority, minority) = cluster.make_partition(leader);
        cluster.expect_stop_leading(&minority, QUORUM_TIMEOUT, "it reaches no quorum");

        // The others elect a leader of a newer generation.
        view = cluster.wait_for_newer_leader(&majority, view);
        cluster.expect_nobody_leads(&minority, QUIET, "they are no quorum");

        // Who was cut off joins that one.
        cluster.connect_all();
        cluster.wait_for_one_leader(&everyone, PATIENCE);
        cluster.expect_view_stays(&everyone, view, QUIET, "its quorum has never missed it");
    }
}

fn minority_elects_b4(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    let leader = view.leader.unwrap_or_default();
    for distance in [1, 3] {
        // Two nodes are cut off from a leader that has a quorum.
        let minority = [cluster.after(leader, distance), cluster.after(leader, distance + 1)];
        let majority: Vec<usize> =
            everyone.iter().copied().filter(|server| !minority.contains(server)).collect();
        cluster.partition(&majority, &minority);
        cluster.expect_nobody_leads(&minority, QUIET, "they are no quorum");
        cluster.expect_view_stays(&majority, view, QUIET, "the leader has a quorum");
        cluster.connect_all();
        cluster.wait_for_one_leader(&everyone, PATIENCE);
        cluster.expect_view_stays(&everyone, view, QUIET, "its quorum has never missed it");
    }
}

fn too_few_b4(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    let leader = view.leader.unwrap_or_default();

    // Three of five crash, the leader among them; or all but the leader and one.
    for survivors in [[1, 2], [0, 1]] {
        let survivors = survivors.map(|distance| cluster.after(leader, distance));
        everyone.iter().filter(|server| !survivors.contains(server)).for_each(|&it| cluster.shutdown(it));
        cluster.expect_stop_leading(&survivors, QUORUM_TIMEOUT, "it reaches no quorum");
        cluster.expect_nobody_leads(&survivors, QUIET, "they are no quorum");

        // With a third one they are a quorum.
        let third = cluster.after(leader, 3);
        cluster.restart(third);
        let mut quorum = survivors.to_vec();
        quorum.push(third);
        cluster.wait_for_one_leader(&quorum, PATIENCE);
        everyone.iter().filter(|server| !quorum.contains(server)).for_each(|&it| cluster.restart(it));
        cluster.wait_for_one_leader(&everyone, PATIENCE);
    }
}
