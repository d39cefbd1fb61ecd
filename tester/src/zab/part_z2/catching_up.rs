//! How a follower gets the leader's history: by what it lacks, after dropping what it has alone, or from a
//! snapshot.

use std::time::Duration;

use super::super::broadcasts::Proposed;
use super::super::{Ensemble, ZabSettings, story, told};
use crate::Case;

pub(super) fn cases() -> [Case; 4] {
    let snapshots = ZabSettings { snapshots: true, ..ZabSettings::default() };
    [
        story("diff_z2", "Z2", "Test (Z2): a follower gets what it lacks", 3, diff_z2).points(3),
        story("trunc_z2", "Z2", "Test (Z2): a follower drops what it has alone", 5, trunc_z2).points(3),
        told("snap_z2", "Z2", "Test (Z2): a follower that has missed much", 3, snapshots, snap_z2).points(3),
        told(
            "snap_over_z2",
            "Z2",
            "Test (Z2): a snapshot in the place of old proposals",
            3,
            snapshots,
            over_z2,
        )
        .points(3),
    ]
}

/// The length of a long transaction in bytes.
const LONG: usize = 1000;

impl Ensemble {
    /// Proposes so many transactions on the leader of these servers, and waits until all have delivered them.
    #[track_caller]
    fn broadcast_many(&self, servers: &[usize], count: usize, length: usize) {
        let (leader, _) = self.wait_for_leader(servers);
        let mut last: Option<Proposed> = None;
        for _ in 0..count {
            let text = format!("{} {}", self.protocol().next_number(), self.rand_letters(length));
            last = self.propose_text(leader, text).or(last);
            self.sleep(Duration::from_millis(2));
        }
        if let Some(last) = &last {
            self.expect_delivered(servers, last, "its leader was connected to all of them");
        }
    }
}

fn diff_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    cluster.broadcast_many(&everyone, 60, LONG);
    for round in 0..4 {
        // A follower misses three transactions.
        let (leader, [absent, other]): (_, [usize; 2]) = cluster.roles();
        if round % 2 == 0 {
            cluster.disconnect(absent);
        } else {
            cluster.shutdown(absent);
        }
        cluster.broadcast_many(&[leader, other], 3, LONG);
        let before = cluster.total_bytes();
        if round % 2 == 0 {
            cluster.connect(absent);
        } else {
            cluster.restart(absent);
        }
        cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        // It got them, and not all of the history.
        let bytes = cluster.total_bytes() - before;
        if bytes > 30 * LONG as u64 {
            cluster.fail(format!(
                "expected a follower that lacks 3 transactions of {LONG} bytes to be sent these, and not all \
                 {} (DIFF); saw {bytes} bytes sent",
                60 + 3 * (round + 1)
            ));
        }
    }
}

fn trunc_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let mut lost: Vec<Proposed> = Vec::new();
    for round in 0..3 {
        // Two of five accept proposals that the others never hear of.
        let (leader, [follower, rest @ ..]): (_, [usize; 4]) = cluster.roles();
        cluster.broadcast(&everyone);
        for proposed in &lost {
            cluster.expect_never_delivered(proposed, "three of five went on without it");
        }
        cluster.partition(&[leader, follower], &rest);
        lost.extend((0..5).filter_map(|_| cluster.propose_on(leader)));
        cluster.sleep(Duration::from_millis(40));
        cluster.wait_for_leader(&rest);
        // The others go on: by less than was lost, by as much, and by more.
        for _ in 0..=(3 * round) {
            cluster.broadcast(&rest);
        }
        if round == 1 {
            // Their leader has changed meanwhile, so that two epochs separate them.
            rest.iter().for_each(|&server| cluster.shutdown(server));
            rest.iter().for_each(|&server| cluster.restart(server));
            cluster.partition(&[leader, follower], &rest);
            cluster.wait_for_leader(&rest);
            cluster.broadcast(&rest);
        }
        cluster.connect_all();
        cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        for proposed in &lost {
            cluster.expect_never_delivered(proposed, "three of five went on without it");
        }
    }
}

fn snap_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..3 {
        // A follower misses so much that the others may have it in a snapshot alone.
        let (leader, [absent, other]): (_, [usize; 2]) = cluster.roles();
        if round == 1 {
            cluster.disconnect(absent);
        } else {
            cluster.shutdown(absent);
        }
        cluster.broadcast_many(&[leader, other], 35, LONG);
        if round == 2 {
            // The leader that sends it has it from before a crash.
            cluster.shutdown_all();
            cluster.restart(leader);
            cluster.restart(other);
            cluster.wait_for_leader(&[leader, other]);
            cluster.restart(absent);
        } else if round == 1 {
            cluster.connect(absent);
        } else {
            cluster.restart(absent);
        }
        cluster.wait_for_leader(&everyone);
        let last = cluster.broadcast(&everyone);
        // It has it, and can hand it on.
        cluster.shutdown_all();
        cluster.restart(absent);
        cluster.restart(other);
        cluster.wait_for_leader(&[absent, other]);
        cluster.expect_delivered(&[absent, other], &last, "both had delivered it before they crashed");
        cluster.restart(leader);
    }
    // What a snapshot replaces is not kept.
    for server in everyone {
        let bytes: usize = cluster.storage(server).records().iter().map(|(_, size)| size).sum();
        if bytes > 60 * LONG {
            cluster.fail(format!(
                "expected server {server} to drop what its snapshots have replaced, all but 20 of more than \
                 100 transactions of {LONG} bytes; saw {bytes} bytes in its storage"
            ));
        }
    }
}

fn over_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..3 {
        // An old leader has proposals of its own. When it is back, the others have cut their histories after
        // the transactions in whose place it has them.
        let (leader, others): (_, [usize; 2]) = cluster.roles();
        cluster.broadcast_many(&everyone, 4, 10);
        cluster.disconnect(leader);
        let lost: Vec<Proposed> = (0..4).map(|_| cluster.propose_on_leader(leader)).collect();
        if round != 1 {
            cluster.shutdown(leader);
        }
        cluster.wait_for_leader(&others);
        cluster.broadcast_many(&others, 25, 10);
        if round != 1 {
            cluster.restart(leader);
        } else {
            cluster.connect(leader);
        }
        cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        // Nothing of them is left on its disk.
        cluster.shutdown_all();
        let pair = [leader, others[round % 2]];
        pair.iter().for_each(|&server| cluster.restart(server));
        cluster.wait_for_leader(&pair);
        cluster.broadcast(&pair);
        cluster.restart(others[1 - round % 2]);
        for proposed in &lost {
            cluster.expect_never_delivered(proposed, "no other server has ever heard of it");
        }
    }
}
