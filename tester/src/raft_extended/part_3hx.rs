//! Part 3HX: what a seed can think of, for all that comes after Figure 2. Rules are verdicts.
//!
//! While faults are drawn, a steward changes the cluster and hands leadership over, and clients write and
//! read. No clock is wrong where reads are answered by a lease.

mod scenes;
mod storm;

use crate::Case;
use crate::nemesis::Family;
use crate::nemesis::mix::{
    burst, clock, crash, deaf, delay, duplicates, flapping, halves, late_replies, leader_cut_off, long_crash,
    loss, mute, pause, slow_saves, voter_crash,
};
use storm::storm;

pub(super) fn cases() -> Vec<Case> {
    let storms = [
        storm("changes_3hx", "Test (3HX): the cluster changes while servers crash", &CHANGES),
        storm("partitions_3hx", "Test (3HX): the cluster changes across partitions", &PARTITIONS),
        storm("handover_3hx", "Test (3HX): leaders hand over while messages are late", &HANDOVER),
        storm("stale_reads_3hx", "Test (3HX): reads at leaders that do not know", &READS),
        storm("wrong_clocks_3hx", "Test (3HX): reads and elections with wrong clocks", &CLOCKS),
        storm("snapshots_3hx", "Test (3HX): the cluster changes and logs are cut", &SNAPSHOTS)
            .with_snapshots(),
    ];
    storms.into_iter().chain(scenes::cases()).collect()
}

/// What a server has of a change when it is back.
const CHANGES: Family = Family {
    servers: &[5],
    clients: (2, 3),
    think_ms: (60, 250),
    faults: (12, 24),
    gap_ms: (150, 500),
    mix: &[(5, crash), (3, voter_crash), (2, leader_cut_off), (1, long_crash)],
    throughout: &[(40, slow_saves), (30, loss), (30, duplicates)],
    left_out: 0,
};

/// Old and new servers on two sides.
const PARTITIONS: Family = Family {
    servers: &[5],
    clients: (2, 3),
    think_ms: (60, 250),
    faults: (8, 16),
    gap_ms: (200, 700),
    mix: &[(5, halves), (2, leader_cut_off), (2, flapping), (1, crash)],
    throughout: &[(30, loss), (30, delay)],
    left_out: 0,
};

/// Messages that tell somebody to stand, and come late.
const HANDOVER: Family = Family {
    servers: &[3, 5],
    clients: (2, 3),
    think_ms: (40, 150),
    faults: (8, 16),
    gap_ms: (150, 500),
    mix: &[(3, pause), (3, leader_cut_off), (2, crash), (1, burst)],
    throughout: &[(50, delay), (50, late_replies), (50, duplicates)],
    left_out: 0,
};

/// Leaders that were deposed, or are about to be.
const READS: Family = Family {
    servers: &[3, 5],
    clients: (3, 4),
    think_ms: (20, 80),
    faults: (8, 16),
    gap_ms: (200, 600),
    mix: &[(4, leader_cut_off), (2, halves), (2, pause), (2, mute), (2, deaf), (2, crash)],
    throughout: &[(30, loss), (30, delay)],
    left_out: 0,
};

/// Servers that do not know how late it is.
const CLOCKS: Family = Family {
    servers: &[3, 5],
    clients: (2, 4),
    think_ms: (30, 120),
    faults: (8, 16),
    gap_ms: (200, 600),
    mix: &[(5, clock), (4, leader_cut_off), (1, pause), (1, crash)],
    throughout: &[(20, loss), (20, late_replies)],
    left_out: 0,
};

/// Configurations that are in a snapshot.
const SNAPSHOTS: Family = Family {
    servers: &[5],
    clients: (2, 3),
    think_ms: (20, 80),
    faults: (8, 16),
    gap_ms: (150, 500),
    mix: &[(4, crash), (3, halves), (2, long_crash), (1, burst)],
    throughout: &[(40, duplicates), (40, slow_saves), (30, loss)],
    left_out: 0,
};
