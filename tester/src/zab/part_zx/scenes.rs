//! Scenes: servers that crash at a step that chance seldom hits. A solution that does not come into the
//! situation has to agree all the same.

use std::time::Duration;

use super::super::{Ensemble, story};
use crate::Case;
use crate::nemesis::Moment;

pub(super) fn cases() -> [Case; 2] {
    [
        story("each_save_zx", "ZX", "Test (ZX): a crash after each save of a recovery", 3, each_save_zx)
            .points(1)
            .adversarial(),
        story(
            "old_leader_zx",
            "ZX",
            "Test (ZX): a follower hears the leader that it has left",
            3,
            old_leader_zx,
        )
        .points(1)
        .adversarial(),
    ]
}

/// Long enough for an election and all that follows.
const RECOVERY: Duration = Duration::from_millis(1500);

/// Two of three have a transaction, and one of them is needed for it to be known. The third one is led
/// through a recovery in a new epoch, and crashes after its first save in it, or the second, and so on. Then
/// it meets the server that has the transaction and does not know of the new epoch.
fn each_save_zx(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for save in 1..=5 {
        let (leader, _) = cluster.wait_for_leader(&everyone);
        let (one, absent) = match cluster.after(leader, save as usize) {
            other if other == leader => (cluster.after(leader, 1), cluster.after(leader, 2)),
            other => {
                (everyone.iter().copied().find(|it| *it != leader && *it != other).unwrap_or(leader), other)
            }
        };
        cluster.shutdown(absent);
        cluster.wait_for_leader(&[leader, one]);
        let kept = cluster.broadcast(&[leader, one]);
        cluster.shutdown(one);
        cluster.shutdown(leader);
        cluster.restart(leader);
        cluster.restart(absent);
        cluster.crash_at(absent, Moment::Save(save), RECOVERY);
        // Those who have the new epoch are gone, but for the one that has just crashed.
        cluster.shutdown(leader);
        cluster.restart(absent);
        cluster.restart(one);
        cluster.wait_for_leader(&[absent, one]);
        cluster.expect_delivered(&[absent, one], &kept, "a quorum had delivered it");
        cluster.restart(leader);
    }
    cluster.wait_for_leader(&everyone);
    cluster.broadcast(&everyone);
}

/// The leader's clock is slow, and it does not notice for long that it is cut off. The others have another
/// leader, which has proposed nothing so far. The old leader reaches one of them again, and proposes what
/// would continue its history.
fn old_leader_zx(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for round in 0..4 {
        let (old, _) = cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
        let others = [cluster.after(old, 1), cluster.after(old, 2)];
        cluster.set_clock_rate(old, 100_000);
        cluster.partition(&[old], &others);
        let (new, _) = cluster.wait_for_leader(&others);
        let follower = if others[0] == new { others[1] } else { others[0] };
        let hears = if round % 2 == 0 { follower } else { new };
        cluster.set_link(old, hears, true);
        // If it still takes proposals, nobody may acknowledge them.
        let _lost = cluster.propose_on(old);
        cluster.sleep(Duration::from_millis(1000));
        cluster.broadcast(&others);
        cluster.set_clock_rate(old, 1_000_000);
        cluster.connect_all();
        cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
    }
}
