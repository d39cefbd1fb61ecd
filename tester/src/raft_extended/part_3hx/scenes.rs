//! Situations that chance hardly ever brings about, each told as a story. Where a solution does something
//! else that is right, the story ends early, and the servers have to agree on one more command.

use std::time::Duration;

use crate::raft_extended::{ExtendedCluster, servers_of};
use crate::{Case, Retry, Stage};

pub(super) fn cases() -> Vec<Case> {
    let scene = |name, title, servers, body: fn(&ExtendedCluster) -> Option<()>| {
        let play = move |stage: &Stage<'_>| {
            stage.play(servers_of(stage, 0..servers), |cluster| {
                cluster.one(cluster.rand(), servers, Retry::Yes);
                if body(cluster).is_none() {
                    cluster.note(|| "the story ends early: the servers have done something else".to_owned());
                }
                reunite(cluster);
                let all = cluster.everyone();
                cluster.change_to(&all);
                cluster.one(cluster.rand(), all.len(), Retry::Yes);
            });
        };
        Case::new(name, "3HX", title, &["raft_extended"], play).servers(servers).points(2).adversarial()
    };
    vec![
        scene("late_timeout_3hx", "Test (3HX): told to stand when it is over", 3, late_timeout),
        scene("joint_crash_3hx", "Test (3HX): all crash in the joint configuration", 3, joint_crash),
        scene("two_terms_3hx", "Test (3HX): both sides of a change elect in one term", 3, two_terms),
        scene("needed_3hx", "Test (3HX): a server that is to leave is needed once more", 2, needed),
        scene("left_behind_3hx", "Test (3HX): old servers stay in the joint configuration", 3, left_behind),
        scene("forgotten_3hx", "Test (3HX): a change is replaced and another one made", 3, forgotten),
    ]
}

/// A pause in which messages arrive and are answered, and no election timer runs out.
const SOON: Duration = Duration::from_millis(60);

/// The interval between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// The story's network works again, and all servers are up.
fn reunite(cluster: &ExtendedCluster) {
    for server in cluster.everyone() {
        if cluster.is_crashed(server) {
            cluster.restart(server);
        }
        cluster.set_clock_rate(server, 1_000_000);
    }
    cluster.open_all_ways();
    cluster.connect_all();
}

/// The message that tells a server to stand arrives when the transfer has been given up. The server stands,
/// and is elected by one that hears the old leader. The old leader must not rely on a lease (thesis §6.4.1).
fn late_timeout(cluster: &ExtendedCluster) -> Option<()> {
    let (leader, term, [next, other]) = cluster.roles();
    cluster.hold_way(leader, next, true);
    cluster.transfer(leader, next)?.ok()?;
    cluster.sleep(Duration::from_millis(1500));
    if cluster.term_of(leader)? != term {
        return None;
    }
    for server in [next, other] {
        cluster.cut_way(server, leader, true);
    }
    cluster.release_way(leader, next);
    for round in 0..80 {
        if round % 4 == 0 && cluster.get_state(next)?.is_leader {
            cluster.start_on(next, cluster.rand());
        }
        let _judged_by_invariants = cluster.lease_read(leader);
        cluster.sleep(LOOK);
    }
    Some(())
}

/// Every server crashes when the joint configuration is in some of the logs. When they are back, some of the
/// old and some of the new ones are missing: they may decide only where both have a majority (§6).
fn joint_crash(cluster: &ExtendedCluster) -> Option<()> {
    let (leader, _, [one, two]) = cluster.roles();
    let new = [cluster.join(), cluster.join()];
    // The joint configuration gets to the leader and the new servers.
    for old in [one, two] {
        cluster.set_link(leader, old, false);
        cluster.cut_way(leader, old, true);
    }
    let mut wanted = [leader, new[0], new[1]];
    wanted.sort_unstable();
    cluster.change(leader, &wanted)?.ok()?;
    cluster.sleep(SOON);
    cluster.shutdown_all();
    for server in wanted {
        cluster.restart(server);
    }
    // They are the new cluster, and one of three of the old one.
    cluster.sleep(Duration::from_secs(2));
    if let Some(leads) = cluster.newest_leader(&wanted) {
        cluster.fail(format!(
            "expected nobody to be elected by one of the three servers of the old cluster (§6); saw server \
             {leads} lead"
        ));
    }
    // With one more of the old servers it is decided either way.
    cluster.restart(one);
    cluster.one(cluster.rand(), 2, Retry::Yes);
    Some(())
}

/// Figure 10 of the paper. The leader and two new servers have the entry of a change, and two old ones do
/// not. The leader stops, and both sides stand in the same term.
fn two_terms(cluster: &ExtendedCluster) -> Option<()> {
    let (leader, term, [one, two]) = cluster.roles();
    let new = [cluster.join(), cluster.join()];
    let sides = ([leader, new[0], new[1]], [one, two]);
    cluster.partition(&sides.0, &sides.1);
    let all: Vec<usize> = cluster.everyone();
    cluster.change(leader, &all)?.ok()?;
    cluster.sleep(SOON);
    // It starts again and has to be elected.
    cluster.shutdown(leader);
    cluster.restart(leader);
    cluster.partition(&sides.0, &sides.1);
    for _ in 0..100 {
        for side in [&sides.0[..], &sides.1] {
            if let Some(leads) = cluster.newest_leader(side).filter(|_| cluster.rand_number(4) == 0) {
                cluster.start_on(leads, cluster.rand());
            }
        }
        cluster.sleep(4 * LOOK);
    }
    (cluster.term_of(one)? > term).then_some(())
}

/// Two old servers have C_old,new and hear nothing more, and the others have gone on to C_new. The two are a
/// majority of the old servers, and of the new ones they are none: they must not elect (§6).
fn left_behind(cluster: &ExtendedCluster) -> Option<()> {
    let (leader, _, [one, two]) = cluster.roles();
    let new = [cluster.join(), cluster.join()];
    let mut wanted = [leader, new[0], new[1]];
    wanted.sort_unstable();
    let slow = Duration::from_millis(20)..=Duration::from_millis(30);
    for old in [one, two] {
        cluster.set_slow_link(leader, old, Some(slow.clone()));
    }
    cluster.change(leader, &wanted)?.ok()?;
    // Both have C_old,new, and their answers are on the way.
    let is_joint = |server| cluster.membership_of(server).is_some_and(|it| it.incoming.is_some());
    for _ in 0..100 {
        if [one, two].into_iter().all(is_joint) {
            break;
        }
        cluster.sleep(Duration::from_millis(1));
    }
    for old in [one, two] {
        cluster.cut_way(leader, old, true);
    }
    for server in wanted {
        cluster.wait_for_membership(server, &wanted);
    }
    cluster.partition(&wanted, &[one, two]);
    for _ in 0..40 {
        for side in [&wanted[..], &[one, two]] {
            if let Some(leads) = cluster.newest_leader(side) {
                cluster.start_on(leads, cluster.rand());
            }
        }
        cluster.sleep(SOON);
    }
    Some(())
}

/// A leader that is to leave crashes when it alone has C_new. When it is back, nobody else can be elected
/// without its vote: its log is the longest, and C_old,new needs both old servers. So it has to stand,
/// although it is not in its configuration, and does not count its own vote (thesis §4.2.2).
fn needed(cluster: &ExtendedCluster) -> Option<()> {
    let (leader, _, [old]) = cluster.roles();
    let new = cluster.join();
    let mut wanted = [old, new];
    wanted.sort_unstable();
    let slow = Duration::from_millis(20)..=Duration::from_millis(30);
    for other in wanted {
        cluster.set_slow_link(leader, other, Some(slow.clone()));
    }
    cluster.change(leader, &wanted)?.ok()?;
    // Both have C_old,new, and their answers are on the way.
    let is_joint = |server| cluster.membership_of(server).is_some_and(|it| it.incoming.is_some());
    for _ in 0..100 {
        if wanted.into_iter().all(is_joint) {
            break;
        }
        cluster.sleep(Duration::from_millis(1));
    }
    for other in wanted {
        cluster.cut_way(leader, other, true);
    }
    for _ in 0..100 {
        if cluster.has_changed(leader, &wanted) {
            break;
        }
        cluster.sleep(Duration::from_millis(1));
    }
    cluster.shutdown(leader);
    cluster.restart(leader);
    for server in wanted {
        cluster.wait_for_membership(server, &wanted);
    }
    Some(())
}

/// A leader that is cut off has the entry of a change in its log, and others make another change. The first
/// is replaced by the second, and the old leader uses the configuration that is in its log then (§6).
fn forgotten(cluster: &ExtendedCluster) -> Option<()> {
    let (leader, _, [one, two]) = cluster.roles();
    let new = cluster.join();
    cluster.partition(&[leader, new], &[one, two]);
    let mut wanted = [leader, one, two, new];
    wanted.sort_unstable();
    cluster.change(leader, &wanted)?.ok()?;
    cluster.sleep(SOON);

    let mut pair = [one, two];
    pair.sort_unstable();
    cluster.one(cluster.rand(), 2, Retry::Yes);
    let next = cluster.newest_leader(&pair)?;
    cluster.change(next, &pair)?.ok()?;
    for server in pair {
        cluster.wait_for_membership(server, &pair);
    }
    // The two decide alone, and the others decide nothing.
    cluster.connect_all();
    cluster.sleep(Duration::from_secs(1));
    cluster.disconnect(leader);
    cluster.shutdown(new);
    cluster.one(cluster.rand(), 2, Retry::Yes);
    Some(())
}
