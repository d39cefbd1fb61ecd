//! Part 3H: a leader hands its leadership over (Ongaro's thesis, §3.10).

use std::time::Duration;

use labapi::TransferError;

use super::{ExtendedCluster, story};
use crate::{Case, Retry};

pub(super) fn cases() -> Vec<Case> {
    vec![
        story("transfer_3h", "3H", "Test (3H): each server leads in turn", 3, transfer_3h).points(4),
        story("behind_3h", "3H", "Test (3H): the next leader has to catch up first", 3, behind_3h).points(4),
        story("no_commands_3h", "3H", "Test (3H): no commands during a transfer", 3, no_commands_3h)
            .points(4),
        story("abort_3h", "3H", "Test (3H): a transfer to a server that is gone", 3, abort_3h).points(4),
        story("refusals_3h", "3H", "Test (3H): transfers that cannot begin", 3, refusals_3h).points(2),
        story("lease_3h", "3H", "Test (3H): no lease after a transfer has begun", 3, lease_3h).points(4),
        story("leaving_3h", "3H", "Test (3H): a leader hands over before it is removed", 4, leaving_3h)
            .points(3),
    ]
}

/// The interval between two looks.
const LOOK: Duration = Duration::from_millis(5);

fn transfer_3h(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    for round in 0..4 {
        let (leader, term, others) = cluster.roles::<2>();
        let next = others[round % 2];
        cluster.begin_transfer(leader, next);
        cluster.expect_takes_over(next, term);
        cluster.one(cluster.rand(), 3, Retry::No);
    }
}

/// The next leader has missed much. If it stood now, nobody would vote for it, and the old leader would be
/// deposed for nothing.
fn behind_3h(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, term, [behind, _]) = cluster.roles();
    cluster.disconnect(behind);
    for _ in 0..10 {
        cluster.one(cluster.rand_text(200), 2, Retry::No);
    }
    cluster.connect(behind);
    cluster.begin_transfer(leader, behind);
    cluster.expect_takes_over(behind, term);
    cluster.one(cluster.rand(), 3, Retry::No);
}

/// A leader that goes on accepting commands may never be done with the transfer: its log grows as fast as the
/// other one's.
fn no_commands_3h(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, term, [next, _]) = cluster.roles();
    cluster.disconnect(next);
    cluster.one(cluster.rand(), 2, Retry::No);
    cluster.begin_transfer(leader, next);
    // Well before the transfer is given up.
    for _ in 0..10 {
        if let Some(started) = cluster.start_on(leader, cluster.rand()) {
            cluster.fail(format!(
                "expected server {leader} to accept no commands while it hands over its leadership (thesis \
                 §3.10); saw it accept one for index {}",
                started.index
            ));
        }
        cluster.sleep(LOOK);
    }
    cluster.connect(next);
    cluster.expect_takes_over(next, term);
    cluster.one(cluster.rand(), 3, Retry::No);
}

fn abort_3h(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, term, [gone, _]) = cluster.roles();
    cluster.shutdown(gone);
    cluster.one(cluster.rand(), 2, Retry::No);
    cluster.begin_transfer(leader, gone);

    // After about an election timeout, the leader leads on as if nothing had been.
    let why = "the transfer is given up, and it leads on (thesis §3.10)";
    cluster.expect_leads_on(leader, term, Duration::from_millis(1500), why);
    if cluster.start_on(leader, cluster.rand()).is_none() {
        cluster.fail(format!(
            "expected server {leader} to accept commands again 1.5 s after a transfer to a server that is \
             down (thesis §3.10); saw it refuse"
        ));
    }
    cluster.restart(gone);
    cluster.one(cluster.rand(), 3, Retry::Yes);
    let leader = cluster.check_one_leader();
    let Some(term) = cluster.term_of(leader) else { return };
    let next = cluster.after(leader, 1);
    cluster.begin_transfer(leader, next);
    cluster.expect_takes_over(next, term);
}

fn refusals_3h(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, _, [one, two]) = cluster.roles();
    let stranger = cluster.join();
    let expect = |from: usize, to: usize, expected: Result<(), TransferError>, why: &str| {
        let answer = cluster.transfer(from, to);
        if answer != Some(expected) {
            cluster.fail(format!(
                "expected server {from} to answer {expected:?} when it is asked to hand over to server {to}, \
                 because {why}; saw {answer:?}"
            ));
        }
    };
    expect(one, two, Err(TransferError::NotLeader), "it does not lead");
    expect(leader, leader, Err(TransferError::NoSuchVoter), "it leads already");
    expect(leader, stranger, Err(TransferError::NoSuchVoter), "that one has no vote");
    cluster.one(cluster.rand(), 3, Retry::No);
    cluster.shutdown(one);
    expect(leader, one, Ok(()), "nothing is under way");
    expect(leader, two, Err(TransferError::Busy), "another transfer is under way");
    cluster.restart(one);
    cluster.sleep(Duration::from_millis(1500));
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

/// The next leader is voted for by servers that hear the old one, because the old one wants it. So the old
/// one can no longer rely on them (thesis §6.4.1). It hears from nobody, and does not know that its time is
/// over.
fn lease_3h(cluster: &ExtendedCluster) {
    for _ in 0..3 {
        cluster.one(cluster.rand(), 3, Retry::Yes);
        let (leader, _, [next, other]) = cluster.roles();
        for server in [next, other] {
            cluster.cut_way(server, leader, true);
        }
        cluster.begin_transfer(leader, next);
        for round in 0..80 {
            if round % 4 == 0 && cluster.get_state(next).is_some_and(|state| state.is_leader) {
                cluster.start_on(next, cluster.rand());
            }
            let _judged_by_invariants = cluster.lease_read(leader);
            cluster.sleep(LOOK);
        }
        cluster.open_all_ways();
    }
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

fn leaving_3h(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 4, Retry::No);
    let (leader, term, [next, ..]) = cluster.roles::<3>();
    let rest: Vec<usize> = (0..4).filter(|server| *server != leader).collect();
    // Nobody notices that a leader goes.
    cluster.begin_transfer(leader, next);
    cluster.expect_takes_over(next, term);
    cluster.begin_change(next, &rest);
    for &server in &rest {
        cluster.wait_for_membership(server, &rest);
    }
    cluster.expect_leads_on(next, term.next(), Duration::from_secs(1), "nothing has failed");
    cluster.leave(leader);
    cluster.one(cluster.rand(), 3, Retry::No);
}
