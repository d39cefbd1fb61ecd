//! Random draws of the tests.

use std::time::Duration;

use labrt::rand::RngExt;

use super::Cluster;
use super::test_rng::text;
use crate::protocol::Protocol;

impl<P: Protocol> Cluster<P> {
    /// A pause of 450 to 549 ms, as a checker makes between two queries.
    #[must_use]
    pub fn rand_pause(&self) -> Duration {
        self.inner.rng.pause()
    }

    /// A random number below `bound`.
    #[must_use]
    pub fn rand_number(&self, bound: u64) -> u64 {
        self.inner.rng.workload.lock().random_range(0..bound)
    }

    /// 64 random bits.
    #[must_use]
    pub fn rand_bits(&self) -> u64 {
        self.inner.rng.workload.lock().random()
    }

    /// So many random letters, digits and dashes.
    #[must_use]
    pub fn rand_letters(&self, length: usize) -> String {
        text(&mut self.inner.rng.workload.lock(), length)
    }

    /// A random count from `least` to `most`, both included.
    #[must_use]
    pub fn rand_count(&self, least: usize, most: usize) -> usize {
        self.inner.rng.workload.lock().random_range(least..=most)
    }

    /// `true` with this probability.
    #[must_use]
    pub fn chance(&self, probability: f64) -> bool {
        self.inner.rng.faults.lock().random_bool(probability)
    }

    /// The number of scheduling points of a server after which it crashes; `None`: it crashes at rest.
    pub(super) fn crash_point(&self) -> Option<u32> {
        let mut faults = self.inner.rng.faults.lock();
        faults.random_bool(0.5).then(|| faults.random_range(0..200))
    }

    /// A random server.
    #[must_use]
    pub fn any_server(&self) -> usize {
        let servers = self.n_servers();
        self.inner.rng.faults.lock().random_range(0..servers)
    }

    /// A random time from 0 to `most` milliseconds, both included.
    #[must_use]
    pub fn rand_millis(&self, most: u64) -> Duration {
        Duration::from_millis(self.inner.rng.faults.lock().random_range(0..=most))
    }
}
