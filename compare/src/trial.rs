//! [`trial`]: one protocol, one plan, one seed.

use std::time::Duration;

use labapi::Solution;
use tester::ReportedFailure;

use crate::contestant::Contestant;
use crate::faults::carry_out;
use crate::plan::{AFTERMATH, Plan, WARM_UP};
use crate::servers::{Servers, Shared};
use crate::timeline::Timeline;

/// The time after the clients have stopped, for what is under way.
const SETTLE: Duration = Duration::from_secs(2);

/// Has so many servers of a protocol meet the faults of a plan; returns what happened. `None` if the solution
/// does not have the protocol.
///
/// # Errors
///
/// The run failed: a panic or a deadlock.
pub fn trial(
    contestant: &'static Contestant,
    solution: &Solution,
    plan: &Plan,
    servers: usize,
    seed: u64,
) -> Option<Result<Timeline, Box<ReportedFailure>>> {
    let start = (contestant.start)(solution)?;
    let shared = Shared::new(servers);
    let faults = plan.faults(seed);
    let protocol = Servers::new(start, servers, &shared);
    let timeline = shared.timeline.clone();
    let played = tester::play(seed, servers + contestant.controllers, protocol, move |cluster| {
        cluster.sleep(WARM_UP);
        let from = cluster.now();
        let target = || shared.timeline.lock().now.target();
        carry_out(cluster, &faults, servers, &target);
        cluster.sleep(AFTERMATH);
        let until = cluster.now();
        shared.stop_clients();
        cluster.sleep(SETTLE);
        let writes = |server| cluster.call(server, "writes", |_, replica| replica.writes());
        let at_end = (0..servers).filter_map(writes).map(|(_, writes)| writes).collect();
        let mut timeline = shared.timeline.lock();
        (timeline.from, timeline.until, timeline.at_end) = (from, until, at_end);
    });
    Some(played.map(|()| std::mem::take(&mut *timeline.lock())))
}
