//! Part P2X: what a seed can think of, while clients submit commands to a log by Paxos.

use super::logs;
use crate::nemesis::mix::{
    bridge, burst, crash, delay, duplicates, flapping, halves, late_replies, leader_cut_off, long_crash,
    loss, pause, slow_saves, voter_crash,
};
use crate::nemesis::{Family, FaultPlan, Shift, Siege, Workers};
use crate::raft::{RaftCluster, RaftPeers, Retry};
use crate::{Case, Stage};

pub(super) fn cases() -> [Case; 3] {
    [
        storm("ballot_storm_p2x", "Test (P2X): ballots in which somebody crashes", &BALLOTS),
        storm("leader_storm_p2x", "Test (P2X): late and doubled messages across ballots", &LEADERS),
        storm("snapshot_storm_p2x", "Test (P2X): snapshots under load, with crashes", &SNAPSHOTS)
            .with_snapshots(),
    ]
}

/// A test of a family of plans.
fn storm(name: &'static str, title: &'static str, family: &'static Family) -> Case {
    let play = |stage: &Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        logs::play(stage, |cluster| besiege(cluster, plan, reliable));
    };
    Case::new(name, "P2X", title, &["paxos"], play).points(2).besieged(family)
}

/// What an acceptor forgets, and what the next leader has to find out.
const BALLOTS: Family = Family {
    servers: &[3, 3, 5],
    clients: (1, 1),
    think_ms: (40, 150),
    faults: (12, 24),
    gap_ms: (100, 350),
    mix: &[(4, voter_crash), (3, leader_cut_off), (2, halves), (1, crash), (1, bridge)],
    throughout: &[(40, slow_saves), (30, loss), (30, delay), (30, late_replies)],
    left_out: 30,
};

/// What belongs to an older ballot, and comes now.
const LEADERS: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (40, 150),
    faults: (8, 16),
    gap_ms: (150, 500),
    mix: &[(4, leader_cut_off), (2, pause), (2, flapping), (1, crash), (1, burst)],
    throughout: &[(60, late_replies), (60, duplicates), (50, delay), (30, loss)],
    left_out: 30,
};

/// Snapshots that are taken, sent and installed while servers crash.
const SNAPSHOTS: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (20, 80),
    faults: (8, 16),
    gap_ms: (150, 500),
    mix: &[(4, crash), (3, halves), (2, long_crash), (1, burst)],
    throughout: &[(40, duplicates), (40, slow_saves), (30, loss), (30, delay)],
    left_out: 30,
};

/// Clients submit commands while the plan is carried out. Then a majority, and at last everyone, agrees on
/// one more command.
fn besiege(cluster: &RaftCluster, plan: &FaultPlan, reliable: bool) {
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    let workers = Workers::start(cluster, plan, |shift: &Shift<RaftPeers>, _| {
        let cluster = shift.cluster();
        while shift.goes_on() {
            let first = cluster.any_server();
            let servers = (0..cluster.n_servers()).map(|distance| cluster.after(first, distance));
            let command = cluster.rand();
            let _ = servers.into_iter().find(|&server| cluster.start_on(server, &command).is_some());
            shift.think();
        }
    });
    let find_leader = |servers: &[usize]| cluster.newest_leader(servers);
    let mut siege = Siege::new(cluster, plan, reliable, &find_leader);
    siege.carry_out();
    workers.join();

    cluster.one(cluster.rand(), siege.healed(), Retry::Yes);
    siege.heal_all();
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
}
