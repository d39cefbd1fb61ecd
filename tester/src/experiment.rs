//! [`play`]: servers of a protocol in a simulation, outside of any test.

use std::sync::Arc;

use labrt::world::{Options, simulate};

use crate::protocol::Protocol;
use crate::run::{MARGIN, PREEMPT_EVERY};
use crate::testbed::{TIME_LIMIT, Testbed};
use crate::{Cluster, Detail, ReportedFailure};

/// Starts `servers` servers in a simulation of this seed, has `body` do something to them, and takes them
/// down. Returns what `body` returned.
///
/// It is for experiments that have no verdict. The network is reliable at first. Events are those to which an
/// invariant of the protocol subscribes. `body` has to resume what it has paused.
///
/// # Errors
///
/// The run failed: a panic or a deadlock in any thread, an invariant that objects, a body that takes more
/// than [`TIME_LIMIT`].
pub fn play<P: Protocol, T: Send + 'static>(
    seed: u64,
    servers: usize,
    protocol: P,
    body: impl FnOnce(&Cluster<P>) -> T + Send + 'static,
) -> Result<T, Box<ReportedFailure>> {
    let options =
        Options { preempt_every: PREEMPT_EVERY, max_virtual_time: TIME_LIMIT + MARGIN, ..Options::new(seed) };
    let run = simulate(options, move |world| {
        let released = Released(Testbed::new(world, Detail::Bare, false, &Arc::default()));
        let testbed = &released.0;
        let cluster = Cluster::start(testbed, "", protocol, servers);
        testbed.begin(true, P::LONG_DELAYS);
        let result = body(&cluster);
        testbed.end();
        result
    });
    run.result.map_err(|failure| Box::new(ReportedFailure::from(failure)))
}

/// The testbed of an experiment, until that is over.
struct Released(Arc<Testbed>);

impl Drop for Released {
    fn drop(&mut self) {
        self.0.release_clusters();
    }
}
