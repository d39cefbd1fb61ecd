//! Part B3, ask the others: a leader that is well is not replaced.

use std::time::Duration;

use super::{BullyForm, CuredCluster, story};
use crate::Case;
use crate::bully::checkers::PATIENCE;

pub(super) fn cases() -> Vec<Case> {
    let case = |name, title, body| story(name, "B3", title, BullyForm::Inquiries, body);
    vec![
        case("one_misses_b3", "Test (B3): one node misses the leader", one_misses_b3).points(3),
        case("highest_joins_b3", "Test (B3): the highest node comes back and joins", highest_joins_b3)
            .points(3),
        case("seems_dead_b3", "Test (B3): a leader that seems dead", seems_dead_b3).points(3),
    ]
}

/// A while in which nothing fails, and so nothing may change.
const QUIET: Duration = Duration::from_secs(2);

fn one_misses_b3(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    let leader = view.leader.unwrap_or_default();
    for distance in 1..everyone.len() {
        // Nothing that the leader sends reaches this node. All others hear it.
        let lone = cluster.after(leader, distance);
        cluster.cut_way(leader, lone, true);
        let others: Vec<usize> = everyone.iter().copied().filter(|&server| server != lone).collect();
        let why = format!("server {lone} alone misses the leader");
        cluster.expect_view_stays(&others, view, QUIET, &why);
        cluster.open_all_ways();
        cluster.wait_for_one_leader(&everyone, PATIENCE);
        cluster.expect_view_stays(&everyone, view, QUIET / 4, "nothing fails any more");
    }
}

fn highest_joins_b3(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let first = cluster.wait_for_one_leader(&everyone, PATIENCE);

    // Of those who miss the leader, the highest wins.
    let mut left = everyone.clone();
    left.retain(|&server| Some(server) != first.leader);
    let highest = left.last().copied().unwrap_or_default();
    cluster.shutdown(first.leader.unwrap_or_default());
    cluster.wait_for_leader(&left, highest);
    let view = cluster.wait_for_newer_leader(&left, first);

    // Whoever comes back finds a leader that nobody misses.
    cluster.restart(first.leader.unwrap_or_default());
    cluster.wait_for_one_leader(&everyone, PATIENCE);
    let why = "nobody misses it";
    cluster.expect_view_stays(&everyone, view, QUIET, why);
}

fn seems_dead_b3(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let mut view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    for _ in 0..2 {
        // A leader that says nothing for a while is missed by all, and replaced.
        let paused = view.leader.unwrap_or_default();
        let others: Vec<usize> = everyone.iter().copied().filter(|&server| server != paused).collect();
        cluster.pause(paused);
        view = cluster.wait_for_newer_leader(&others, view);

        // When it goes on, it still takes itself for the leader, and then joins.
        cluster.sleep(Duration::from_secs(1));
        cluster.resume(paused);
        cluster.expect_view_stays(&others, view, QUIET, "the leader that was paused was replaced");
        cluster.wait_for_one_leader(&everyone, PATIENCE);
        cluster.expect_view_stays(&everyone, view, QUIET, "nobody misses it");
    }
}
