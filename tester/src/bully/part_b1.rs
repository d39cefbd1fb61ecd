//! Part B1: the plain Bully algorithm (Garcia-Molina, 1982): what it promises where no message is lost or
//! late, and two situations in which it is wrong for a while.

use std::time::Duration;

use super::BullyNodes;
use crate::{Case, Cluster};

pub(super) fn cases() -> [Case; 6] {
    [
        case("first_election_b1", "Test (B1): first election", first_election_b1),
        case("leader_crash_b1", "Test (B1): the leader crashes", leader_crash_b1),
        case("highest_returns_b1", "Test (B1): the highest node comes back", highest_returns_b1),
        case("two_elections_b1", "Test (B1): two elections at once", two_elections_b1),
        case("late_victory_b1", "Test (B1): a victory that is late", late_victory_b1),
        case("partition_b1", "Test (B1): a partition has two leaders", partition_b1),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<BullyNodes>)) -> Case {
    Case::new(name, "B1", title, &["bully"], move |stage| super::play(stage, body)).servers(5).points(5)
}

/// A while in which nothing fails, and so nothing may change.
const QUIET: Duration = Duration::from_secs(2);

fn first_election_b1(cluster: &Cluster<BullyNodes>) {
    // The highest node leads, and all know it.
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 4);

    // As long as nothing fails, it stays.
    cluster.expect_leader_stays(&everyone, 4, QUIET);
}

fn leader_crash_b1(cluster: &Cluster<BullyNodes>) {
    let mut everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 4);

    // Whenever the leader crashes, the highest of those that are left takes over.
    while let Some(leader) = everyone.pop() {
        cluster.shutdown_within(leader, cluster.rand_millis(300));
        let Some(&next) = everyone.last() else { break };
        cluster.wait_for_leader(&everyone, next);
        cluster.expect_leader_stays(&everyone, next, QUIET);
    }

    // The next one crashes too, in the midst of the election, when it has answered the others. They must not
    // wait for its victory for ever.
    cluster.start_all();
    cluster.wait_for_leader(&cluster.everyone(), 4);
    cluster.shutdown(4);
    cluster.wait_for_election(&[0, 1, 2]);
    cluster.sleep(Duration::from_millis(10));
    cluster.shutdown(3);
    cluster.wait_for_leader(&[0, 1, 2], 2);
}

fn highest_returns_b1(cluster: &Cluster<BullyNodes>) {
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 4);

    for _ in 0..3 {
        cluster.shutdown(4);
        cluster.wait_for_leader(&everyone[..4], 3);

        // It bullies the other out: a good leader is replaced for no other reason.
        cluster.sleep(cluster.rand_millis(500));
        cluster.restart(4);
        cluster.wait_for_leader(&everyone, 4);
        cluster.expect_leader_stays(&everyone, 4, QUIET);
    }

    // One that is not the highest comes back and finds its leader.
    cluster.shutdown(2);
    cluster.sleep(Duration::from_secs(1));
    cluster.restart(2);
    cluster.wait_for_leader(&everyone, 4);
}

fn two_elections_b1(cluster: &Cluster<BullyNodes>) {
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 4);

    // Leader and successor are gone, and all others notice it at about the same time. Their elections
    // must not have several winners.
    cluster.shutdown(3);
    cluster.shutdown(4);
    cluster.expect_one_winner(&everyone[..3], 2);
    cluster.expect_leader_stays(&everyone[..3], 2, QUIET);

    // The two come back at once, and both begin an election.
    cluster.restart(3);
    cluster.restart(4);
    cluster.wait_for_leader(&everyone, 4);
    cluster.expect_leader_stays(&everyone, 4, QUIET);
}

fn late_victory_b1(cluster: &Cluster<BullyNodes>) {
    // Whatever the highest node says takes its time on the way to node 0.
    let slow = Duration::from_millis(1500)..=Duration::from_millis(3000);
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 4);
    cluster.shutdown(4);
    cluster.wait_for_leader(&everyone[..4], 3);
    cluster.restart(4);
    cluster.set_slow_link(4, 0, Some(slow));
    cluster.sleep(Duration::from_secs(1));

    // It crashes, and another one wins. Then node 0 hears of the victory of before, and may believe it: no
    // message says to which election it belongs. In the end all must follow the node that is there.
    cluster.shutdown(4);
    cluster.wait_for_leader(&everyone[1..4], 3);
    let began = cluster.now();
    let mut misled = false;
    while cluster.now() - began < Duration::from_secs(4) {
        misled |= cluster.leader_of(0) == Some(4);
        cluster.sleep(Duration::from_millis(10));
    }
    if misled {
        cluster
            .note(|| "server 0 followed server 4 after that had crashed: a late victory was believed".into());
    }
    cluster.wait_for_leader(&everyone[..4], 3);
    cluster.expect_leader_stays(&everyone[..4], 3, QUIET);
}

fn partition_b1(cluster: &Cluster<BullyNodes>) {
    let everyone = cluster.everyone();
    cluster.wait_for_leader(&everyone, 4);

    // Nobody needs a majority, so each half elects the highest of its nodes. That this is so is the plain
    // form's weakness, and what its cures are measured by.
    let (one, other) = ([0, 1], [2, 3, 4]);
    cluster.partition(&one, &other);
    cluster.wait_for_leader(&one, 1);
    cluster.expect_leader_stays(&other, 4, QUIET);
    cluster.note(|| "split brain: servers 1 and 4 both lead".into());

    // The halves find together under the highest of all.
    cluster.connect_all();
    cluster.wait_for_leader(&everyone, 4);
    cluster.expect_leader_stays(&everyone, 4, QUIET);
}
