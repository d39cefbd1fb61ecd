//! Crashes in the midst of what has to be saved.

use std::time::Duration;

use labrt::thread;

use super::{FAST, RIGHT, SLOW, SOON, advance, cut, mend, roles, scene};
use crate::nemesis::Moment;
use crate::raft::RaftCluster;
use crate::raft::steering::{elect, reaches};
use crate::{Case, Retry};

pub(super) fn cases() -> Vec<Case> {
    vec![
        scene("own_save_3x", "Test (3X): a leader crashes before it has saved its entry", 3, own_save),
        scene("term_of_a_reply_3x", "Test (3X): a crash after a reply with a newer term", 3, term_of_a_reply),
        scene(
            "crash_while_installing_3x",
            "Test (3X): a crash while a snapshot is installed",
            3,
            crash_while_installing,
        )
        .with_snapshots(),
    ]
}

/// A leader is slow to save its entry, which one of two followers has acknowledged. It crashes before the
/// save has ended. It must not have counted itself (Figure 2, "State"; §5.3; Ongaro's thesis, §10.2.1).
fn own_save(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, other]) = roles(cluster);
    cluster.disconnect(other);
    let save = 3 * SOON;
    cluster.set_save_time(leader, Some(save..=save));
    let client = {
        let cluster = cluster.clone();
        thread::spawn(move || cluster.start_on(leader, cluster.rand()))
    };
    cluster.sleep(SOON);
    cluster.shutdown(leader);
    client.join().expect("a client that fails ends the run");
    cluster.set_save_time(leader, None);

    // The follower is not there when the others go on.
    cluster.disconnect(follower);
    cluster.restart(leader);
    cluster.connect(other);
    cluster.one(cluster.rand(), 2, Retry::Yes);
    Some(())
}

/// A leader that is cut off learns from a reply that its term is over, and then tells somebody so. It
/// crashes. A term is saved before anybody can learn of it (Figure 2, "State").
fn term_of_a_reply(cluster: &RaftCluster) -> Option<()> {
    let (leader, [one, other]) = roles(cluster);
    let term = cluster.term_of(leader)?;

    // A candidate's request to the leader is under way for long.
    cluster.set_clock_rate(other, SLOW);
    cut(cluster, leader, other);
    cut(cluster, one, other);
    cluster.cut_way(leader, one, true);
    cluster.hold_way(one, leader, true);
    cluster.set_clock_rate(one, FAST);
    reaches(cluster, one, term.next())?;
    cut(cluster, leader, one);
    cluster.hold_way(one, leader, false);

    // It is elected in the next term. The leader hears of that by the voter's replies alone.
    mend(cluster, one, other);
    elect(cluster, one)?;
    let newer = cluster.term_of(one)?;
    cluster.set_clock_rate(leader, SLOW);
    mend(cluster, leader, other);
    reaches(cluster, leader, newer)?;

    // The request arrives, is answered in the newer term, and the former leader crashes.
    cluster.release_way(one, leader);
    cluster.sleep(Duration::from_millis(1));
    cluster.shutdown(leader);
    cluster.restart(leader);
    cluster.sleep(SOON);
    Some(())
}

/// A follower crashes right after it has saved something of a snapshot that it was sent. When it is back, its
/// log and its snapshot fit together (§7; Figure 13).
fn crash_while_installing(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, other]) = roles(cluster);
    advance(cluster, leader, 2, 3)?;
    // Of the servers that may lead, one has the snapshot, and the other one still has the entries.
    cluster.protocol().set_snapshot_time(other, Duration::from_secs(2));
    cluster.disconnect(follower);
    cluster.set_clock_rate(follower, SLOW);
    advance(cluster, leader, 2, 1)?;
    cluster.connect(follower);
    let save = if cluster.chance(0.75) { 1 } else { 2 };
    cluster.crash_at(follower, Moment::Save(save), 3 * SOON);

    // What the follower lacks now, it gets as entries.
    cluster.shutdown(leader);
    cluster.restart(follower);
    cluster.set_clock_rate(other, RIGHT);
    elect(cluster, other)?;
    cluster.start_on(other, cluster.rand())?;
    cluster.sleep(3 * SOON);
    Some(())
}
