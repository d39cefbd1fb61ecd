//! Part B1X: what a seed can think of, in as far as the plain Bully algorithm promises anything.
//!
//! While messages are late or lost, or a node is paused, others take it for dead, and there may be several
//! leaders: Bully assumes that this does not happen. So nothing is asked of the nodes meanwhile but what
//! holds for each of them alone (the invariants), and in the end that all follow the highest.

use std::time::Duration;

use super::BullyNodes;
use crate::nemesis::mix::{crash, delay, flapping, halves, late_replies, long_crash, loss, pause};
use crate::nemesis::{Draw, Family, FaultKind, Moment, Siege};
use crate::{Case, Cluster, Stage};

pub(super) fn cases() -> [Case; 2] {
    [
        storm("crash_storm_b1x", "Test (B1X): nodes crash within elections", &CRASHES),
        storm("split_storm_b1x", "Test (B1X): nodes take one another for dead", &SPLITS),
    ]
}

/// A test of a family of plans.
fn storm(name: &'static str, title: &'static str, family: &'static Family) -> Case {
    let play = |stage: &Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        super::play(stage, |cluster| {
            let find_leader = |nodes: &[usize]| {
                nodes.iter().copied().rev().find(|&node| cluster.leader_of(node) == Some(node))
            };
            let mut siege = Siege::new(cluster, plan, reliable, &find_leader);
            siege.carry_out();
            let is_out = |node: &usize| plan.left_out.iter().any(|out| out % plan.servers == *node);
            let healed: Vec<usize> = (0..plan.servers).filter(|node| !is_out(node)).collect();
            settle(cluster, &healed);
            siege.heal_all();
            settle(cluster, &cluster.everyone());
        });
    };
    Case::new(name, "B1X", title, &["bully"], play).points(2).besieged(family)
}

/// A node that crashes right after it has answered or asked others, and is back at once.
fn candidate_crash(draw: &mut Draw) -> (u64, FaultKind) {
    let moment = *draw.one_of(&[Moment::Reply(1), Moment::Reply(2), Moment::Request(1), Moment::Request(3)]);
    (draw.ms((0, 300)), FaultKind::Crash { server: draw.server(), moment })
}

/// Elections that find some nodes gone, and others just back. No message is late.
const CRASHES: Family = Family {
    servers: &[3, 5, 5],
    clients: (0, 0),
    think_ms: (1, 1),
    faults: (8, 16),
    gap_ms: (150, 600),
    mix: &[(4, candidate_crash), (3, crash), (3, long_crash)],
    throughout: &[],
    left_out: 40,
};

/// Leaders in several places, whose messages meet.
const SPLITS: Family = Family {
    servers: &[3, 5, 5],
    clients: (0, 0),
    think_ms: (1, 1),
    faults: (5, 12),
    gap_ms: (300, 900),
    mix: &[(3, halves), (2, flapping), (3, pause), (2, crash)],
    throughout: &[(30, loss), (30, delay), (30, late_replies)],
    left_out: 40,
};

/// The time after which nothing is under way any more that was sent during the faults.
const ECHO: Duration = Duration::from_secs(3);

/// How long the leader has to stay.
const QUIET: Duration = Duration::from_secs(1);

/// Expects these nodes to follow the highest of them, and to go on so.
#[track_caller]
fn settle(cluster: &Cluster<BullyNodes>, nodes: &[usize]) {
    let Some(&highest) = nodes.last() else { return };
    cluster.sleep(ECHO);
    cluster.wait_for_leader(nodes, highest);
    cluster.expect_leader_stays(nodes, highest, QUIET);
}
