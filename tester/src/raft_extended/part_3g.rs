//! Part 3G: reads that are linearizable and not in the log (Ongaro's thesis, §6.4).

use std::time::Duration;

use labapi::{LogIndex, ReadError};

use super::{ExtendedCluster, story};
use crate::raft::AppliesCommands;
use crate::{Case, Retry};

pub(super) fn cases() -> Vec<Case> {
    vec![
        story("reads_3g", "3G", "Test (3G): reads see what was written", 3, reads_3g).points(3),
        story("deposed_3g", "3G", "Test (3G): a deposed leader answers no reads", 5, deposed_3g).points(5),
        story(
            "new_leader_3g",
            "3G",
            "Test (3G): a new leader does not know what is committed",
            3,
            new_leader_3g,
        )
        .points(5),
        story("lease_3g", "3G", "Test (3G): a lease needs no message", 3, lease_3g).points(3),
        story("lease_ends_3g", "3G", "Test (3G): a lease ends before anybody is elected", 3, lease_ends_3g)
            .points(5),
        story("restart_3g", "3G", "Test (3G): a follower starts again within a lease", 3, restart_3g)
            .points(4),
        story("skewed_clock_3g", "3G", "Test (3G): a clock that is too slow for leases", 3, skewed_clock_3g)
            .points(5),
    ]
}

/// Rates of clocks, in parts per million: a tenth off, and far off.
const A_LITTLE_SLOW: u32 = 900_000;
const A_LITTLE_FAST: u32 = 1_100_000;
const SLOW: u32 = 100_000;

/// The interval between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// Longer than an election.
const ELECTION: Duration = Duration::from_millis(1500);

fn reads_3g(cluster: &ExtendedCluster) {
    let mut before = cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, _, [one, two]) = cluster.roles();
    for _ in 0..10 {
        let Some(Ok(index)) = cluster.read(leader) else {
            cluster.fail(format!("expected server {leader}, which leads, to answer a read"))
        };
        cluster.expect_applies(leader, index);
        for follower in [one, two] {
            if cluster.read(follower) != Some(Err(ReadError::NotLeader)) {
                cluster.fail(format!("expected server {follower} to answer that it does not lead"));
            }
        }
        // The read has left nothing in the log.
        let next = cluster.one(cluster.rand(), 3, Retry::No);
        if next != before.next() {
            cluster.fail(format!(
                "expected the next command at index {}, because reads need no entry (thesis §6.4); saw it at \
                 index {next}",
                before.next()
            ));
        }
        before = next;
    }
}

/// The leader is on the smaller side of a partition, and its clock is slow, so that it does not notice for
/// long. Others lead and write. Whoever reads at the old leader now must not be told what was there before.
fn deposed_3g(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 5, Retry::No);
    let (leader, _, [one, rest @ ..]) = cluster.roles::<4>();
    cluster.set_clock_rate(leader, SLOW);
    cluster.partition(&rest, &[leader, one]);
    write_on(cluster, &rest, ELECTION, || {});
    for _ in 0..3 {
        // The invariants judge the answer, if there is one.
        let _refused = cluster.read(leader);
    }
    cluster.connect_all();
    cluster.set_clock_rate(leader, 1_000_000);
    cluster.one(cluster.rand(), 5, Retry::Yes);
}

/// A leader has told a client that a command is done, and nobody else. It is gone, and another server leads,
/// which has the command and cannot know whether it is committed. It can as soon as it has committed an entry
/// of its own term, which takes a round of messages. They are slow here.
fn new_leader_3g(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    for _ in 0..2 {
        let (leader, _, [one, other]) = cluster.roles();
        // The other servers hear of the commitment with the next message, which does not come.
        let Some(started) = cluster.start_on(leader, cluster.rand()) else { return };
        while cluster.protocol().applied(leader) < started.index {
            cluster.sleep(Duration::from_millis(1));
        }
        cluster.disconnect(leader);
        let slow = Duration::from_millis(40)..=Duration::from_millis(60);
        cluster.set_slow_link(one, other, Some(slow));
        let began = cluster.now();
        while cluster.now() - began < ELECTION {
            if let Some(next) = cluster.newest_leader(&[one, other]) {
                let _judged_by_invariants = (cluster.lease_read(next), cluster.read(next));
                break;
            }
            cluster.sleep(LOOK);
        }
        cluster.set_slow_link(one, other, None);
        cluster.connect(leader);
        cluster.one(cluster.rand(), 3, Retry::Yes);
    }
}

fn lease_3g(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, _, [one, two]) = cluster.roles();
    // A leader that is answered has a lease nearly always. Something else may be sent during a read, but
    // seldom.
    let (mut without, mut sending) = (0, 0);
    for _ in 0..100 {
        let before = (cluster.rpc_counts(), cluster.total_bytes());
        let answer = cluster.lease_read(leader);
        let is_quiet = (cluster.rpc_counts(), cluster.total_bytes()) == before;
        sending += usize::from(!is_quiet);
        match answer {
            Some(Ok(index)) => cluster.expect_applies(leader, index),
            _ => without += 1,
        }
        cluster.sleep(LOOK);
    }
    if without > 10 {
        cluster.fail(format!(
            "expected server {leader} to have a lease while all answer it; saw it refuse {without} of 100 \
             reads"
        ));
    }
    if sending > 10 {
        cluster.fail(format!(
            "expected reads by lease to need no messages; saw some during {sending} of 100 reads"
        ));
    }
    for follower in [one, two] {
        if cluster.lease_read(follower) != Some(Err(ReadError::NotLeader)) {
            cluster.fail(format!("expected server {follower} to answer that it does not lead"));
        }
    }
}

/// The leader is cut off. Its clock is as slow as is allowed, and those of the others are as fast, and
/// messages take their time. It may answer reads by its lease for a while, and must not any more when the
/// others write.
fn lease_ends_3g(cluster: &ExtendedCluster) {
    for _ in 0..3 {
        cluster.one(cluster.rand(), 3, Retry::Yes);
        let (leader, _, [one, two]) = cluster.roles();
        cluster.set_clock_rate(leader, A_LITTLE_SLOW);
        let slow = Duration::from_millis(30)..=Duration::from_millis(60);
        for other in [one, two] {
            cluster.set_clock_rate(other, A_LITTLE_FAST);
            cluster.set_slow_link(leader, other, Some(slow.clone()));
        }
        cluster.sleep(Duration::from_millis(500) + cluster.rand_millis(300));
        cluster.disconnect(leader);
        write_on(cluster, &[one, two], ELECTION, || {
            let _judged_by_invariants = cluster.lease_read(leader);
        });
        for other in [one, two] {
            cluster.set_slow_link(leader, other, None);
        }
        cluster.connect(leader);
    }
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

/// The leader is heard by one follower alone, which crashes and is back at once. The other one has long
/// wanted to lead. The follower does not know that it has just answered the leader, which relies on it.
fn restart_3g(cluster: &ExtendedCluster) {
    for _ in 0..3 {
        cluster.one(cluster.rand(), 3, Retry::Yes);
        let (leader, _, [follower, other]) = cluster.roles();
        cluster.set_link(leader, other, false);
        cluster.sleep(Duration::from_secs(1) + cluster.rand_millis(100));
        cluster.shutdown(follower);
        cluster.restart(follower);
        cluster.set_link(leader, other, false);
        cluster.set_link(leader, follower, false);
        write_on(cluster, &[follower, other], ELECTION, || {
            let _judged_by_invariants = cluster.lease_read(leader);
        });
        cluster.connect_all();
    }
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

/// A demonstration. The leader's clock runs at a tenth of the right rate, and its lease lasts for ten times
/// as long as it believes. Others are elected meanwhile, and a read by lease may be stale: no solution can
/// know. ReadIndex relies on no clock.
fn skewed_clock_3g(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, _, [one, two]) = cluster.roles();
    // It has been answered a short time ago, and this time gets longer.
    cluster.set_clock_rate(leader, SLOW);
    cluster.sleep(LOOK);
    cluster.disconnect(leader);
    let mut stale: Option<(LogIndex, LogIndex)> = None;
    write_on(cluster, &[one, two], ELECTION, || {
        let applied = cluster.protocol().applied(one).max(cluster.protocol().applied(two));
        if let Some(Ok(index)) = cluster.lease_read(leader)
            && index < applied
        {
            stale = Some((index, applied));
        }
    });
    if let Some((index, applied)) = stale {
        cluster.note(|| {
            format!(
                "stale read: server {leader} answered by its lease with index {index}, when index {applied} \
                 had been applied: its clock is slow"
            )
        });
    }
    // At the same time.
    let _judged_by_invariants = cluster.read(leader);
    cluster.set_clock_rate(leader, 1_000_000);
    cluster.connect(leader);
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

/// Submits commands to whichever of these servers leads for some time, and does something else more often.
fn write_on(cluster: &ExtendedCluster, servers: &[usize], time: Duration, mut between: impl FnMut()) {
    let began = cluster.now();
    for round in 0.. {
        if cluster.now() - began >= time {
            return;
        }
        if round % 6 == 0
            && let Some(leader) = cluster.newest_leader(servers)
        {
            cluster.start_on(leader, cluster.rand());
        }
        between();
        cluster.sleep(LOOK);
    }
}
