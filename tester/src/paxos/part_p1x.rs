//! Part P1X: what a seed can think of, while many proposers work on many instances.

use super::PaxosNodes;
use crate::nemesis::mix::{
    bridge, burst, crash, deaf, delay, duplicates, flapping, halves, late_replies, long_crash, loss, mute,
    pause, ring, slow_saves,
};
use crate::nemesis::{Draw, Family, FaultKind, FaultPlan, Moment, Shift, Siege, Workers};
use crate::{Case, Cluster, Stage};

pub(super) fn cases() -> [Case; 3] {
    [
        storm("acceptor_storm_p1x", "Test (P1X): acceptors crash within ballots", &CRASHES),
        storm("split_storm_p1x", "Test (P1X): majorities that come and go", &SPLITS),
        storm("message_storm_p1x", "Test (P1X): messages of older ballots", &MESSAGES),
    ]
}

/// A test of a family of plans.
fn storm(name: &'static str, title: &'static str, family: &'static Family) -> Case {
    let play = |stage: &Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        super::play(stage, |cluster| besiege(cluster, plan, reliable));
    };
    Case::new(name, "P1X", title, &["paxos"], play).points(2).besieged(family)
}

/// An acceptor that crashes right after it has saved, promised or accepted something, and is back at once.
fn acceptor_crash(draw: &mut Draw) -> (u64, FaultKind) {
    let moment = *draw.one_of(&[Moment::Save(1), Moment::Save(2), Moment::Reply(1), Moment::Reply(3)]);
    (draw.ms((0, 20)), FaultKind::Crash { server: draw.server(), moment })
}

/// A proposer that crashes between its phases, or when it has told some of them what was chosen.
fn proposer_crash(draw: &mut Draw) -> (u64, FaultKind) {
    let moment = *draw.one_of(&[Moment::Request(1), Moment::Request(5), Moment::Request(7)]);
    (draw.ms((0, 100)), FaultKind::Crash { server: draw.server(), moment })
}

/// What an acceptor forgets.
const CRASHES: Family = Family {
    servers: &[3, 3, 5],
    clients: (2, 3),
    think_ms: (30, 120),
    faults: (6, 12),
    gap_ms: (30, 150),
    mix: &[(4, acceptor_crash), (3, proposer_crash), (2, crash), (1, long_crash), (1, burst)],
    throughout: &[(40, slow_saves), (40, delay), (30, loss)],
    left_out: 40,
};

/// What the next majority has to find out about the one before.
const SPLITS: Family = Family {
    servers: &[3, 5, 5],
    clients: (2, 3),
    think_ms: (30, 120),
    faults: (6, 12),
    gap_ms: (30, 150),
    mix: &[(4, halves), (3, flapping), (2, bridge), (1, ring), (1, mute), (1, deaf), (1, crash)],
    throughout: &[(40, delay), (30, loss)],
    left_out: 40,
};

/// What comes late, twice, or while a node was paused.
const MESSAGES: Family = Family {
    servers: &[3, 5],
    clients: (2, 3),
    think_ms: (30, 120),
    faults: (6, 12),
    gap_ms: (50, 250),
    mix: &[(3, pause), (2, halves), (2, acceptor_crash), (1, burst)],
    throughout: &[(60, late_replies), (60, duplicates), (60, delay), (30, loss)],
    left_out: 40,
};

/// The most instances of a siege.
const INSTANCES: u64 = 12;

/// Clients propose while the plan is carried out: half of them in the newest instance, so that proposers
/// meet. Then a majority has to decide all instances, and at last everyone knows them.
fn besiege(cluster: &Cluster<PaxosNodes>, plan: &FaultPlan, reliable: bool) {
    let _ = cluster.new_instance();
    let workers = Workers::start(cluster, plan, |shift: &Shift<PaxosNodes>, _| {
        let cluster = shift.cluster();
        while shift.goes_on() {
            let begun = cluster.protocol().instances();
            let is_new = begun < INSTANCES && cluster.chance(0.3);
            let instance = if is_new {
                cluster.new_instance()
            } else {
                begun.saturating_sub(1 + cluster.rand_number(3))
            };
            cluster.propose(cluster.any_server(), instance);
            shift.think();
        }
    });
    let mut siege = Siege::new(cluster, plan, reliable, &|_| None);
    siege.carry_out();
    workers.join();

    let is_out = |node: &usize| plan.left_out.iter().any(|out| out % plan.servers == *node);
    let healed: Vec<usize> = (0..plan.servers).filter(|node| !is_out(node)).collect();
    // Those who had proposed something may have crashed.
    for instance in 0..cluster.protocol().instances() {
        cluster.propose(healed[cluster.rand_count(0, healed.len() - 1)], instance);
    }
    for instance in 0..cluster.protocol().instances() {
        cluster.wait_until_decided(&healed, instance);
    }
    siege.heal_all();
    for instance in 0..cluster.protocol().instances() {
        cluster.wait_until_decided(&cluster.everyone(), instance);
    }
}
