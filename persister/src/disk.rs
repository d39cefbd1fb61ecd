//! [`Disk`]: how long a save takes, when saves take time.

use std::ops::RangeInclusive;
use std::time::Duration;

use labrt::rand::RngExt;
use labrt::world::{StreamRng, World, slot};

/// What is known of a store whose saves take time.
#[derive(Clone)]
pub(crate) struct Disk {
    world: World,
    rng: StreamRng,
    /// The least and the most nanoseconds of a save.
    least: u64,
    most: u64,
    /// Saves that were begun.
    begun: u64,
    /// The number of the latest save that has ended.
    ended: u64,
}

/// A save that has begun.
pub(crate) struct Write {
    world: World,
    takes: Duration,
    number: u64,
}

impl Disk {
    pub(crate) fn new(world: &World, name: &str, time: &RangeInclusive<Duration>) -> Self {
        assert!(!time.is_empty(), "no time is in the range {time:?}");
        let nanos = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            world: world.clone(),
            rng: world.rng(&format!("extras: saves of {name}")),
            least: nanos(time.start()),
            most: nanos(time.end()),
            begun: 0,
            ended: 0,
        }
    }

    pub(crate) fn begin(&mut self) -> Write {
        self.begun += 1;
        let takes = Duration::from_nanos(self.rng.random_range(self.least..=self.most));
        Write { world: self.world.clone(), takes, number: self.begun }
    }

    /// A save has taken its time. Says whether it counts, or one that was begun later has ended before it.
    pub(crate) fn finish(&mut self, number: u64) -> bool {
        let counts = number > self.ended;
        if counts {
            self.ended = number;
        }
        counts
    }
}

impl Write {
    /// Waits as long as the save takes; answers its number.
    pub(crate) fn wait(self) -> u64 {
        let (filler, waiter) = slot();
        self.world.later(self.takes, move || filler.fill(()));
        let _ = waiter.wait_saved();
        self.number
    }
}
