//! Part 3X: what a seed can think of (all sections of the paper).
//!
//! The course's tests follow one story each. Here a nemesis draws faults from the seed, and every test is a
//! family of plans with one purpose; besides, there are stories of situations that chance hardly ever brings
//! about. Rules of the paper are verdicts: a run fails as soon as one is broken.

mod scenes;
mod storm;

use crate::Case;
use crate::nemesis::Family;
use crate::nemesis::mix::{
    bridge, burst, clock, crash, deaf, delay, duplicates, flapping, halves, late_replies, leader_cut_off,
    long_crash, long_halves, loss, mute, pause, ring, slow_saves, voter_crash,
};
use storm::storm;

pub(super) fn cases() -> Vec<Case> {
    let storms = [
        storm("election_storm_3x", "Test (3X): voters crash within elections", &ELECTIONS),
        storm("leader_changes_3x", "Test (3X): late and doubled messages across changes of leader", &LEADERS),
        storm("turns_3x", "Test (3X): minority and majority by turns", &TURNS),
        storm("isolation_3x", "Test (3X): long isolation and return", &ISOLATION),
        storm("broken_links_3x", "Test (3X): links that work one way, or now and then", &LINKS),
        storm("pauses_3x", "Test (3X): paused leaders and wrong clocks", &PAUSES),
        storm("slow_saves_3x", "Test (3X): slow saves and crashes", &SAVES),
        storm("snapshot_storm_3x", "Test (3X): snapshots under load, with crashes", &SNAPSHOTS)
            .with_snapshots(),
        storm("late_snapshots_3x", "Test (3X): late snapshots and slow links", &LATE_SNAPSHOTS)
            .with_snapshots(),
    ];
    storms.into_iter().chain(scenes::cases()).collect()
}

/// What a server forgets of a vote, and what an older election leaves behind.
const ELECTIONS: Family = Family {
    servers: &[3, 3, 5],
    clients: (1, 1),
    think_ms: (60, 200),
    faults: (20, 40),
    gap_ms: (150, 400),
    mix: &[(5, voter_crash), (3, leader_cut_off), (1, crash), (1, clock)],
    throughout: &[(50, late_replies), (30, slow_saves), (30, loss), (30, delay)],
    left_out: 30,
};

/// What belongs to an older term, and comes now.
const LEADERS: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (30, 120),
    faults: (15, 30),
    gap_ms: (150, 500),
    mix: &[(4, leader_cut_off), (2, crash), (1, pause), (1, burst)],
    throughout: &[(60, late_replies), (60, duplicates), (60, delay)],
    left_out: 30,
};

/// Logs that differ by many entries, of which some are committed.
const TURNS: Family = Family {
    servers: &[5],
    clients: (1, 2),
    think_ms: (30, 120),
    faults: (8, 20),
    gap_ms: (200, 700),
    mix: &[(4, halves), (2, crash), (1, long_crash), (1, flapping), (1, burst)],
    throughout: &[(30, loss), (20, delay), (20, slow_saves)],
    left_out: 50,
};

/// A server that knows nothing of what has happened, or that believes that it still leads.
const ISOLATION: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (30, 150),
    faults: (5, 12),
    gap_ms: (500, 1500),
    mix: &[(4, long_halves), (2, long_crash), (1, crash), (1, burst)],
    throughout: &[(30, loss), (20, duplicates), (20, late_replies)],
    left_out: 50,
};

/// Servers that hear one another in part.
const LINKS: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (40, 150),
    faults: (8, 20),
    gap_ms: (200, 800),
    mix: &[(2, mute), (2, deaf), (2, bridge), (2, ring), (2, flapping), (1, crash)],
    throughout: &[(20, loss), (20, delay)],
    left_out: 30,
};

/// Servers that do not know how late it is.
const PAUSES: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (40, 200),
    faults: (8, 20),
    gap_ms: (200, 800),
    mix: &[(4, pause), (3, clock), (1, crash), (1, burst)],
    throughout: &[(20, loss), (20, late_replies), (20, duplicates)],
    left_out: 30,
};

/// Steps under two locks, between which something else happens; and saves that a crash interrupts.
const SAVES: Family = Family {
    servers: &[3, 3, 5],
    clients: (1, 3),
    think_ms: (20, 100),
    faults: (15, 30),
    gap_ms: (150, 500),
    mix: &[(4, crash), (3, voter_crash), (2, leader_cut_off), (2, burst)],
    throughout: &[(100, slow_saves), (30, duplicates), (30, loss), (20, delay)],
    left_out: 30,
};

/// Snapshots that are taken, sent and installed while servers crash.
const SNAPSHOTS: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (20, 70),
    faults: (10, 20),
    gap_ms: (150, 500),
    mix: &[(4, crash), (3, halves), (2, long_crash), (2, burst)],
    throughout: &[(60, duplicates), (60, slow_saves), (40, loss), (20, delay)],
    left_out: 30,
};

/// Snapshots that arrive when the service is further on.
const LATE_SNAPSHOTS: Family = Family {
    servers: &[3, 5],
    clients: (1, 2),
    think_ms: (15, 60),
    faults: (8, 15),
    gap_ms: (200, 600),
    mix: &[(3, halves), (2, flapping), (2, pause), (1, long_crash), (2, burst)],
    throughout: &[(80, duplicates), (60, delay), (40, late_replies), (30, slow_saves)],
    left_out: 30,
};
