//! Part B2X: what a seed can think of, for every form. Rules are verdicts.
//!
//! While faults last, nothing is asked of the nodes but the invariants: which node can lead depends on who
//! reaches whom. When all have ended for those that are not left out, these have one leader that all of them
//! know; and with publications, what it publishes is committed.

use std::time::Duration;

use labapi::VOTE_LOCK;

use super::{BullyForm, CuredBullyNodes, CuredCluster, nodes_of};
use crate::bully::checkers::PATIENCE;
use crate::nemesis::mix::{
    bridge, burst, crash, deaf, delay, duplicates, flapping, halves, late_replies, leader_cut_off,
    long_crash, loss, mute, pause, ring, slow_saves,
};
use crate::nemesis::{Draw, Family, FaultKind, FaultPlan, Moment, Shift, Siege, Workers};
use crate::{Case, Stage};

pub(super) fn cases() -> Vec<Case> {
    use BullyForm::{Generations, Inquiries, Priorities, Publishes, Quorum};
    vec![
        storm("generations_b2x", "Test (B2X): messages of earlier elections", Generations, &MESSAGES),
        storm("inquiries_b2x", "Test (B2X): leaders that some nodes miss", Inquiries, &DOUBTS),
        storm("quorums_b2x", "Test (B2X): quorums that come and go", Quorum, &SPLITS),
        storm("publications_b2x", "Test (B2X): leaders that publish and are deposed", Publishes, &LEADERS),
        storm("crashes_b2x", "Test (B2X): nodes crash while a leader publishes", Publishes, &CRASHES),
        storm("votes_b2x", "Test (B2X): votes in a network that splits", Priorities, &VOTES),
    ]
}

/// A node that crashes right after it has answered or asked others, or saved something, and is back at once.
fn candidate_crash(draw: &mut Draw) -> (u64, FaultKind) {
    let moments =
        [Moment::Reply(1), Moment::Reply(2), Moment::Request(1), Moment::Request(3), Moment::Save(1)];
    let moment = *draw.one_of(&moments);
    (draw.ms((0, 300)), FaultKind::Crash { server: draw.server(), moment })
}

/// Leaders in several places, whose messages come late.
const MESSAGES: Family = Family {
    servers: &[3, 5, 5],
    clients: (0, 0),
    think_ms: (1, 1),
    faults: (5, 12),
    gap_ms: (300, 900),
    mix: &[(3, halves), (2, flapping), (2, pause), (3, candidate_crash), (2, crash)],
    throughout: &[(50, delay), (40, late_replies), (40, duplicates), (20, loss)],
    left_out: 40,
};

/// Leaders that are well for some and not for others.
const DOUBTS: Family = Family {
    servers: &[3, 5, 5],
    clients: (0, 0),
    think_ms: (1, 1),
    faults: (6, 14),
    gap_ms: (200, 800),
    mix: &[(3, mute), (3, deaf), (3, pause), (2, bridge), (1, ring), (2, crash), (1, long_crash)],
    throughout: &[(30, delay), (30, loss), (30, late_replies)],
    left_out: 40,
};

/// Sides that are a quorum now and then.
const SPLITS: Family = Family {
    servers: &[3, 5, 5],
    clients: (0, 0),
    think_ms: (1, 1),
    faults: (6, 14),
    gap_ms: (200, 800),
    mix: &[(4, halves), (3, leader_cut_off), (2, flapping), (2, bridge), (2, pause), (1, mute), (1, crash)],
    throughout: &[(30, delay), (30, loss), (30, late_replies)],
    left_out: 40,
};

/// Leaders that do not know that they were replaced.
const LEADERS: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (20, 100),
    faults: (6, 14),
    gap_ms: (200, 700),
    mix: &[(4, leader_cut_off), (3, halves), (2, pause), (1, flapping), (1, mute), (1, deaf), (1, burst)],
    throughout: &[(40, delay), (30, loss), (30, duplicates), (20, late_replies)],
    left_out: 40,
};

/// What a node has of a publication when it comes back.
const CRASHES: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (20, 100),
    faults: (8, 16),
    gap_ms: (100, 500),
    mix: &[(4, candidate_crash), (3, crash), (2, long_crash), (2, leader_cut_off), (1, burst)],
    throughout: &[(40, slow_saves), (30, loss), (30, duplicates)],
    left_out: 40,
};

/// Candidates that do not see each other.
const VOTES: Family = Family {
    servers: &[3, 5, 5],
    clients: (0, 0),
    think_ms: (1, 1),
    faults: (4, 8),
    gap_ms: (300, 900),
    mix: &[(3, halves), (3, leader_cut_off), (2, bridge), (2, pause), (1, mute), (1, deaf), (1, crash)],
    throughout: &[(30, delay), (30, loss), (30, late_replies)],
    left_out: 40,
};

/// The time after which nothing is under way any more that was sent during the faults.
const ECHO: Duration = Duration::from_secs(3);

/// How long the leader has to stay.
const QUIET: Duration = Duration::from_secs(1);

/// A test of a family of plans.
fn storm(name: &'static str, title: &'static str, form: BullyForm, family: &'static Family) -> Case {
    let play = move |stage: &Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        // Node 1 has the highest priority, and the others have the same.
        let priorities = (0..plan.servers).map(|server| 1 + u32::from(server == 1)).collect();
        stage.play(nodes_of(stage, form, priorities), |cluster| besiege(cluster, plan, reliable));
    };
    Case::new(name, "B2X", title, &["bully_extended"], play).points(2).besieged(family)
}

/// Carries a plan out while clients publish, and expects a leader for those who can have one.
fn besiege(cluster: &CuredCluster, plan: &FaultPlan, reliable: bool) {
    // A state is committed in every run: what must hold of those has something to judge.
    if cluster.protocol().form() == BullyForm::Publishes {
        let everyone = cluster.everyone();
        let view = cluster.wait_for_one_leader(&everyone, PATIENCE);
        let first = cluster.expect_publish(view.leader.unwrap_or_default());
        cluster.wait_until_published(&everyone, &first);
    }
    let workers = Workers::start(cluster, plan, |shift: &Shift<CuredBullyNodes>, _| {
        while shift.goes_on() {
            // Whoever takes itself for the leader takes it, and there may be several.
            let cluster = shift.cluster();
            cluster.everyone().into_iter().for_each(|server| {
                let _ = cluster.publish(server);
            });
            shift.think();
        }
    });
    let find_leader = |nodes: &[usize]| cluster.first_leading(nodes);
    let mut siege = Siege::new(cluster, plan, reliable, &find_leader);
    siege.carry_out();
    workers.join();
    let is_out = |node: &usize| plan.left_out.iter().any(|out| out % plan.servers == *node);
    let healed: Vec<usize> = (0..plan.servers).filter(|node| !is_out(node)).collect();
    settle(cluster, &healed);
    siege.heal_all();
    settle(cluster, &cluster.everyone());
}

/// Expects these nodes to follow one of them, and to go on so.
#[track_caller]
fn settle(cluster: &CuredCluster, nodes: &[usize]) {
    cluster.sleep(ECHO);
    let form = cluster.protocol().form();
    let patience = if form == BullyForm::Priorities { VOTE_LOCK + PATIENCE } else { PATIENCE };
    let highest = match form {
        BullyForm::Generations => nodes.last().copied(),
        BullyForm::Priorities => nodes.contains(&1).then_some(1),
        _ => None,
    };
    let began = cluster.now();
    let mut view = cluster.wait_for_one_leader(nodes, patience);
    while highest.is_some_and(|highest| view.leader != Some(highest)) {
        if cluster.now() - began >= 2 * patience {
            cluster.wait_for_leader(nodes, highest.unwrap_or_default());
        }
        cluster.sleep(QUIET / 10);
        view = cluster.wait_for_one_leader(nodes, patience);
    }
    // What the leader said before it led may arrive after that.
    cluster.sleep(QUIET);
    view = cluster.wait_for_one_leader(nodes, patience);
    cluster.expect_view_stays(nodes, view, QUIET, "nothing fails any more");
    if form == BullyForm::Publishes {
        let publication = cluster.expect_publish(view.leader.unwrap_or_default());
        cluster.wait_until_published(nodes, &publication);
    }
}
