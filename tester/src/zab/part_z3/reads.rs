//! A store of keys on Zab: what reads of one server's state may see, and what they see after a sync.

use std::time::Duration;

use super::super::store::Session;
use super::super::{Ensemble, ZabSettings, story, told};
use crate::Case;
use crate::linearizability::KeyValueOutput;

pub(super) fn cases() -> [Case; 3] {
    let observers = ZabSettings { observers: 1, ..ZabSettings::default() };
    [
        told(
            "local_reads_z3",
            "Z3",
            "Test (Z3): what a client reads never goes back",
            4,
            observers,
            local_z3,
        )
        .points(4),
        story("sync_z3", "Z3", "Test (Z3): a read after a sync is fresh", 3, sync_z3).points(4),
        story("deposed_sync_z3", "Z3", "Test (Z3): a deposed leader answers no sync", 5, deposed_z3)
            .points(3),
    ]
}

/// A key of the store.
const KEY: &str = "x";

/// The interval between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Writes until it is done. Fails if it is not in 5 s.
#[track_caller]
fn write(cluster: &Ensemble, session: &mut Session, value: &str) {
    let began = cluster.now();
    while cluster.now() - began < super::super::PATIENCE {
        match session.put(KEY, value) {
            Some(KeyValueOutput::Done) => return,
            // Somebody else has written, or this client has, and does not know.
            Some(_) => {
                let leader = cluster.find_leader(&cluster.everyone());
                let _version = leader.and_then(|leader| session.read(leader, KEY));
            }
            None => cluster.sleep(PAUSE),
        }
    }
    cluster.fail("expected a write to be done within 5 s, with a quorum in touch; saw none done");
}

/// Servers 0 to 2 vote, 3 observes. A client reads on whichever server it likes.
fn local_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone);
    let (mut writer, mut reader) = (cluster.session(), cluster.session());
    for round in 0..5 {
        let absent = cluster.after(round, 0);
        write(cluster, &mut writer, &format!("{round}a"));
        for &server in &everyone {
            writer.read(server, KEY);
            reader.read(server, KEY);
        }
        // One is cut off. It serves what it has to whoever has seen no more.
        cluster.disconnect(absent);
        let others: Vec<usize> = everyone.iter().copied().filter(|it| *it != absent).collect();
        cluster.wait_for_leader(&others);
        write(cluster, &mut writer, &format!("{round}b"));
        reader.read(absent, KEY);
        reader.read(others[round % 3], KEY);
        for server in [absent, others[0], absent, others[1], absent] {
            writer.read(server, KEY);
            reader.read(server, KEY);
        }
        cluster.connect(absent);
        cluster.wait_for_leader(&everyone);
    }
    cluster.check_store();
}

/// All servers answer syncs while there is a leader, also right after a change of leaders.
fn sync_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let mut writer = cluster.session();
    let mut readers: Vec<Session> = everyone.iter().map(|_| cluster.session()).collect();
    for round in 0..4 {
        let (leader, _) = cluster.wait_for_leader(&everyone);
        for step in 0..3 {
            write(cluster, &mut writer, &format!("{round}.{step}"));
            for (reader, &server) in readers.iter_mut().zip(&everyone) {
                let began = cluster.now();
                // The invariants and the check of the store judge what it sees.
                while reader.fresh_read(server, KEY).is_none() {
                    if cluster.now() - began >= super::super::PATIENCE {
                        cluster.fail(format!(
                            "expected server {server} to answer a sync within 5 s, because all servers are \
                             in touch; saw no answer"
                        ));
                    }
                    cluster.sleep(PAUSE);
                }
            }
        }
        // The next leader.
        cluster.shutdown(leader);
        let others = [cluster.after(leader, 1), cluster.after(leader, 2)];
        cluster.wait_for_leader(&others);
        for other in others {
            readers[other].fresh_read(other, KEY);
        }
        cluster.restart(leader);
    }
    cluster.check_store();
}

/// The leader is on the smaller side of a partition, and its clock is slow, so that it does not notice for
/// long. Others lead and write. Whoever asks the old leader, or its follower, must not be told that what they
/// have is all.
fn deposed_z3(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    for _ in 0..2 {
        let (leader, _) = cluster.wait_for_leader(&everyone);
        let mut writer = cluster.session();
        write(cluster, &mut writer, "before");
        let follower = cluster.after(leader, 1);
        let rest: Vec<usize> = (2..5).map(|distance| cluster.after(leader, distance)).collect();
        for slow in [leader, follower] {
            cluster.set_clock_rate(slow, 100_000);
        }
        cluster.partition(&[leader, follower], &rest);
        cluster.wait_for_leader(&rest);
        cluster.broadcast(&rest);
        for server in [leader, follower] {
            // The invariants judge the answer, if there is one.
            let _refused = cluster.sync_on(server);
        }
        cluster.connect_all();
        for slow in [leader, follower] {
            cluster.set_clock_rate(slow, 1_000_000);
        }
        cluster.wait_for_leader(&everyone);
        cluster.broadcast(&everyone);
    }
}
