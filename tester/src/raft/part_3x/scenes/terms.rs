//! Stories of newer terms: each message that carries one is heeded, whatever else it says (Figure 2, "All
//! Servers").

use std::time::Duration;

use labapi::Term;

use super::{FAST, RIGHT, SLOW, cut, mend, roles, scene};
use crate::Case;
use crate::raft::RaftCluster;
use crate::raft::steering::passes;

pub(super) fn cases() -> Vec<Case> {
    vec![
        scene("newer_term_in_replies_3x", "Test (3X): a newer term comes in replies alone", 3, replies)
            .with_snapshots(),
        scene(
            "newer_term_in_requests_3x",
            "Test (3X): a newer term comes in requests for votes",
            3,
            requests,
        ),
    ]
}

/// So many terms are more than a candidate gets through while it is observed.
const TERMS: u64 = 12;

/// After this time a server has certainly heeded what it was told.
const HEEDED: Duration = Duration::from_millis(1200);

/// A server is terms ahead of the others, and lacks what they have put into a snapshot. It is asked, and asks
/// nobody. A candidate learns of its term from the refusal of a vote, and a leader from that of entries or of
/// a snapshot. Both have to join that term ("if RPC request or response contains term T > currentTerm").
fn replies(cluster: &RaftCluster) -> Option<()> {
    let (leader, [ahead, other]) = roles(cluster);
    let term = cluster.term_of(leader)?;

    // One server stands again and again, and nobody hears of it. The others take a snapshot.
    cluster.disconnect(ahead);
    cluster.set_clock_rate(ahead, 10 * RIGHT);
    let mut last = None;
    for _ in 0..12 {
        last = Some(cluster.start_on(leader, cluster.rand())?.index);
    }
    cluster.wait(last?, 2, None);
    passes(cluster, ahead, Term(term.0 + TERMS))?;
    cluster.set_clock_rate(ahead, SLOW);

    // A candidate asks it.
    cut(cluster, leader, other);
    cluster.cut_requests(ahead, other, true);
    mend(cluster, ahead, other);
    cluster.set_clock_rate(other, FAST);
    passes(cluster, other, term.next())?;
    cluster.set_clock_rate(other, RIGHT);
    cluster.sleep(HEEDED);
    cluster.term_of(other)?;

    // The leader asks it, which has heard nothing of all that.
    cut(cluster, ahead, other);
    cluster.cut_requests(ahead, leader, true);
    mend(cluster, ahead, leader);
    cluster.sleep(HEEDED);
    cluster.term_of(leader)?;
    Some(())
}

/// A leader is not heard any more, and hears nothing but a candidate that asks for its vote again and again.
/// It has to join the candidate's term. (§6 allows a server to disregard candidates, but only for as long as
/// it may believe that there is a leader. This one has had no answer for seconds.)
fn requests(cluster: &RaftCluster) -> Option<()> {
    let (leader, [candidate, other]) = roles(cluster);
    cluster.disconnect(other);
    cluster.cut_way(leader, candidate, true);
    cluster.set_clock_rate(candidate, SLOW);
    cluster.sleep(Duration::from_millis(2100));
    cluster.set_clock_rate(candidate, FAST);
    cluster.sleep(Duration::from_millis(500));
    cluster.set_clock_rate(candidate, RIGHT);
    cluster.sleep(HEEDED);
    cluster.term_of(leader)?;
    Some(())
}
