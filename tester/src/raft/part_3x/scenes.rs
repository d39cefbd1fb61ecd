//! Situations that chance hardly ever brings about, each told as a story.
//!
//! A story needs some solution's cooperation: it must elect the server whose clock is right, and send what it
//! has to send. Where one does something else that is right, the story ends early, and the servers have to
//! agree on one more command, as at the end of each.

mod leaderships;
mod races;
mod saves;
mod snapshots;
mod terms;
mod timers;

use std::time::Duration;

use labapi::LogIndex;

use crate::raft::steering::{elect, reaches};
use crate::raft::{AppliesCommands as _, RaftCluster, peers_of};
use crate::{Case, Retry, Stage};

pub(super) fn cases() -> Vec<Case> {
    let told_here = vec![
        scene("vote_and_crash_3x", "Test (3X): a voter crashes and is asked again", 3, vote_and_crash),
        scene("old_votes_3x", "Test (3X): votes of an older term arrive", 3, old_votes),
        scene("old_entries_3x", "Test (3X): entries arrive again, and late", 3, old_entries),
        scene(
            "old_acknowledgement_3x",
            "Test (3X): an old acknowledgement for a leader that is back",
            5,
            old_acknowledgement,
        ),
        scene("counted_copies_3x", "Test (3X): a majority has an entry of an older term", 5, counted_copies),
        scene("snapshot_in_flight_3x", "Test (3X): entries overtake a snapshot", 3, snapshot_in_flight)
            .with_snapshots(),
        scene("late_snapshot_3x", "Test (3X): the service is late with a snapshot", 3, late_snapshot)
            .with_snapshots(),
    ];
    told_here
        .into_iter()
        .chain(terms::cases())
        .chain(timers::cases())
        .chain(leaderships::cases())
        .chain(saves::cases())
        .chain(snapshots::cases())
        .chain(races::cases())
        .collect()
}

/// A test that tells a story, on so many servers. `body` returns `None` if the story ends early.
fn scene(
    name: &'static str,
    title: &'static str,
    servers: usize,
    body: fn(&RaftCluster) -> Option<()>,
) -> Case {
    let play = move |stage: &Stage<'_>| {
        stage.play(peers_of(stage), |cluster| {
            cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
            if body(cluster).is_none() {
                cluster.note(|| "the story ends early: the servers have done something else".to_owned());
            }
            reunite(cluster);
            cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
        });
    };
    Case::new(name, "3X", title, &["raft"], play).servers(servers).points(2).adversarial()
}

/// The story's network works again, all servers are up, all clocks are right, and nothing is slow.
fn reunite(cluster: &RaftCluster) {
    for server in 0..cluster.n_servers() {
        cluster.set_save_time(server, None);
        cluster.protocol().set_snapshot_time(server, Duration::ZERO);
        if cluster.is_crashed(server) {
            cluster.restart(server);
        }
        cluster.set_clock_rate(server, RIGHT);
    }
    cluster.open_all_ways();
    cluster.set_duplicates(0.0, Duration::ZERO..=Duration::ZERO);
    cluster.connect_all();
}

/// Rates of clocks, in parts per million.
const RIGHT: u32 = 1_000_000;
const SLOW: u32 = 100_000;
const FAST: u32 = 3_000_000;

/// A pause in which messages arrive and are answered, and no election timer runs out.
const SOON: Duration = Duration::from_millis(60);

/// The leader of the moment, and the others in the order of their numbers after it.
fn roles<const OTHERS: usize>(cluster: &RaftCluster) -> (usize, [usize; OTHERS]) {
    let leader = cluster.check_one_leader();
    (leader, std::array::from_fn(|at| cluster.after(leader, at + 1)))
}

/// Submits commands to the leader, all at once, until the last index ends with this digit; returns it. The
/// services take their snapshots at 9, 19, 29 and so on.
fn submit_up_to(cluster: &RaftCluster, leader: usize, digit: u64) -> Option<LogIndex> {
    loop {
        let index = cluster.start_on(leader, cluster.rand())?.index;
        if index.0 % 10 == digit {
            return Some(index);
        }
    }
}

/// The same, and waits until so many servers have applied the last one.
fn advance(cluster: &RaftCluster, leader: usize, digit: u64, servers: usize) -> Option<()> {
    let last = submit_up_to(cluster, leader, digit)?;
    cluster.wait(last, servers, None);
    Some(())
}

/// Waits until the server's service has applied the index. `None` if that takes long.
fn has_applied(cluster: &RaftCluster, server: usize, index: LogIndex) -> Option<()> {
    (0..500).find_map(|_| {
        let is_there = cluster.protocol().applied(server) >= index;
        if !is_there {
            cluster.sleep(Duration::from_millis(1));
        }
        is_there.then_some(())
    })
}

/// Cuts a link both ways.
fn cut(cluster: &RaftCluster, one: usize, other: usize) {
    cluster.set_link(one, other, false);
}

fn mend(cluster: &RaftCluster, one: usize, other: usize) {
    cluster.set_link(one, other, true);
}

/// A server votes, crashes before anything else happens, and is asked by another candidate in the same term.
/// If it has forgotten its vote, two servers lead in this term (§5.2, Figure 2: `votedFor` is persistent).
fn vote_and_crash(cluster: &RaftCluster) -> Option<()> {
    let (voter, [one, other]) = roles(cluster);
    let term = cluster.term_of(one)?;

    // The leader is no longer heard. One server stands; the other does not hear of it.
    cluster.hold_way(voter, one, true);
    cluster.cut_way(voter, other, true);
    cut(cluster, one, other);
    cluster.set_clock_rate(one, FAST);
    cluster.set_clock_rate(other, SLOW);
    reaches(cluster, one, term.next())?;
    cluster.set_clock_rate(one, SLOW);

    // It gets the vote, which is still under way when the voter crashes and starts again.
    reaches(cluster, voter, term.next())?;
    cluster.sleep(Duration::from_millis(1));
    cluster.shutdown(voter);
    cluster.restart(voter);
    cluster.set_clock_rate(voter, SLOW);
    cut(cluster, voter, one);

    // The other one stands in the same term. Then the first one's vote arrives.
    cluster.set_clock_rate(other, FAST);
    reaches(cluster, other, term.next())?;
    cluster.sleep(SOON);
    cluster.release_way(voter, one);
    cluster.sleep(SOON);
    Some(())
}

/// A candidate is granted a vote in one term, and learns of it in the next one, in which another server
/// leads. A vote counts in its own term alone (§5.2).
fn old_votes(cluster: &RaftCluster) -> Option<()> {
    let (leader, [candidate, voter]) = roles(cluster);
    let term = cluster.term_of(voter)?;

    // The leader is cut off. A candidate asks the voter, whose answer does not arrive.
    cut(cluster, leader, candidate);
    cut(cluster, leader, voter);
    cluster.hold_way(voter, candidate, true);
    cluster.set_clock_rate(voter, SLOW);
    cluster.set_clock_rate(leader, SLOW);
    reaches(cluster, candidate, term.next())?;
    reaches(cluster, voter, term.next())?;

    // It stands once more, and nobody hears of that.
    cut(cluster, candidate, voter);
    cluster.set_clock_rate(candidate, FAST);
    reaches(cluster, candidate, term.next().next())?;
    cluster.set_clock_rate(candidate, SLOW);

    // The voter stands in this term, too, and is elected by the former leader.
    mend(cluster, leader, voter);
    cluster.set_clock_rate(voter, FAST);
    reaches(cluster, voter, term.next().next())?;
    cluster.sleep(SOON);

    // Now the old vote arrives.
    mend(cluster, candidate, voter);
    cluster.cut_way(voter, candidate, true);
    cluster.release_way(voter, candidate);
    cluster.sleep(SOON);
    Some(())
}

/// Every request arrives twice, the second time when its receiver has acknowledged much more. What is there
/// already must not be cut off (Figure 2, AppendEntries, steps 3 and 4).
fn old_entries(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, other]) = roles(cluster);
    cluster.disconnect(other);
    cluster.set_duplicates(1.0, Duration::from_millis(300)..=Duration::from_millis(310));
    for _ in 0..3 {
        cluster.start_on(leader, cluster.rand())?;
        cluster.sleep(SOON / 2);
    }
    cluster.set_duplicates(0.0, Duration::ZERO..=Duration::ZERO);
    for _ in 0..3 {
        cluster.one(cluster.rand(), 2, Retry::Yes);
    }

    // The copies arrive, and the leader crashes. Everything is with the follower.
    cluster.cut_way(leader, follower, true);
    cluster.sleep(Duration::from_millis(310));
    cluster.shutdown(leader);
    cluster.connect(other);
    elect(cluster, follower)?;
    cluster.one(cluster.rand(), 2, Retry::Yes);
    Some(())
}

/// A follower acknowledges entries; before that arrives, it loses them to a new leader. The old leader is
/// elected again, and hears of what the follower has lost (§5.3: a reply belongs to the term of its request).
fn old_acknowledgement(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, one, two, three]) = roles(cluster);
    // Three entries reach the follower, and no other server. Its acknowledgement is under way for long.
    for far in [one, two, three] {
        cut(cluster, leader, far);
        cut(cluster, follower, far);
    }
    cluster.hold_way(follower, leader, true);
    for _ in 0..3 {
        cluster.start_on(leader, cluster.rand())?;
    }
    cluster.sleep(SOON);
    cut(cluster, leader, follower);
    cluster.hold_way(follower, leader, false);

    // Another leader replaces them by one entry of its own.
    elect(cluster, one)?;
    for near in [leader, follower] {
        mend(cluster, one, near);
    }
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);

    // The former leader leads again, and reaches one server. Two of five have its new entries.
    cluster.shutdown(one);
    for other in [follower, two, three] {
        mend(cluster, leader, other);
    }
    mend(cluster, follower, two);
    elect(cluster, leader)?;
    cluster.sleep(SOON);
    cut(cluster, leader, follower);
    cut(cluster, leader, three);
    for _ in 0..4 {
        cluster.start_on(leader, cluster.rand())?;
    }
    cluster.sleep(SOON);
    mend(cluster, leader, follower);
    cluster.cut_way(leader, follower, true);
    cluster.release_way(follower, leader);
    cluster.sleep(3 * SOON);

    // Neither of the two is there when the others go on.
    cluster.disconnect(leader);
    cluster.disconnect(two);
    cluster.restart(one);
    cluster.connect(follower);
    cluster.one(cluster.rand(), 3, Retry::Yes);
    Some(())
}

/// Figure 8 of the paper, step by step: an entry of an older term is on a majority, and is replaced. It may
/// be committed along with one of the leader's own term alone (§5.4.2).
fn counted_copies(cluster: &RaftCluster) -> Option<()> {
    let (first, [second, third, fourth, fifth]) = roles(cluster);
    // (a) An entry is on two servers.
    for far in [third, fourth, fifth] {
        cut(cluster, first, far);
    }
    cluster.start_on(first, cluster.rand())?;
    cluster.sleep(SOON);
    cluster.shutdown(first);

    // (b) The fifth is elected by those that do not have it, and accepts another one, which nobody gets.
    cut(cluster, second, fifth);
    elect(cluster, fifth)?;
    for other in [second, third, fourth] {
        cut(cluster, fifth, other);
    }
    cluster.start_on(fifth, cluster.rand())?;
    cluster.shutdown(fifth);

    // (c) The first is back and is elected. Its entry gets to a third server, and is on a majority.
    cluster.restart(first);
    elect(cluster, first)?;
    cluster.sleep(5 * SOON);

    // (d) It crashes. The fifth has a newer entry, and is elected by those that have the old one.
    cluster.shutdown(first);
    cluster.restart(fifth);
    elect(cluster, fifth)?;
    cluster.one(cluster.rand(), 4, Retry::Yes);
    Some(())
}

/// A follower that is sent a snapshot gets it twice, the second time when it has acknowledged entries that
/// come after it. What follows the snapshot in the log is kept (§7, Figure 13, step 6).
fn snapshot_in_flight(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, other]) = roles(cluster);
    cluster.disconnect(follower);
    let mut last = cluster.one(cluster.rand(), 2, Retry::Yes);
    // A snapshot is taken at 9, 19, 29 and so on: four entries after one.
    while last.0 < 20 || last.0 % 10 != 3 {
        last = cluster.one(cluster.rand(), 2, Retry::Yes);
    }
    cluster.set_duplicates(1.0, Duration::from_millis(600)..=Duration::from_millis(610));
    cluster.connect(follower);
    cluster.wait(last, 3, None);
    cluster.set_duplicates(0.0, Duration::ZERO..=Duration::ZERO);

    // The follower makes the majority for what comes now.
    cluster.disconnect(other);
    for _ in 0..4 {
        cluster.one(cluster.rand(), 2, Retry::Yes);
    }
    cluster.cut_way(leader, follower, true);
    cluster.sleep(Duration::from_millis(620));
    cluster.shutdown(leader);
    cluster.connect(other);
    elect(cluster, follower)?;
    cluster.one(cluster.rand(), 2, Retry::Yes);
    Some(())
}

/// The service of a follower takes long for a snapshot. Meanwhile the follower is sent a newer one by the
/// leader. The service's comes too late and changes nothing (§7).
fn late_snapshot(cluster: &RaftCluster) -> Option<()> {
    let (leader, [follower, _]) = roles(cluster);
    let mut last = cluster.one(cluster.rand(), 3, Retry::Yes);
    while last.0 % 10 != 8 {
        last = cluster.one(cluster.rand(), 3, Retry::Yes);
    }
    // At the next index, the follower's service begins to take a snapshot. The others take the next one.
    let late = Duration::from_millis(2000);
    cluster.protocol().set_snapshot_time(follower, late);
    let next = cluster.start_on(leader, cluster.rand())?;
    cluster.wait(next.index, 3, None);
    cluster.disconnect(follower);
    for _ in 0..12 {
        cluster.start_on(leader, cluster.rand())?;
    }
    cluster.one(cluster.rand(), 2, Retry::Yes);
    cluster.connect(follower);
    cluster.sleep(late);
    cluster.protocol().set_snapshot_time(follower, Duration::ZERO);

    // It crashes before anything else is saved, and goes on from the newer one.
    cluster.shutdown(follower);
    cluster.restart(follower);
    cluster.one(cluster.rand(), 3, Retry::Yes);
    Some(())
}
