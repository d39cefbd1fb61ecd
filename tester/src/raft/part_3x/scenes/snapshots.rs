//! Snapshots that meet what the sender or the receiver has done meanwhile.

use std::time::Duration;

use labapi::LogIndex;
use labrt::thread;

use super::{SLOW, SOON, advance, cut, has_applied, mend, roles, scene, submit_up_to};
use crate::raft::RaftCluster;
use crate::raft::steering::elect;
use crate::{Case, Retry};

pub(super) fn cases() -> Vec<Case> {
    let scene = |name, title, body| scene(name, title, 3, body).with_snapshots();
    vec![
        scene(
            "entries_beyond_a_snapshot_3x",
            "Test (3X): a snapshot for a log that goes further",
            entries_beyond_a_snapshot,
        ),
        scene(
            "outdated_snapshot_3x",
            "Test (3X): a snapshot of what is committed already",
            outdated_snapshot,
        ),
        scene("newer_snapshot_3x", "Test (3X): a newer snapshot while one is sent", newer_snapshot),
        scene(
            "two_snapshots_3x",
            "Test (3X): a snapshot of the service meets one of the leader",
            two_snapshots,
        ),
    ]
}

/// A heartbeat overtakes the entries before it. The follower refuses it, gets the entries and acknowledges
/// them, and then the refusal arrives. So the leader sends a snapshot, and crashes. What follows the snapshot
/// in the follower's log is kept (Figure 13, step 6).
fn entries_beyond_a_snapshot(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, other]) = roles(cluster);
    advance(cluster, leader, 7, 3)?;
    cluster.set_clock_rate(follower, SLOW);
    cluster.set_clock_rate(other, SLOW);
    cut(cluster, leader, other);
    cut(cluster, follower, other);

    // Four entries are sent together, when the one before them is acknowledged. They are under way for long.
    cluster.hold_way(follower, leader, true);
    cluster.start_on(leader, cluster.rand())?;
    cluster.sleep(Duration::from_millis(1));
    cluster.hold_way(leader, follower, true);
    let mut last = LogIndex(0);
    for _ in 0..4 {
        last = cluster.start_on(leader, cluster.rand())?.index;
    }
    cluster.hold_way(follower, leader, false);
    cluster.release_way(follower, leader);
    cluster.sleep(2 * SOON);

    // The follower refuses what comes after them.
    cluster.hold_way(follower, leader, true);
    cluster.hold_way(leader, follower, false);
    cluster.sleep(2 * SOON);

    // They are committed with the third server, and the leader's log begins after the first of them.
    mend(cluster, leader, other);
    has_applied(cluster, leader, last)?;
    cluster.sleep(2 * SOON);

    // The follower gets the four entries. Then the leader hears of the refusal alone.
    cluster.cut_way(follower, leader, true);
    cluster.release_way(leader, follower);
    cluster.sleep(Duration::from_millis(1));
    cluster.release_way(follower, leader);
    cluster.sleep(Duration::from_millis(2));
    cluster.shutdown(leader);
    mend(cluster, follower, other);
    elect(cluster, follower)?;
    cluster.one(cluster.rand(), 2, Retry::Yes);
    Some(())
}

/// A leader does not hear what a follower has acknowledged, and sends it a snapshot of what the follower has
/// committed. The follower's own snapshot takes long. The service is not moved back (§7; Figure 13, step 5).
fn outdated_snapshot(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, _]) = roles(cluster);
    advance(cluster, leader, 8, 3)?;
    // The leader's service takes its snapshot when the follower knows what is committed.
    cluster.protocol().set_snapshot_time(leader, 3 * SOON);
    cluster.protocol().set_snapshot_time(follower, 12 * SOON);
    cluster.cut_way(follower, leader, true);
    advance(cluster, leader, 2, 1)?;
    cluster.sleep(15 * SOON);
    Some(())
}

/// A leader's service hands over a snapshot at the moment in which the one before is sent. Index, term and
/// content of what is sent belong together (Figure 13, "Arguments").
fn newer_snapshot(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, _]) = roles(cluster);
    // A follower needs a snapshot.
    cluster.disconnect(follower);
    cluster.set_clock_rate(follower, SLOW);
    advance(cluster, leader, 8, 2)?;
    advance(cluster, leader, 8, 2)?;
    let late = 2 * SOON;
    cluster.protocol().set_snapshot_time(leader, late);
    let next = cluster.start_on(leader, cluster.rand())?.index;
    has_applied(cluster, leader, next)?;

    // The leader saves a command when its service is ready, and sends what the follower lacks then.
    cluster.sleep(late - Duration::from_millis(5));
    saves_for(cluster, leader, Duration::from_millis(10));
    let client = {
        let cluster = cluster.clone();
        thread::spawn(move || cluster.start_on(leader, cluster.rand()))
    };
    cluster.sleep(Duration::from_millis(1));
    cluster.set_save_time(leader, None);
    cluster.connect(follower);
    client.join().expect("a client that fails ends the run")?;
    cluster.sleep(SOON);
    Some(())
}

/// A follower's service hands over a snapshot while the follower saves an entry, and meanwhile a newer one of
/// the leader arrives. What the follower has saved in the end fits together, whichever is first (§7).
fn two_snapshots(cluster: &RaftCluster) -> Option<()> {
    for _ in 0..3 {
        let (leader, [follower, _]) = roles(cluster);
        advance(cluster, leader, 8, 3)?;
        let late = 5 * SOON;
        cluster.protocol().set_snapshot_time(follower, late);
        let last = submit_up_to(cluster, leader, 8)?;
        has_applied(cluster, follower, LogIndex(last.0 - 9))?;

        // The entry is committed without the follower, and is the last one of the leader's snapshot.
        cluster.sleep(late - Duration::from_millis(5));
        saves_for(cluster, follower, 2 * SOON);
        cluster.start_on(leader, cluster.rand())?;
        cluster.sleep(Duration::from_millis(1));
        cluster.set_save_time(follower, None);
        cluster.protocol().set_snapshot_time(follower, Duration::ZERO);
        cluster.sleep(3 * SOON);

        // It crashes before anything else is saved.
        cluster.shutdown(follower);
        cluster.restart(follower);
        cluster.one(cluster.rand(), 3, Retry::Yes);
    }
    Some(())
}

/// From now on each save of the server takes this time.
fn saves_for(cluster: &RaftCluster, server: usize, time: Duration) {
    cluster.set_save_time(server, Some(time..=time));
}
