//! Part B2, generations: messages that are late do not disturb an election that is over.

use std::time::Duration;

use super::{BullyForm, CuredCluster, story};
use crate::Case;
use crate::bully::checkers::PATIENCE;

pub(super) fn cases() -> Vec<Case> {
    let case = |name, title, body| story(name, "B2", title, BullyForm::Generations, body);
    vec![
        case("newer_generations_b2", "Test (B2): each leader begins a generation", newer_generations_b2)
            .points(2),
        case("late_victory_b2", "Test (B2): a late victory is dropped", late_victory_b2).points(3),
        case("late_election_b2", "Test (B2): a late election is dropped", late_election_b2).points(3),
    ]
}

/// A while in which nothing fails, and so nothing may change.
const QUIET: Duration = Duration::from_secs(2);

fn newer_generations_b2(cluster: &CuredCluster) {
    // The highest node leads, as in the plain form.
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 4);
    cluster.sleep(QUIET);
    let mut view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    cluster.expect_view_stays(&everyone, view, QUIET, "nothing fails");

    // Each leader begins a newer generation, those that come back included: they ask before they know it.
    for _ in 0..2 {
        cluster.shutdown(4);
        cluster.wait_for_leader(&everyone[..4], 3);
        view = cluster.wait_for_newer_leader(&everyone[..4], view);
        cluster.restart(4);
        cluster.wait_for_leader(&everyone, 4);
        view = cluster.wait_for_newer_leader(&everyone, view);
    }

    // After a partition the highest node leads again, however new the generation of the others is.
    cluster.partition(&[0, 1, 2, 3], &[4]);
    cluster.wait_for_leader(&[0, 1, 2, 3], 3);
    view = cluster.wait_for_newer_leader(&[0, 1, 2, 3], view);
    cluster.connect_all();
    cluster.wait_for_leader(&everyone, 4);
    cluster.wait_for_newer_leader(&everyone, view);
}

fn late_victory_b2(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 4);
    for _ in 0..2 {
        // Node 4 is cut off, and another one is elected. What node 4 sends to node 0 stays on the way.
        let cut_off = |cut: bool| {
            for other in 1..4 {
                cluster.cut_way(4, other, cut);
                cluster.cut_way(other, 4, cut);
            }
        };
        cluster.hold_way(4, 0, true);
        cluster.cut_way(0, 4, true);
        cut_off(true);
        cluster.wait_for_leader(&everyone[..4], 3);

        // It can be reached again and wins, and is cut off: another one wins a later election, of which node
        // 0 knows.
        cut_off(false);
        cluster.wait_for_leader(&everyone[1..4], 4);
        cut_off(true);
        cluster.wait_for_leader(&everyone[..4], 3);
        cluster.sleep(QUIET / 2);
        let view = cluster.wait_for_one_leader(&everyone[..4], PATIENCE);

        // Now its victory arrives, and its heartbeats.
        cluster.release_way(4, 0);
        let why = "what server 4 sent before is of an older generation";
        cluster.expect_view_stays(&everyone[..4], view, QUIET, why);
        cluster.open_all_ways();
        cluster.wait_for_leader(&everyone, 4);
    }
}

fn late_election_b2(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 4);
    for _ in 0..2 {
        // The leader crashes. What node 0 asks node 3 stays on the way.
        cluster.hold_way(0, 3, true);
        cluster.shutdown(4);
        cluster.wait_for_leader(&everyone[..4], 3);
        let view = cluster.wait_for_one_leader(&everyone[..4], PATIENCE);
        cluster.expect_view_stays(&everyone[..4], view, QUIET / 4, "the election is over");

        // Node 3 has won long ago when it is asked whether it is alive.
        cluster.open_all_ways();
        let why = "the election of server 0 that arrives now is over";
        cluster.expect_view_stays(&everyone[..4], view, QUIET, why);
        cluster.restart(4);
        cluster.wait_for_leader(&everyone, 4);
    }
}
