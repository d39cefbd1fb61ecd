//! Stories of election timers: what starts them again, and what does not (§5.2; Figure 2, "Followers").

use std::time::Duration;

use super::{FAST, SLOW, cut, roles, scene};
use crate::raft::RaftCluster;
use crate::raft::steering::elect;
use crate::{Case, Retry};

pub(super) fn cases() -> Vec<Case> {
    vec![
        scene("calm_3x", "Test (3X): a leader leads on while nothing happens", 5, calm),
        scene("short_log_3x", "Test (3X): a candidate with a short log stands again and again", 3, short_log),
        scene("deaf_leader_3x", "Test (3X): an old leader is heard, and hears nothing", 3, deaf_leader),
    ]
}

/// The time in which nothing happens.
const CALM: Duration = Duration::from_secs(1);

/// The time after which a server that is connected again follows the leader.
const REJOINED: Duration = Duration::from_millis(200);

/// The most RPCs in a second to each follower. The course allows ten heartbeats.
const MOST: u64 = 20;

/// A leader leads on for as long as its followers hear from it, and sends no more than heartbeats; also when
/// it has lost the leadership in between and a thread of that time is still there (§5.2: heartbeats prevent
/// elections).
fn calm(cluster: &RaftCluster) -> Option<()> {
    let (leader, [next, ..]) = roles::<4>(cluster);
    nothing_happens(cluster, leader)?;

    // Twice, another one leads for a moment.
    for _ in 0..2 {
        cluster.disconnect(leader);
        elect(cluster, next)?;
        cluster.connect(leader);
        cluster.sleep(REJOINED);
        cluster.disconnect(next);
        elect(cluster, leader)?;
        cluster.connect(next);
        cluster.sleep(REJOINED);
    }
    cluster.get_state(leader)?.is_leader.then_some(())?;
    nothing_happens(cluster, leader)
}

/// Expects the leader to lead on in its term, at the price of heartbeats.
#[track_caller]
fn nothing_happens(cluster: &RaftCluster, leader: usize) -> Option<()> {
    let (before, sent) = (cluster.get_state(leader)?, cluster.rpc_counts());
    cluster.sleep(CALM);
    let sent = cluster.rpc_counts() - sent;
    if cluster.get_state(leader)? != before || !cluster.all_in_term(before.term) {
        let terms = (0..cluster.n_servers()).filter_map(|server| cluster.term_of(server));
        let terms: Vec<String> = terms.map(|term| term.to_string()).collect();
        cluster.fail(format!(
            "expected server {leader} to lead term {} on for {} s in which nothing happens; saw terms {}",
            before.term,
            CALM.as_secs(),
            terms.join(", ")
        ));
    }
    let most = MOST * (cluster.n_servers() as u64 - 1) * CALM.as_secs();
    if sent > most {
        cluster.fail(format!(
            "expected at most {most} RPCs in {} s in which nothing happens; saw {sent}",
            CALM.as_secs()
        ));
    }
    Some(())
}

/// The time for an election, as the course has it.
const ELECTION: Duration = Duration::from_secs(5);

/// A leader is gone. A server whose log is too short stands more often than others wait for a leader. They
/// refuse to vote for it, which is no reason to wait again, and so another one is elected ("if election
/// timeout elapses without receiving AppendEntries RPC from current leader or granting vote to candidate").
fn short_log(cluster: &RaftCluster) -> Option<()> {
    let (leader, [behind, other]) = roles(cluster);
    cluster.disconnect(behind);
    cluster.one(cluster.rand(), 2, Retry::Yes);
    cluster.shutdown(leader);
    cluster.set_clock_rate(behind, FAST);
    cluster.connect(behind);
    is_elected(cluster, other, &format!("server {behind}, which lacks an entry, stands again and again"))
}

/// A leader does not hear that another one was elected, and sends heartbeats of its term. One server gets
/// them. When the newer leader is gone they are no reason for that server to wait ("without receiving
/// AppendEntries RPC from current leader").
fn deaf_leader(cluster: &RaftCluster) -> Option<()> {
    let (old, [follower, newer]) = roles(cluster);
    cluster.cut_way(follower, old, true);
    cut(cluster, old, newer);
    elect(cluster, newer)?;
    cluster.shutdown(newer);
    cluster.restart(newer);
    cut(cluster, old, newer);
    cluster.set_clock_rate(newer, SLOW);
    is_elected(cluster, follower, &format!("server {old}, whose term is over, sends heartbeats"))
}

/// Expects the server to be elected in time, `though` something happens.
#[track_caller]
fn is_elected(cluster: &RaftCluster, server: usize, though: &str) -> Option<()> {
    let began = cluster.now();
    while !cluster.get_state(server)?.is_leader {
        if cluster.now() - began > ELECTION {
            cluster.fail(format!(
                "expected server {server} to be elected within {} s, though {though}; saw no leader, and \
                 server {server} in term {}",
                ELECTION.as_secs(),
                cluster.term_of(server)?
            ));
        }
        cluster.sleep(Duration::from_millis(5));
    }
    Some(())
}
