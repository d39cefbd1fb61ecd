//! [`TestRng`]: random draws of the tests. Faults and commands have separate streams, so that an additional
//! draw from one changes no draw from another. Each cluster has its own.

use std::time::Duration;

use labrt::rand::RngExt;
use labrt::world::{StreamRng, World};
use parking_lot::Mutex;

use crate::event::Group;

/// The random streams of a test.
pub(super) struct TestRng {
    /// Faults of the servers and their times.
    pub faults: Mutex<StreamRng>,
    /// Commands and requests.
    pub workload: Mutex<StreamRng>,
    /// Pauses of a checker between two queries.
    pauses: Mutex<StreamRng>,
    /// Names of end points, which a solution cannot guess.
    names: Mutex<StreamRng>,
}

/// The letters of random texts: 64, as many as 6 bits can tell apart.
pub(super) const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The name of the stream of commands and requests.
pub(super) const WORKLOAD: &str = "workload";

impl TestRng {
    pub fn new(world: &World, group: Group) -> Self {
        let stream = |name| Mutex::new(world.rng(&group.own(name)));
        Self {
            faults: stream("faults"),
            workload: stream(WORKLOAD),
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

pub(super) fn text(rng: &mut StreamRng, length: usize) -> String {
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
