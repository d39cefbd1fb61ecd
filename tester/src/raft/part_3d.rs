//! Part 3D: log compaction (paper §7).
//!
//! The service on each server hands its Raft a snapshot after every tenth command, and checks that
//! what it gets goes on exactly where it was.

use super::RaftCluster;
use crate::{Case, Retry};

pub(super) fn cases() -> [Case; 7] {
    [
        Case::raft("snapshot_basic_3d", "3D", "Test (3D): snapshots basic", snapshot_basic_3d)
            .with_snapshots()
            .points(3),
        Case::raft(
            "snapshot_install_3d",
            "3D",
            "Test (3D): install snapshots (disconnect)",
            snapshots_after_disconnect,
        )
        .with_snapshots()
        .points(4),
        Case::raft(
            "snapshot_install_unreliable_3d",
            "3D",
            "Test (3D): install snapshots (disconnect+unreliable)",
            snapshots_after_disconnect,
        )
        .unreliable()
        .with_snapshots()
        .points(4),
        Case::raft(
            "snapshot_install_crash_3d",
            "3D",
            "Test (3D): install snapshots (crash)",
            snapshots_after_crash,
        )
        .with_snapshots()
        .points(4),
        Case::raft(
            "snapshot_install_un_crash_3d",
            "3D",
            "Test (3D): install snapshots (unreliable+crash)",
            snapshots_after_crash,
        )
        .unreliable()
        .with_snapshots()
        .points(4),
        Case::raft(
            "snapshot_all_crash_3d",
            "3D",
            "Test (3D): crash and restart all servers",
            snapshot_all_crash_3d,
        )
        .unreliable()
        .with_snapshots()
        .points(3),
        Case::raft(
            "snapshot_init_3d",
            "3D",
            "Test (3D): snapshot initialization after crash",
            snapshot_init_3d,
        )
        .unreliable()
        .with_snapshots()
        .points(3),
    ]
}

/// The fault of a server while the others go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Disconnect,
    Crash,
}

/// The most bytes of Raft state that a server may have saved, when the service takes a snapshot
/// after every tenth command.
const MAX_LOG_SIZE: usize = 2000;

fn snapshot_basic_3d(cluster: &RaftCluster) {
    snapshots(cluster, Fault::None);
}

fn snapshots_after_disconnect(cluster: &RaftCluster) {
    snapshots(cluster, Fault::Disconnect);
}

fn snapshots_after_crash(cluster: &RaftCluster) {
    snapshots(cluster, Fault::Crash);
}

/// One server at a time misses so many commands that the others have cut them from their logs: it
/// has to be sent a snapshot when it is back.
fn snapshots(cluster: &RaftCluster, fault: Fault) {
    let everyone = cluster.n_servers();
    cluster.one(cluster.rand(), everyone, Retry::Yes);
    let mut leader = cluster.check_one_leader();

    for round in 0..30 {
        // Mostly it is a follower, every third time the leader.
        let mut victim = cluster.after(leader, 1);
        let mut sender = leader;
        if round % 3 == 1 {
            (sender, victim) = (victim, sender);
        }
        match fault {
            Fault::None => {}
            Fault::Disconnect => cluster.disconnect(victim),
            Fault::Crash => cluster.shutdown(victim),
        }
        if fault != Fault::None {
            cluster.one(cluster.rand(), everyone - 1, Retry::Yes);
        }

        // Enough for a snapshot, sometimes for two. (A sender that does not lead takes none.)
        for _ in 0..cluster.rand_count(5, 14) {
            cluster.start_on(sender, cluster.rand());
        }

        // Without faults nobody should need a snapshot from another, so let everyone keep up.
        let expected = if fault == Fault::None { everyone } else { everyone - 1 };
        cluster.one(cluster.rand(), expected, Retry::Yes);

        let size = cluster.log_size();
        if size >= MAX_LOG_SIZE {
            cluster.fail(format!(
                "expected snapshots to keep every server's saved Raft state below {MAX_LOG_SIZE} bytes; saw \
                 {size}"
            ));
        }

        // Does the server catch up when it is back?
        match fault {
            Fault::None => continue,
            Fault::Disconnect => cluster.connect(victim),
            Fault::Crash => cluster.restart(victim),
        }
        cluster.one(cluster.rand(), everyone, Retry::Yes);
        leader = cluster.check_one_leader();
    }
}

fn snapshot_all_crash_3d(cluster: &RaftCluster) {
    let everyone = cluster.n_servers();
    cluster.one(cluster.rand(), everyone, Retry::Yes);

    for _ in 0..5 {
        // Enough for a snapshot most of the time.
        for _ in 0..cluster.rand_count(5, 14) {
            cluster.one(cluster.rand(), everyone, Retry::Yes);
        }
        let before = cluster.one(cluster.rand(), everyone, Retry::Yes);

        // After all crashed, does the log go on after what it held?
        cluster.shutdown_all();
        cluster.start_all();
        let after = cluster.one(cluster.rand(), everyone, Retry::Yes);
        if after < before.next() {
            cluster.fail(format!(
                "expected the next command after all servers had crashed at index {} or above; saw it at \
                 index \
                 {after}",
                before.next()
            ));
        }
    }
}

/// A Raft that starts from a snapshot has to keep it: a later save must not replace it by nothing.
fn snapshot_init_3d(cluster: &RaftCluster) {
    let everyone = cluster.n_servers();
    cluster.one(cluster.rand(), everyone, Retry::Yes);

    // Enough for a snapshot.
    for _ in 0..11 {
        cluster.one(cluster.rand(), everyone, Retry::Yes);
    }
    cluster.shutdown_all();
    cluster.start_all();

    // One command makes every server save something.
    cluster.one(cluster.rand(), everyone, Retry::Yes);
    cluster.shutdown_all();
    cluster.start_all();

    // What the first crash left must have survived the second.
    cluster.one(cluster.rand(), everyone, Retry::Yes);
}
