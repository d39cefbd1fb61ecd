//! Part Z2: recovery. A new leader has all that is committed, brings the others up to its history, and what
//! it does not have is dropped for good.

mod catching_up;
mod crashes;

use std::time::Duration;

use super::broadcasts::Proposed;
use super::{Ensemble, story};
use crate::Case;

pub(super) fn cases() -> Vec<Case> {
    let stories = [
        story(
            "commits_alone_z2",
            "Z2",
            "Test (Z2): a leader dies after a commit that nobody heard of",
            3,
            commits_alone_z2,
        )
        .points(4),
        story(
            "old_proposal_z2",
            "Z2",
            "Test (Z2): an old leader has a proposal of its own",
            3,
            old_proposal_z2,
        )
        .points(4),
        story("skipped_z2", "Z2", "Test (Z2): what was passed over never returns", 3, skipped_z2).points(4),
        story("joins_late_z2", "Z2", "Test (Z2): the highest zxid comes late", 5, joins_late_z2).points(4),
    ];
    stories.into_iter().chain(catching_up::cases()).chain(crashes::cases()).collect()
}

/// Longer than an election takes.
const ELECTION: Duration = Duration::from_secs(1);

impl Ensemble {
    /// Has every message between servers take so long, until they are restarted.
    fn slow_down(&self, transit: Duration) {
        for one in 0..self.n_servers() {
            for other in one + 1..self.n_servers() {
                self.set_slow_link(one, other, Some(transit..=transit));
            }
        }
    }

    /// Proposes on a server that led a moment ago; fails if it does not.
    #[track_caller]
    fn propose_on_leader(&self, leader: usize) -> Proposed {
        self.propose_on(leader).unwrap_or_else(|| {
            self.fail(format!(
                "expected server {leader}, which led a moment ago, to take a proposal; saw it refuse"
            ))
        })
    }

    /// The leader of all servers, and the others in the order of their numbers after it.
    #[track_caller]
    fn roles<const OTHERS: usize>(&self) -> (usize, [usize; OTHERS]) {
        let (leader, _) = self.wait_for_leader(&self.everyone());
        (leader, std::array::from_fn(|at| self.after(leader, at + 1)))
    }
}

/// Messages take 20 ms. The leader delivers a transaction as soon as the followers have acknowledged it. That
/// it is committed is still on the way, and does not arrive.
fn commits_alone_z2(cluster: &Ensemble) {
    for round in 0..4 {
        let (leader, others): (_, [usize; 2]) = cluster.roles();
        cluster.broadcast(&cluster.everyone());
        cluster.slow_down(Duration::from_millis(20));
        let proposed = cluster.propose_on_leader(leader);
        let began = cluster.now();
        while !cluster.has_delivered(leader, &proposed) && cluster.now() - began < ELECTION {
            cluster.sleep(Duration::from_millis(1));
        }
        if round % 2 == 0 {
            cluster.shutdown(leader);
        } else {
            cluster.disconnect(leader);
        }
        cluster.expect_delivered(&others, &proposed, "the leader had delivered it, so a quorum has it");
        cluster.restart(leader);
        let everyone = cluster.everyone();
        cluster.expect_delivered(&everyone, &proposed, "it is committed");
    }
}

/// The leader is cut off, and proposes. Nobody hears of it. The others have another leader, and go on.
fn old_proposal_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..4 {
        let (leader, others): (_, [usize; 2]) = cluster.roles();
        cluster.broadcast(&everyone);
        cluster.disconnect(leader);
        let lost: Vec<Proposed> = (0..=round).map(|_| cluster.propose_on_leader(leader)).collect();
        if round % 2 == 0 {
            cluster.shutdown(leader);
        }
        cluster.wait_for_leader(&others);
        cluster.broadcast(&others);
        if round == 3 {
            cluster.broadcast(&others);
        }
        // It comes back, and has to drop them.
        if round % 2 == 0 {
            cluster.restart(leader);
        } else {
            cluster.connect(leader);
        }
        cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        for proposed in &lost {
            cluster.expect_never_delivered(proposed, "no other server has ever heard of it");
        }
    }
}

/// As before; but all crash then, and the old leader is one of two that come back. It has a longer history in
/// an older epoch.
fn skipped_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..4 {
        let (leader, others): (_, [usize; 2]) = cluster.roles();
        cluster.broadcast(&everyone);
        cluster.disconnect(leader);
        let lost: Vec<Proposed> = (0..3).map(|_| cluster.propose_on_leader(leader)).collect();
        cluster.shutdown(leader);
        cluster.wait_for_leader(&others);
        // In every other round the later epoch has no transaction: its number alone tells that it is later.
        let kept = (round % 2 == 0).then(|| cluster.broadcast(&others));
        cluster.shutdown_all();
        let pair = [leader, others[round / 2]];
        pair.iter().for_each(|&server| cluster.restart(server));
        cluster.wait_for_leader(&pair);
        cluster.broadcast(&pair);
        if let Some(kept) = &kept {
            cluster.expect_delivered(&pair, kept, "one of them had delivered it");
        }
        cluster.restart(others[1 - round / 2]);
        cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        for proposed in &lost {
            cluster.expect_never_delivered(proposed, "a later leader has not had it");
        }
    }
}

/// A leader and one follower have a transaction that the other three have not. The leader is gone. The
/// follower has the highest zxid, and comes when the others have a leader, or while they elect one: so the
/// transaction is dropped or kept, but everywhere.
fn joins_late_z2(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..5 {
        let (leader, [follower, rest @ ..]): (_, [usize; 4]) = cluster.roles();
        cluster.broadcast(&everyone);
        cluster.partition(&[leader, follower], &rest);
        let proposed = cluster.propose_on_leader(leader);
        cluster.sleep(Duration::from_millis(30));
        cluster.shutdown(leader);
        cluster.disconnect(follower);
        match round % 3 {
            0 => {
                cluster.wait_for_leader(&rest);
                cluster.broadcast(&rest);
            }
            1 => cluster.sleep(cluster.rand_millis(800)),
            _ => {}
        }
        cluster.connect(follower);
        cluster.connect_all();
        let [one, two, three] = rest;
        cluster.wait_for_leader(&[follower, one, two, three]);
        cluster.broadcast(&[follower, one, two, three]);
        cluster.restart(leader);
        cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        if round % 3 == 0 {
            cluster.expect_never_delivered(&proposed, "the others went on without it");
        }
    }
}
