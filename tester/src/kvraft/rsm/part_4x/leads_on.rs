//! A server that is deposed and leads again at once, in a later term.

use std::time::Duration;

use labrt::thread::JoinHandle;

use super::PATIENCE;
use crate::Cluster;
use crate::kvraft::rsm::Counters;
use crate::kvraft::rsm::counter::Request;
use crate::kvraft::scripted_log::Script;

/// The changes of the lead.
const CHANGES: usize = 6;

/// How long requests of the new term wait for a majority. Longer than most replicas take to notice that they
/// have lost the lead.
const NO_MAJORITY: Duration = Duration::from_millis(700);

/// What came of a submit: the answer of the service; `None`: "wrong leader".
type Submit = JoinHandle<Option<Vec<u8>>>;

/// A leader that has no majority accepts requests. It is deposed and leads a later term, before anybody
/// notices or a little later. The requests of before are in its log still, but a leader commits them along
/// with one of its own alone (§5.4.2), so perhaps they are never executed: each submit must return. Those of
/// the new term wait for as long as it lasts. And all are executed once.
pub(super) fn leads_on(cluster: &Cluster<Counters>) {
    let script = Script::begin(cluster);
    let mut count = cluster.inc();
    for change in 0..CHANGES {
        script.majority(false);
        let before = submit_some(cluster);
        cluster.sleep(Duration::from_millis(1) + cluster.rand_millis(150));
        if cluster.rand_number(3) == 0 {
            script.deposed();
            cluster.sleep(cluster.rand_millis(150));
        }
        script.elected_after(1 + cluster.rand_number(2));
        let submitted = if change % 2 == 0 { Vec::new() } else { submit_some(cluster) };
        if !submitted.is_empty() {
            expect_waiting(cluster, &submitted);
        }
        script.majority(true);
        cluster.expect_all_returned(&before, PATIENCE, "the server was elected again, in a later term");

        let all = before.len() + submitted.len();
        let last = cluster.inc();
        if last != count + all as u64 + 1 {
            cluster.fail(format!(
                "expected the {all} requests that a leader had in its log, and one more, to be executed \
                 once each, which makes {}; saw the count {last}",
                count + all as u64 + 1
            ));
        }
        count = last;
        cluster.expect_all_returned(&submitted, PATIENCE, "all requests were committed");
        for submit in submitted {
            if submit.join().expect("a panic ends the run").is_none() {
                cluster.fail(
                    "expected submit to return the answer to a request that was executed while its server \
                     led the term in which it was submitted; saw it return \"wrong leader\"",
                );
            }
        }
    }
}

/// Submits some requests at once to the server, which leads.
fn submit_some(cluster: &Cluster<Counters>) -> Vec<Submit> {
    let many = 1 + usize::try_from(cluster.rand_number(5)).unwrap_or(0);
    let submits = cluster.submit_concurrently(many, |cluster| {
        let answer = cluster.submit(0, Request::Inc)?;
        answer.ok()
    });
    // They are in the log before anything else happens.
    cluster.sleep(Duration::from_millis(1));
    submits
}

/// Expects submits to wait while their server leads and has no majority.
#[track_caller]
fn expect_waiting(cluster: &Cluster<Counters>, submits: &[Submit]) {
    cluster.sleep(NO_MAJORITY);
    let returned = submits.iter().filter(|submit| submit.is_finished()).count();
    if returned > 0 {
        cluster.fail(format!(
            "expected submit to wait for as long as its server leads the term in which the request was \
             submitted; saw {returned} of {} return before anything was committed, after requests of an \
             earlier term had been given up",
            submits.len()
        ));
    }
}
