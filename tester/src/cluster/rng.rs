//! [`TestRng`]: chance in the tests. Faults and commands have streams of their own, so that one more draw here
//! changes no draw elsewhere. Each cluster has its own.

use std::time::Duration;

use labrt::rand::RngExt;
use labrt::world::{StreamRng, World};
use parking_lot::Mutex;

use super::Cluster;
use crate::event::Group;
use crate::protocol::Protocol;
use crate::raft::Command;

/// The streams that a test draws from.
pub(super) struct TestRng {
    /// What happens to the servers, and when.
    faults: Mutex<StreamRng>,
    /// What is submitted.
    workload: Mutex<StreamRng>,
    /// How long a checker waits between two looks.
    pauses: Mutex<StreamRng>,
    /// Names that nobody can guess.
    names: Mutex<StreamRng>,
}

/// Letters of random texts, and as many of them as 6 bits can tell apart.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl TestRng {
    pub fn new(world: &World, group: Group) -> Self {
        let stream = |name| Mutex::new(world.rng(&group.own(name)));
        Self {
            faults: stream("faults"),
            workload: stream("workload"),
            pauses: stream("pauses"),
            names: stream("names"),
        }
    }

    /// The name of an end point.
    pub fn end_name(&self) -> String {
        text(&mut self.names.lock(), 20)
    }

    /// A pause of 450 to 549 ms.
    pub fn pause(&self) -> Duration {
        Duration::from_millis(450 + self.pauses.lock().random_range(0..100))
    }
}

fn text(rng: &mut StreamRng, length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bits = rng.random::<u64>();
        for _ in 0..10.min(length - text.len()) {
            text.push(char::from(LETTERS[(bits % 64) as usize]));
            bits /= 64;
        }
    }
    text
}

impl<P: Protocol> Cluster<P> {
    /// A pause of 450 to 549 ms, as a checker makes between two looks.
    #[must_use]
    pub fn rand_pause(&self) -> Duration {
        self.inner.rng.pause()
    }

    /// A number that nobody has submitted before: 63 random bits.
    #[must_use]
    pub fn rand(&self) -> Command {
        Command::from(self.inner.rng.workload.lock().random::<u64>() >> 1)
    }

    /// A random number below `bound`.
    #[must_use]
    pub fn rand_below(&self, bound: u64) -> Command {
        Command::from(self.inner.rng.workload.lock().random_range(0..bound))
    }

    /// A text of `length` random letters, digits and dashes.
    #[must_use]
    pub fn rand_text(&self, length: usize) -> Command {
        Command::from(self.rand_letters(length))
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

    /// Whether something happens that happens with this probability.
    #[must_use]
    pub fn chance(&self, probability: f64) -> bool {
        self.inner.rng.faults.lock().random_bool(probability)
    }

    /// After how many scheduling points of a server it crashes; `None`: when it is at rest.
    pub(super) fn moment_of_crash(&self) -> Option<u32> {
        let mut faults = self.inner.rng.faults.lock();
        faults.random_bool(0.5).then(|| faults.random_range(0..200))
    }

    /// Any of the servers.
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
