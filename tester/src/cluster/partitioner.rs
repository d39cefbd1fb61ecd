//! [`Partitioner`]: partitions that come and go while clients go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use labrt::thread::{self, JoinHandle};

use super::Cluster;
use crate::protocol::Protocol;

/// Partitions the servers at random, repeatedly, until it is stopped.
pub(crate) struct Partitioner {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Partitioner {
    pub fn start<P: Protocol>(cluster: &Cluster<P>) -> Self {
        let stop: Arc<AtomicBool> = Arc::default();
        let (cluster, stopped) = (cluster.clone(), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                // A half may be empty.
                let (one, other): (Vec<usize>, Vec<usize>) =
                    cluster.everyone().into_iter().partition(|_| cluster.chance(0.5));
                cluster.partition(&one, &other);
                cluster.sleep(Duration::from_secs(1) + cluster.rand_millis(199));
            }
        });
        Self { stop, thread }
    }

    /// Stops between two partitions; the last one stays.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.thread.join().expect("a panic ends the run");
    }
}
