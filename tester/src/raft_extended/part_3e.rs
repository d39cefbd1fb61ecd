//! Part 3E: the cluster is changed while it runs (paper, §6).

use std::time::Duration;

use labapi::{ChangeError, LONGEST_ELECTION_TIMEOUT};

use super::{ExtendedCluster, story};
use crate::{Case, Retry};

pub(super) fn cases() -> Vec<Case> {
    vec![
        story("grow_3e", "3E", "Test (3E): three servers become five", 3, grow_3e).points(4),
        story("shrink_3e", "3E", "Test (3E): the leader and another one are removed", 5, shrink_3e).points(4),
        story("replace_3e", "3E", "Test (3E): all servers are replaced", 3, replace_3e).points(3),
        story("refusals_3e", "3E", "Test (3E): one change at a time", 3, refusals_3e).points(2),
        story("catch_up_3e", "3E", "Test (3E): new servers that nobody can reach", 3, catch_up_3e).points(4),
        story("late_servers_3e", "3E", "Test (3E): new servers get a snapshot", 3, late_servers_3e)
            .with_snapshots()
            .points(3),
        story("old_majority_3e", "3E", "Test (3E): a change and a partition", 3, old_majority_3e).points(4),
        story("new_majority_3e", "3E", "Test (3E): the new servers are a majority alone", 3, new_majority_3e)
            .points(4),
        story("leader_crash_3e", "3E", "Test (3E): the leader crashes within a change", 3, leader_crash_3e)
            .points(4),
        story("undone_3e", "3E", "Test (3E): a change that never gets anywhere", 3, undone_3e).points(4),
        story("removed_3e", "3E", "Test (3E): a removed server does not know", 4, removed_3e).points(4),
    ]
}

/// Long enough for several elections.
const LONG: Duration = Duration::from_secs(3);

/// A pause in which messages arrive and are answered, and no election timer runs out.
const SOON: Duration = Duration::from_millis(60);

/// The interval between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// Restarts those that are down.
fn restart_all(cluster: &ExtendedCluster) {
    for server in cluster.everyone() {
        if cluster.is_crashed(server) {
            cluster.restart(server);
        }
    }
}

fn grow_3e(cluster: &ExtendedCluster) {
    for _ in 0..5 {
        cluster.one(cluster.rand(), 3, Retry::No);
    }
    // Two empty servers join. They get all that there is, and then they count.
    let all: Vec<usize> = (0..3).chain([cluster.join(), cluster.join()]).collect();
    cluster.change_to(&all);
    cluster.one(cluster.rand(), 5, Retry::Yes);

    // Two of five may fail now, also two of those that were the whole cluster before.
    let leader = cluster.check_one_leader();
    let other = if leader == 1 { 2 } else { 1 };
    cluster.shutdown(leader);
    cluster.shutdown(other);
    cluster.one(cluster.rand(), 3, Retry::Yes);

    // The change has survived: a third failure is one too many.
    let third = cluster.check_one_leader();
    cluster.disconnect(third);
    cluster.sleep(LONG);
    cluster.check_no_leader();
    cluster.connect(third);
    restart_all(cluster);
    cluster.one(cluster.rand(), 5, Retry::Yes);
}

fn shrink_3e(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 5, Retry::No);
    let (leader, _, [one, two, three, other]) = cluster.roles();
    let mut rest = [one, two, three];
    rest.sort_unstable();

    // The leader manages the change that removes it, and leaves.
    cluster.begin_change(leader, &rest);
    let began = cluster.now();
    loop {
        // In this order: when it stops leading, the change has been made.
        let leads = cluster.get_state(leader).is_some_and(|state| state.is_leader);
        if rest.into_iter().any(|server| cluster.has_changed(server, &rest)) || cluster.now() - began > LONG {
            break;
        }
        if !leads {
            cluster.fail(format!(
                "expected server {leader} to lead until the change is made, although it is not in the new \
                 cluster (§6); saw it lead no longer, and no server use the new configuration"
            ));
        }
        cluster.sleep(LOOK);
    }
    for server in rest {
        cluster.wait_for_membership(server, &rest);
    }
    cluster.expect_stops_leading(leader, 2 * LONGEST_ELECTION_TIMEOUT, "it is not in the new cluster (§6)");
    cluster.one(cluster.rand(), 3, Retry::Yes);

    // Nobody waits for those that were removed. Two of three are a majority.
    cluster.leave(leader);
    cluster.leave(other);
    cluster.one(cluster.rand(), 3, Retry::Yes);
    let next = cluster.check_one_leader();
    cluster.shutdown(next);
    cluster.one(cluster.rand(), 2, Retry::Yes);
    cluster.restart(next);
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

fn replace_3e(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let new: [usize; 3] = std::array::from_fn(|_| cluster.join());
    cluster.change_to(&new);
    // No server of before is left. What they had agreed on is.
    for old in 0..3 {
        cluster.leave(old);
    }
    cluster.one(cluster.rand(), 3, Retry::Yes);
    for server in new {
        cluster.shutdown(server);
    }
    for server in new {
        cluster.restart(server);
    }
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

fn refusals_3e(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, _, [one, two]) = cluster.roles();
    let new = cluster.join();
    cluster.disconnect(new);
    let mut wider = [leader, one, two, new];
    wider.sort_unstable();
    let expect = |server: usize, servers: &[usize], expected: Result<(), ChangeError>, why: &str| {
        let answer = cluster.change(server, servers);
        if answer != Some(expected) {
            cluster.fail(format!(
                "expected server {server} to answer {expected:?} when it is asked to change the cluster to \
                 {servers:?}, because {why}; saw {answer:?}"
            ));
        }
    };
    expect(one, &wider, Err(ChangeError::NotLeader), "it does not lead");
    expect(leader, &[], Err(ChangeError::NoCluster), "nobody is left");
    expect(leader, &[leader, one, one], Err(ChangeError::NoCluster), "a server is named twice");
    expect(leader, &[two, one, leader], Ok(()), "these are the cluster already");
    expect(leader, &[leader, one, two], Ok(()), "the change before had no effect and is over");

    // The new server is waited for.
    expect(leader, &wider, Ok(()), "nothing is under way");
    expect(leader, &[leader, one], Err(ChangeError::Busy), "another change is under way (§6)");
    cluster.connect(new);
    cluster.change_to(&wider);
    cluster.one(cluster.rand(), 4, Retry::Yes);
}

fn catch_up_3e(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, _, [one, other]) = cluster.roles();
    let new = [cluster.join(), cluster.join()];
    new.iter().for_each(|server| cluster.disconnect(*server));
    cluster.shutdown(other);

    // With these two, there are five servers of which two are up. But they have nothing, so they do not count
    // until they do: "new servers join the cluster as non-voting members" (§6).
    let all: Vec<usize> = (0..3).chain(new).collect();
    cluster.begin_change(leader, &all);
    cluster.sleep(SOON);
    for _ in 0..3 {
        cluster.one(cluster.rand(), 2, Retry::No);
        cluster.sleep(4 * SOON);
    }
    for server in [leader, one] {
        if cluster.membership_of(server).is_some_and(|it| it.voters.len() != 3 || it.incoming.is_some()) {
            cluster.fail(format!(
                "expected the cluster of before until the new servers are up to date (§6); saw server \
                 {server} use {:?}",
                cluster.membership_of(server)
            ));
        }
    }

    cluster.restart(other);
    new.iter().for_each(|server| cluster.connect(*server));
    cluster.change_to(&all);
    cluster.one(cluster.rand(), 5, Retry::Yes);
}

fn late_servers_3e(cluster: &ExtendedCluster) {
    // What the new server needs is in a snapshot, and so is the configuration.
    let first = cluster.join();
    cluster.change_to(&[0, 1, 2, first]);
    for _ in 0..25 {
        cluster.one(cluster.rand(), 4, Retry::Yes);
    }
    let second = cluster.join();
    cluster.change_to(&[0, 1, 2, first, second]);
    cluster.one(cluster.rand(), 5, Retry::Yes);

    // Everybody starts again, and knows who the cluster is.
    let all = cluster.everyone();
    cluster.shutdown_all();
    for &server in &all {
        cluster.restart(server);
    }
    cluster.one(cluster.rand(), 5, Retry::Yes);
    for &server in &all {
        cluster.wait_for_membership(server, &all);
    }
}

/// Two of three servers do not hear of a change to five. The new servers and the leader are three of five. If
/// the leader changed the cluster at one stroke, both sides would elect and decide (§6, Figure 10).
fn old_majority_3e(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, _, [one, two]) = cluster.roles();
    let new = [cluster.join(), cluster.join()];
    cluster.partition(&[leader, new[0], new[1]], &[one, two]);
    let all: Vec<usize> = (0..3).chain(new).collect();
    cluster.begin_change(leader, &all);
    decide_on_both_sides(cluster, &[leader, new[0], new[1]], &[one, two]);

    cluster.connect_all();
    cluster.change_to(&all);
    cluster.one(cluster.rand(), 5, Retry::Yes);
}

/// The same with a new cluster of which the leader and the new servers are all.
fn new_majority_3e(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, _, [one, two]) = cluster.roles();
    let new = [cluster.join(), cluster.join()];
    cluster.partition(&[leader, new[0], new[1]], &[one, two]);
    let mut cluster_to_be = [leader, new[0], new[1]];
    cluster_to_be.sort_unstable();
    cluster.begin_change(leader, &cluster_to_be);
    decide_on_both_sides(cluster, &cluster_to_be, &[one, two]);

    cluster.connect_all();
    cluster.change_to(&cluster_to_be);
    cluster.one(cluster.rand(), 3, Retry::Yes);
}

/// Gives both sides of a partition time to elect a leader, and commands.
fn decide_on_both_sides(cluster: &ExtendedCluster, one: &[usize], other: &[usize]) {
    let began = cluster.now();
    while cluster.now() - began < LONG {
        for side in [one, other] {
            if let Some(leader) = cluster.newest_leader(side) {
                cluster.start_on(leader, cluster.rand());
            }
        }
        cluster.sleep(4 * SOON);
    }
}

fn leader_crash_3e(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let new = [cluster.join(), cluster.join()];
    let (all, three) = ([0, 1, 2, new[0], new[1]], [1, 2, new[0]]);
    for servers in [&all[..], &three, &all] {
        // Wherever the change is when the leader crashes, another one goes on with it, or nothing has
        // happened. In either case the servers agree who the cluster is.
        let leader = cluster.check_one_leader();
        cluster.begin_change(leader, servers);
        cluster.shutdown_within(leader, cluster.rand_millis(30));
        cluster.one(cluster.rand(), 2, Retry::Yes);
        cluster.restart(leader);
        cluster.change_to(servers);
        cluster.one(cluster.rand(), servers.len(), Retry::Yes);
    }
}

/// A leader alone has the entry of a change. Others lead, and its entry is replaced. It then uses the
/// configuration of before again, as all do.
fn undone_3e(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 3, Retry::No);
    let (leader, _, [one, two]) = cluster.roles();
    cluster.disconnect(leader);
    cluster.begin_change(leader, &[leader]);
    cluster.sleep(SOON);
    if cluster.membership_of(leader).is_some_and(|it| it.voters.len() == 1) {
        cluster.fail(format!(
            "expected server {leader} not to become a cluster of its own, because nobody else has agreed (§6)"
        ));
    }
    cluster.one(cluster.rand(), 2, Retry::Yes);
    cluster.connect(leader);
    for server in [leader, one, two] {
        cluster.wait_for_membership(server, &[0, 1, 2]);
    }
    cluster.one(cluster.rand(), 3, Retry::Yes);
    let next = cluster.check_one_leader();
    cluster.shutdown(next);
    cluster.one(cluster.rand(), 2, Retry::Yes);
}

fn removed_3e(cluster: &ExtendedCluster) {
    cluster.one(cluster.rand(), 4, Retry::No);
    let (_, _, [removed, ..]) = cluster.roles::<3>();
    // It is removed while it is cut off.
    cluster.disconnect(removed);
    let rest: Vec<usize> = (0..4).filter(|server| *server != removed).collect();
    cluster.change_to(&rest);
    cluster.one(cluster.rand(), 3, Retry::Yes);
    let leader = cluster.check_one_leader();
    let Some(term) = cluster.term_of(leader) else { return };

    // It is back, gets no heartbeats, and would like to lead. Nobody is disturbed by that (§6).
    cluster.connect(removed);
    cluster.set_clock_rate(removed, 1_100_000);
    cluster.expect_leads_on(leader, term, LONG, "a server that has been removed disturbs nobody (§6)");
    cluster.one(cluster.rand(), 3, Retry::No);
}
