//! [`Workers`]: the clients of a besieged test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use labrt::thread::{self, JoinHandle};

use super::FaultPlan;
use crate::Cluster;
use crate::protocol::Protocol;

/// The clients that work while a plan is carried out, each on a thread of its own.
pub struct Workers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// What a client knows of the siege: whether it goes on, and how long to pause.
pub struct Shift<P: Protocol> {
    cluster: Cluster<P>,
    plan: FaultPlan,
    began: Duration,
    stop: Arc<AtomicBool>,
}

impl Workers {
    /// Starts as many clients as the plan says. `work` is called with each one's number, from 0, and has to
    /// return soon after the siege has [ended](Shift::goes_on).
    pub fn start<P: Protocol>(
        cluster: &Cluster<P>,
        plan: &FaultPlan,
        work: impl Fn(&Shift<P>, usize) + Clone + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let began = cluster.now();
        let threads = (0..plan.clients)
            .map(|number| {
                let (cluster, plan, stop) = (cluster.clone(), plan.clone(), Arc::clone(&stop));
                let (shift, work) = (Shift { cluster, plan, began, stop }, work.clone());
                thread::spawn(move || work(&shift, number))
            })
            .collect();
        Self { stop, threads }
    }

    /// Tells the clients that the siege is over. What they have under way goes on.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Waits until all clients have ended.
    pub fn join(self) {
        self.stop();
        for thread in self.threads {
            thread.join().expect("a client that fails ends the run");
        }
    }

    /// As [`join`](Self::join), but waits no longer than `limit`; fails the run if a client works on.
    #[track_caller]
    pub fn join_within<P: Protocol>(self, cluster: &Cluster<P>, limit: Duration) {
        /// The interval between two looks at the clients.
        const LOOK: Duration = Duration::from_millis(10);
        self.stop();
        let began = cluster.now();
        loop {
            let working = self.threads.iter().filter(|thread| !thread.is_finished()).count();
            if working == 0 {
                return self.join();
            }
            if cluster.now() - began >= limit {
                cluster.fail(format!(
                    "expected what clients had asked during the faults to be answered within {} after all \
                     faults had ended; saw {working} of {} clients wait",
                    crate::display::Seconds(limit),
                    self.threads.len()
                ));
            }
            cluster.sleep(LOOK);
        }
    }
}

impl<P: Protocol> Shift<P> {
    /// The servers.
    #[must_use]
    pub fn cluster(&self) -> &Cluster<P> {
        &self.cluster
    }

    /// Whether the siege goes on, so that the client has to do one more thing.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Acquire)
    }

    /// Pauses between two commands, for as long as the plan says on average.
    pub fn think(&self) {
        let burst = self.plan.is_burst(self.cluster.now().saturating_sub(self.began));
        let think = if burst { 1 } else { 2 * self.plan.think_ms };
        self.cluster.sleep(Duration::from_millis(self.cluster.rand_number(think + 1)));
    }
}
