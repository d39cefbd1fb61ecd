//! Part B5, publication in two phases: what is committed is never lost, and a leader that was deposed commits
//! nothing.

use std::time::Duration;

use super::{BullyForm, CuredCluster, story};
use crate::Case;
use crate::bully::checkers::PATIENCE;

pub(super) fn cases() -> Vec<Case> {
    let case = |name, title, body| story(name, "B5", title, BullyForm::Publishes, body);
    vec![
        case("publish_b5", "Test (B5): a leader publishes", publish_b5).points(2),
        case("deposed_b5", "Test (B5): a deposed leader publishes", deposed_b5).points(3),
        case("late_publish_b5", "Test (B5): a state of a deposed leader is late", late_publish_b5).points(2),
        case("committed_b5", "Test (B5): what is committed outlives its leader", committed_b5).points(3),
        case("all_crash_b5", "Test (B5): what is committed outlives all nodes", all_crash_b5).points(2),
    ]
}

fn publish_b5(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    let leader = view.leader.unwrap_or_default();

    // One state after the other, in versions without a gap. All nodes know each of them.
    for version in 1..=5 {
        let publication = cluster.expect_publish(leader);
        if publication.version != version {
            cluster.fail(format!(
                "expected versions without a gap, and so version {version}; saw server {leader} publish \
                 version {}",
                publication.version
            ));
        }
        cluster.wait_until_published(&everyone, &publication);
    }

    // A node that does not lead takes none.
    let follower = cluster.after(leader, 1);
    if let Some(publication) = cluster.publish(follower) {
        cluster.fail(format!(
            "expected server {follower}, which does not lead, to publish nothing; saw it take a state as \
             version {}",
            publication.version
        ));
    }

    // A node that was down learns what it missed.
    cluster.shutdown(follower);
    let publication = cluster.expect_publish(leader);
    cluster.restart(follower);
    cluster.wait_until_published(&everyone, &publication);
}

fn deposed_b5(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let mut view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    for _ in 0..2 {
        let leader = view.leader.unwrap_or_default();
        let base = cluster.expect_publish(leader);
        cluster.wait_until_published(&everyone, &base);

        // The leader is cut off, does not know it yet, and publishes.
        let (majority, minority) = cluster.make_partition(leader);
        let _ = cluster.publish(leader);

        // The others elect another leader, and that one publishes.
        view = cluster.wait_for_newer_leader(&majority, view);
        let why = "no quorum has heard of another one";
        cluster.expect_nothing_newer(&everyone, &base, Duration::from_secs(1), why);
        let newer = cluster.expect_publish(view.leader.unwrap_or_default());
        cluster.wait_until_published(&majority, &newer);
        cluster.expect_nothing_newer(&minority, &base, Duration::from_secs(1), why);

        // What the deposed leader has published replaces nothing, now or later.
        cluster.connect_all();
        view = cluster.wait_for_one_leader(&everyone, PATIENCE);
        cluster.wait_until_published(&everyone, &newer);
        cluster.start_all();
        view = cluster.wait_for_newer_leader(&everyone, view);
        cluster.wait_until_published(&everyone, &newer);
    }
}

fn late_publish_b5(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let mut view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    for _ in 0..2 {
        let leader = view.leader.unwrap_or_default();
        let others: Vec<usize> = everyone.iter().copied().filter(|&server| server != leader).collect();
        let base = cluster.expect_publish(leader);
        cluster.wait_until_published(&everyone, &base);

        // What the leader sends from now on stays on the way, and so nobody hears it.
        others.iter().for_each(|&server| cluster.hold_way(leader, server, true));
        let _ = cluster.publish(leader);
        view = cluster.wait_for_newer_leader(&others, view);
        let next = view.leader.unwrap_or_default();
        let newer = cluster.expect_publish(next);
        cluster.wait_until_published(&others, &newer);

        // Now it arrives, at nodes that know the next leader.
        others.iter().for_each(|&server| cluster.release_way(leader, server));
        let why = format!("what server {leader} sent is of an older generation");
        cluster.expect_view_stays(&others, view, Duration::from_secs(1), &why);
        cluster.expect_nothing_newer(&others, &newer, Duration::from_secs(1), &why);
        cluster.open_all_ways();
        view = cluster.wait_for_one_leader(&everyone, PATIENCE);
        cluster.wait_until_published(&everyone, &newer);
    }
}

fn committed_b5(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let mut view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    for _ in 0..3 {
        // Three of five know the state when their leader crashes: of the others, the highest would win.
        let leader = view.leader.unwrap_or_default();
        let others: Vec<usize> = everyone.iter().copied().filter(|&server| server != leader).collect();
        let (know, missed) = others.split_at(2);
        let quorum = [know, &[leader]].concat();
        cluster.partition(&quorum, missed);
        let publication = cluster.expect_publish(leader);
        cluster.wait_until_published(&[leader], &publication);
        cluster.shutdown(leader);
        others.iter().for_each(|&server| cluster.connect(server));

        // The next leader finds it, whoever it is, and its own publications come after it.
        view = cluster.wait_for_newer_leader(&others, view);
        cluster.wait_until_published(&others, &publication);
        let newer = cluster.expect_publish(view.leader.unwrap_or_default());
        cluster.wait_until_published(&others, &newer);
        cluster.restart(leader);
        view = cluster.wait_for_one_leader(&everyone, PATIENCE);
        cluster.wait_until_published(&everyone, &newer);
    }
}

fn all_crash_b5(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let mut view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    for _ in 0..3 {
        // A quorum knows the state when all crash.
        let leader = view.leader.unwrap_or_default();
        let missed = [cluster.after(leader, 1), cluster.after(leader, 2)];
        missed.iter().for_each(|&server| cluster.disconnect(server));
        let publication = cluster.expect_publish(leader);
        cluster.wait_until_published(&[leader], &publication);
        cluster.shutdown_all();

        // Without the leader of before there are two who have saved it, and two who have not.
        let others: Vec<usize> = everyone.iter().copied().filter(|&server| server != leader).collect();
        others.iter().for_each(|&server| cluster.restart(server));
        cluster.wait_for_newer_leader(&others, view);
        cluster.wait_until_published(&others, &publication);
        cluster.restart(leader);
        view = cluster.wait_for_one_leader(&everyone, PATIENCE);
    }
}
