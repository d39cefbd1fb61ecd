//! Stories of what a leader knows of its followers: since this election, and by their acknowledgements alone
//! (Figure 2, "Volatile state on leaders").

use super::{SLOW, SOON, cut, mend, roles, scene};
use crate::raft::RaftCluster;
use crate::raft::steering::elect;
use crate::{Case, Retry};

pub(super) fn cases() -> Vec<Case> {
    vec![
        scene("second_leadership_3x", "Test (3X): a leader is back, and a follower has changed", 5, second),
        scene("guess_3x", "Test (3X): a refusal says where to try, not what is there", 3, guess),
    ]
}

/// A leader has entries on one follower, which acknowledges them, and both lose them to another leader. The
/// first leads again, with a shorter log. It has to begin anew with next_index after its log, and with
/// match_index at 0: what the follower had acknowledged in the first term is gone.
fn second(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, one, two, three]) = roles(cluster);
    for far in [one, two, three] {
        cut(cluster, leader, far);
        cut(cluster, follower, far);
    }
    for _ in 0..4 {
        cluster.start_on(leader, cluster.rand())?;
    }
    cluster.sleep(SOON);
    cut(cluster, leader, follower);

    // Another leader replaces them by one entry of its own.
    elect(cluster, one)?;
    for near in [leader, follower] {
        mend(cluster, one, near);
    }
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);

    // The first leads again. One other server gets its new entries, and the follower is cut off.
    cluster.shutdown(one);
    for other in [follower, two, three] {
        mend(cluster, leader, other);
    }
    mend(cluster, follower, two);
    elect(cluster, leader)?;
    cluster.sleep(SOON);
    cut(cluster, leader, follower);
    cut(cluster, leader, three);
    for _ in 0..5 {
        cluster.start_on(leader, cluster.rand())?;
    }
    cluster.sleep(3 * SOON);

    // Neither of the two is there when the others go on.
    cluster.disconnect(leader);
    cluster.disconnect(two);
    cluster.restart(one);
    cluster.connect(follower);
    cluster.one(cluster.rand(), 3, Retry::Yes);
    Some(())
}

/// A follower has two entries of its own that nobody else has, and a new leader has four of its own. The
/// follower refuses what comes after the fourth and says that its log ends before. So the leader tries after
/// the second; but the first two differ, too. Until the follower accepts, nothing is known of its log (§5.3).
fn guess(cluster: &RaftCluster) -> Option<()> {
    let (follower, [leader, other]) = roles(cluster);
    cluster.disconnect(follower);
    for _ in 0..2 {
        cluster.start_on(follower, cluster.rand())?;
    }
    elect(cluster, leader)?;
    cluster.sleep(SOON);
    cut(cluster, leader, other);
    for server in [follower, other] {
        cluster.set_clock_rate(server, SLOW);
    }
    for _ in 0..4 {
        cluster.start_on(leader, cluster.rand())?;
    }
    cluster.sleep(SOON);

    // Heartbeats reach the follower. Its refusals arrive when nothing reaches it any more.
    cluster.hold_way(follower, leader, true);
    mend(cluster, leader, follower);
    cluster.sleep(3 * SOON);
    cluster.hold_way(leader, follower, true);
    cluster.release_way(follower, leader);
    cluster.sleep(SOON / 2);

    // The leader counts once more.
    cluster.start_on(leader, cluster.rand())?;
    cluster.sleep(SOON);
    Some(())
}
