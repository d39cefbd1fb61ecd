//! Part B6, priorities and votes, as in MongoDB before version 3.2: two candidates at once, and what the vote
//! lock costs.

use std::time::Duration;

use labapi::VOTE_LOCK;

use super::{BullyForm, CuredCluster, nodes_of, story};
use crate::bully::checkers::PATIENCE;
use crate::{Case, Stage};

pub(super) fn cases() -> Vec<Case> {
    let case = |name, title, body| story(name, "B6", title, BullyForm::Priorities, body);
    let by_priority = |stage: &Stage<'_>| {
        let nodes = nodes_of(stage, BullyForm::Priorities, vec![1, 5, 3, 2, 4]);
        stage.play(nodes, priorities_b6);
    };
    let title = "Test (B6): the highest priority leads";
    vec![
        Case::new("priorities_b6", "B6", title, &["bully_extended"], by_priority).servers(5).points(3),
        case("equal_priorities_b6", "Test (B6): two candidates at once", equal_priorities_b6).points(4),
        case("dead_winner_b6", "Test (B6): the winner dies at once", dead_winner_b6).points(3),
    ]
}

/// The time after which no vote is locked any more that was given until now.
const UNLOCKED: Duration = VOTE_LOCK.saturating_add(Duration::from_secs(1));

/// A while in which nothing fails, and so nothing may change.
const QUIET: Duration = Duration::from_secs(2);

fn priorities_b6(cluster: &CuredCluster) {
    // Node 1 has the highest priority, and node 4 the next one.
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 1);
    settle(cluster, &everyone, 1);

    // Once votes are free again, the next one takes over.
    cluster.sleep(UNLOCKED);
    cluster.shutdown(1);
    cluster.wait_for_leader(&[0, 2, 3, 4], 4);

    // And the highest again, when it has come back.
    cluster.sleep(UNLOCKED);
    cluster.restart(1);
    cluster.wait_for_leader(&everyone, 1);
    settle(cluster, &everyone, 1);
}

/// Expects these servers to follow `leader`. What the leader said before it led may arrive after that.
#[track_caller]
fn settle(cluster: &CuredCluster, servers: &[usize], leader: usize) {
    cluster.sleep(QUIET);
    cluster.expect_leader_stays(servers, leader, QUIET);
}

fn equal_priorities_b6(cluster: &CuredCluster) {
    let everyone = cluster.everyone();
    let why = "a leader has a majority of the votes, and each node one vote";
    for round in 0..3 {
        // Candidates that do not hear each other.
        if round > 0 {
            cluster.start_all();
        }
        let pairs = [(3, 4), (2, 4), (2, 3)];
        pairs[..=round].iter().for_each(|&(one, other)| cluster.set_link(one, other, false));
        cluster.expect_one_leads(&everyone, PATIENCE, why);

        // When they hear each other, there is one leader for all, soon if there is one, and at the latest
        // when votes are free.
        cluster.connect_all();
        cluster.wait_for_one_leader(&everyone, UNLOCKED + PATIENCE);
        cluster.expect_one_leads(&everyone, QUIET, why);
    }
}

fn dead_winner_b6(cluster: &CuredCluster) {
    // The winner dies as soon as it is seen to lead.
    let everyone = cluster.everyone();
    let began = cluster.now();
    let winner = loop {
        if let Some(winner) = cluster.first_leading(&everyone) {
            break winner;
        }
        if cluster.now() - began >= UNLOCKED + PATIENCE {
            cluster.wait_for_one_leader(&everyone, PATIENCE);
        }
        cluster.sleep(Duration::from_millis(10));
    };
    cluster.shutdown(winner);

    // A majority has voted for it, and votes for nobody else until the lock is over. The others could agree
    // at once, and may not: terms end this.
    let others: Vec<usize> = everyone.into_iter().filter(|&server| server != winner).collect();
    let locked = VOTE_LOCK - Duration::from_secs(2);
    cluster.expect_nobody_leads(&others, locked, "a majority has given its vote to a node that is dead");
    cluster.wait_for_one_leader(&others, UNLOCKED + PATIENCE - locked);
    cluster.expect_one_leads(&others, QUIET, "a leader has a majority of the votes");
}
