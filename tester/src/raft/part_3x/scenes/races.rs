//! A server does something in two steps, and a message comes between them.
//!
//! Steps follow one another at once, unless a thread has to wait for a lock. So a slow save keeps the lock,
//! and what the test is about waits for it together with a message.

use std::time::Duration;

use super::{FAST, RIGHT, SLOW, SOON, cut, mend, roles, scene};
use crate::Case;
use crate::raft::RaftCluster;
use crate::raft::steering::reaches;

pub(super) fn cases() -> Vec<Case> {
    vec![
        scene(
            "asked_while_it_stands_3x",
            "Test (3X): a candidate is asked for its vote in a later term",
            3,
            asked_while_it_stands,
        ),
        scene(
            "heard_while_it_stands_3x",
            "Test (3X): a leader is heard when its follower is about to stand",
            3,
            heard_while_it_stands,
        ),
    ]
}

/// Longer than most election timeouts.
const LONG: Duration = Duration::from_millis(800);

/// A moment in which a message arrives, and another one is not due.
const MOMENT: Duration = Duration::from_millis(1);

/// A server stands and saves that for long. Meanwhile another candidate asks for its vote in a later term.
/// What it asks for itself is a vote in the term of its own election (§5.2).
fn asked_while_it_stands(cluster: &RaftCluster) -> Option<()> {
    let (leader, [server, candidate]) = roles(cluster);
    let term = cluster.term_of(leader)?;
    cut(cluster, leader, server);
    cut(cluster, leader, candidate);
    cut(cluster, server, candidate);
    cluster.set_clock_rate(server, SLOW);

    // The candidate's request in its second election is under way for long.
    cluster.set_clock_rate(candidate, FAST);
    reaches(cluster, candidate, term.next())?;
    mend(cluster, server, candidate);
    cluster.cut_way(server, candidate, true);
    cluster.hold_way(candidate, server, true);
    reaches(cluster, candidate, term.next().next())?;
    cluster.set_clock_rate(candidate, SLOW);
    cluster.hold_way(candidate, server, false);

    // The server stands, and cannot be asked before that is saved.
    cluster.set_save_time(server, Some(2 * LONG..=2 * LONG));
    cluster.set_clock_rate(server, RIGHT);
    cluster.sleep(LONG);
    cluster.set_save_time(server, None);
    cluster.release_way(candidate, server);
    cluster.sleep(2 * LONG);
    Some(())
}

/// A follower saves an entry for longer than its election timeout, and is about to stand when that is done.
/// Its leader is heard in the same moment. Either it stands, or it has heard of the leader and waits again
/// (Figure 2, "Followers").
fn heard_while_it_stands(cluster: &RaftCluster) -> Option<()> {
    for _ in 0..3 {
        let (leader, [follower, _]) = roles(cluster);
        cluster.set_save_time(follower, Some(LONG..=LONG));
        cluster.start_on(leader, cluster.rand())?;
        cluster.sleep(MOMENT);
        cluster.set_save_time(follower, None);
        cluster.cut_way(leader, follower, true);

        // One heartbeat is held until the save is about to end.
        let heartbeat = 2 * SOON;
        cluster.sleep(LONG - heartbeat - 2 * MOMENT);
        cluster.cut_way(leader, follower, false);
        cluster.hold_way(leader, follower, true);
        cluster.sleep(heartbeat);
        cluster.release_way(leader, follower);
        cluster.hold_way(leader, follower, false);
        cluster.sleep(SOON);
    }
    Some(())
}
