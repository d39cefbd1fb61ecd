//! Part 3A: leader election (paper §5.2).

use std::time::Duration;

use labapi::Term;

use super::RaftCluster;
use crate::{Case, ELECTION_TIMEOUT};

pub(super) fn cases() -> [Case; 3] {
    [
        Case::raft("initial_election_3a", "3A", "Test (3A): initial election", initial_election_3a).points(6),
        Case::raft("re_election_3a", "3A", "Test (3A): election after network failure", re_election_3a)
            .points(7),
        Case::raft("many_elections_3a", "3A", "Test (3A): multiple elections", many_elections_3a)
            .servers(7)
            .points(7),
    ]
}

fn initial_election_3a(cluster: &RaftCluster) {
    // Does a leader emerge?
    cluster.check_one_leader();

    // The others may still have to hear of it. Then, are all in the same term, and not in term 0?
    cluster.sleep(Duration::from_millis(50));
    let term = cluster.check_terms();
    if term < Term(1) {
        cluster.fail(format!("expected a leader's term to be at least 1; saw all servers in term {term}"));
    }

    // As long as nothing fails, the leader should stay.
    cluster.sleep(2 * ELECTION_TIMEOUT);
    let later = cluster.check_terms();
    if later != term {
        cluster.warn(format!("the term went from {term} to {later} although nothing had failed"));
    }

    // Whatever the term, there should still be a leader.
    cluster.check_one_leader();
}

fn re_election_3a(cluster: &RaftCluster) {
    let first = cluster.check_one_leader();

    // When the leader is cut off, is another elected?
    cluster.disconnect(first);
    cluster.check_one_leader();

    // When the old leader is back, does it follow the new one instead of disturbing it?
    cluster.connect(first);
    let second = cluster.check_one_leader();

    // Two of three are cut off: the one that is left is no majority and must not lead.
    let follower = cluster.after(second, 1);
    cluster.disconnect(second);
    cluster.disconnect(follower);
    cluster.sleep(2 * ELECTION_TIMEOUT);
    cluster.check_no_leader();

    // With a majority again, is a leader elected?
    cluster.connect(follower);
    cluster.check_one_leader();

    // Does the last one come back quietly?
    cluster.connect(second);
    cluster.check_one_leader();
}

fn many_elections_3a(cluster: &RaftCluster) {
    cluster.check_one_leader();

    for _ in 0..9 {
        // Any three of seven are cut off, or fewer if the same one is drawn twice. The four that
        // are left are a majority: either the leader is among them, or they elect another.
        let unlucky = [(); 3].map(|()| cluster.any_server());
        for server in unlucky {
            cluster.disconnect(server);
        }
        cluster.check_one_leader();
        for server in unlucky {
            cluster.connect(server);
        }
    }

    cluster.check_one_leader();
}
