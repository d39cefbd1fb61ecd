//! Part 4X, as far as it is about the key/value service: faults that a seed draws, while clients get in one
//! another's way.
//!
//! No clock is wrong here: a get may be answered from a lease, which relies on clocks (the thesis, §6.4.1).
//! And no request is doubled by the network: if the copy of a put is executed first and the answer to the
//! other one arrives, it is a refusal of the first transmission, which a clerk has to believe.

mod one_log;
mod scenes;
mod storm;

use crate::Case;
use crate::nemesis::Family;
use crate::nemesis::mix::{
    burst, crash, delay, flapping, halves, late_replies, leader_cut_off, long_crash, loss, pause, slow_saves,
};
use storm::{Reach, storm};

/// When a replica takes a snapshot, in the tests that have any.
const MAX_RAFT_STATE: usize = 700;

pub(super) fn cases() -> Vec<Case> {
    let storms = [
        storm("lost_replies_4x", "Test (4X): replies that are lost or late", &REPLIES, Reach::All),
        storm("service_crashes_4x", "Test (4X): crashes while snapshots are taken", &CRASHES, Reach::All)
            .max_raft_state(MAX_RAFT_STATE),
        storm("deposed_leaders_4x", "Test (4X): leaders that do not know", &DEPOSED, Reach::All),
        storm("two_sides_4x", "Test (4X): partitions with clients on both sides", &SIDES, Reach::Some)
            .max_raft_state(MAX_RAFT_STATE),
    ];
    storms.into_iter().chain(scenes::cases()).chain(one_log::cases()).collect()
}

/// What a clerk knows of a put that was executed, and of which it has heard nothing.
const REPLIES: Family = Family {
    servers: &[3, 3, 5],
    clients: (3, 5),
    think_ms: (20, 80),
    faults: (8, 16),
    gap_ms: (150, 400),
    mix: &[(3, leader_cut_off), (2, crash), (2, late_replies), (1, pause), (1, burst)],
    throughout: &[(70, loss), (60, late_replies), (20, delay)],
    left_out: 30,
};

/// What a replica has of its state when it is back.
const CRASHES: Family = Family {
    servers: &[3, 3, 5],
    clients: (3, 5),
    think_ms: (20, 60),
    faults: (10, 20),
    gap_ms: (100, 350),
    mix: &[(5, crash), (2, long_crash), (2, halves), (2, burst)],
    throughout: &[(50, slow_saves), (30, loss)],
    left_out: 30,
};

/// What a server answers that has led.
const DEPOSED: Family = Family {
    servers: &[3, 5],
    clients: (3, 5),
    think_ms: (20, 80),
    faults: (6, 14),
    gap_ms: (200, 600),
    mix: &[(4, pause), (4, leader_cut_off), (1, crash), (1, burst)],
    throughout: &[(20, loss), (30, late_replies), (20, delay)],
    left_out: 40,
};

/// What happens to requests that were made to a minority.
const SIDES: Family = Family {
    servers: &[3, 5, 5],
    clients: (4, 6),
    think_ms: (20, 80),
    faults: (6, 14),
    gap_ms: (200, 600),
    mix: &[(4, flapping), (4, halves), (1, crash), (1, burst)],
    throughout: &[(40, loss), (20, late_replies)],
    left_out: 40,
};
