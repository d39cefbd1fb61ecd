//! Part ZX: what a seed can think of, while clients write and read. Rules are verdicts.

mod scenes;

use super::store::Session;
use super::{Ensemble, ZabServers, ZabSettings};
use crate::nemesis::mix::{
    bridge, burst, crash, delay, duplicates, flapping, halves, late_replies, leader_cut_off, long_crash,
    loss, pause, ring, slow_saves, voter_crash,
};
use crate::nemesis::{Family, FaultPlan, Shift, Siege, Workers};
use crate::{Case, Stage};

pub(super) fn cases() -> Vec<Case> {
    let plain = ZabSettings::default();
    let short = ZabSettings { counter_limit: 25, ..plain };
    let observed = ZabSettings { observers: 1, ..plain };
    let storms = [
        storm("recovery_storm_zx", "Test (ZX): crashes in discovery and synchronisation", &RECOVERY, short),
        storm("split_storm_zx", "Test (ZX): quorums that come and go", &SPLITS, plain),
        storm("message_storm_zx", "Test (ZX): late and doubled messages of older epochs", &MESSAGES, plain),
        storm(
            "snapshot_storm_zx",
            "Test (ZX): snapshots and observers under load, with crashes",
            &SNAPSHOTS,
            ZabSettings { snapshots: true, ..observed },
        ),
        storm("store_storm_zx", "Test (ZX): reads and writes while leaders change", &STORE, observed),
    ];
    storms.into_iter().chain(scenes::cases()).collect()
}

/// A test of a family of plans.
fn storm(name: &'static str, title: &'static str, family: &'static Family, settings: ZabSettings) -> Case {
    let play = move |stage: &Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        super::play(stage, settings, |cluster| besiege(cluster, plan, reliable));
    };
    Case::new(name, "ZX", title, &["zab"], play).points(2).besieged(family)
}

/// What a server has saved of a new epoch when it is back.
const RECOVERY: Family = Family {
    servers: &[3, 3, 5],
    clients: (1, 2),
    think_ms: (40, 150),
    faults: (12, 24),
    gap_ms: (100, 350),
    mix: &[(4, voter_crash), (3, crash), (3, leader_cut_off), (1, long_crash), (1, halves)],
    throughout: &[(50, slow_saves), (30, loss), (30, delay)],
    left_out: 30,
};

/// What the next leader has to find out.
const SPLITS: Family = Family {
    servers: &[3, 4, 5],
    clients: (1, 2),
    think_ms: (40, 150),
    faults: (8, 16),
    gap_ms: (100, 400),
    mix: &[(4, halves), (3, flapping), (2, leader_cut_off), (2, bridge), (1, ring), (1, crash)],
    throughout: &[(40, delay), (30, loss)],
    left_out: 30,
};

/// What belongs to an older epoch, and comes now.
const MESSAGES: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (40, 150),
    faults: (8, 16),
    gap_ms: (150, 500),
    mix: &[(4, leader_cut_off), (2, pause), (2, flapping), (1, crash), (1, burst)],
    throughout: &[(60, late_replies), (60, duplicates), (50, delay), (30, loss)],
    left_out: 30,
};

/// Snapshots that are taken, sent and installed while servers crash. The last server observes.
const SNAPSHOTS: Family = Family {
    servers: &[4, 4, 6],
    clients: (1, 2),
    think_ms: (20, 80),
    faults: (6, 12),
    gap_ms: (150, 500),
    mix: &[(4, crash), (3, halves), (2, long_crash), (1, burst)],
    throughout: &[(40, duplicates), (40, slow_saves), (30, loss), (30, delay)],
    left_out: 30,
};

/// What clients see of servers that are behind. The last server observes.
const STORE: Family = Family {
    servers: &[4, 6],
    clients: (3, 4),
    think_ms: (30, 120),
    faults: (6, 14),
    gap_ms: (200, 500),
    mix: &[(4, leader_cut_off), (3, pause), (2, crash), (2, halves), (1, burst)],
    throughout: &[(30, late_replies), (30, loss), (20, delay)],
    left_out: 40,
};

/// Clients write and read while the plan is carried out. Then a majority, and at last everyone, has a leader
/// and delivers one more transaction.
fn besiege(cluster: &Ensemble, plan: &FaultPlan, reliable: bool) {
    let workers = Workers::start(cluster, plan, |shift: &Shift<ZabServers>, number| {
        let mut session = shift.cluster().session();
        while shift.goes_on() {
            if number == 0 {
                propose(shift.cluster());
            } else {
                write_and_read(shift.cluster(), &mut session);
            }
            shift.think();
        }
    });
    let find_leader = |servers: &[usize]| cluster.find_leader(servers);
    let mut siege = Siege::new(cluster, plan, reliable, &find_leader);
    siege.carry_out();
    workers.join();

    let is_out = |server: &usize| plan.left_out.iter().any(|out| out % plan.servers == *server);
    let healed: Vec<usize> = cluster.everyone().into_iter().filter(|server| !is_out(server)).collect();
    cluster.wait_for_leader(&healed);
    cluster.broadcast(&healed);
    siege.heal_all();
    cluster.wait_for_leader(&cluster.everyone());
    cluster.broadcast(&cluster.everyone());
    cluster.check_store();
}

/// Proposes on whichever server takes it.
fn propose(cluster: &Ensemble) {
    let first = cluster.any_server();
    let servers = (0..cluster.n_servers()).map(|distance| cluster.after(first, distance));
    let _given = servers.into_iter().find_map(|server| cluster.propose_on(server));
}

/// Writes one of two keys, and reads it on any server: as it is there, or after a sync.
fn write_and_read(cluster: &Ensemble, session: &mut Session) {
    let key = if cluster.chance(0.5) { "x" } else { "y" };
    let server = cluster.any_server();
    match cluster.rand_number(3) {
        0 => drop(session.put(key, &cluster.rand_letters(3))),
        1 => drop(session.read(server, key)),
        _ => drop(session.fresh_read(server, key)),
    }
}
