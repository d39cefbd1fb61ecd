//! Faults of a storage: slow saves ([`SaveTime`]), and the effect of a crash on them ([`InterruptedSaves`]).

use std::ops::RangeInclusive;
use std::time::Duration;

use labrt::rand::RngExt;
use labrt::world::{StreamRng, World, oneshot};

/// The distribution of the durations of saves.
#[derive(Clone)]
pub(crate) struct SaveTime {
    world: World,
    rng: StreamRng,
    /// The bounds of a duration in nanoseconds, both included.
    least: u64,
    most: u64,
}

/// The duration of one save.
pub(crate) struct Delay {
    world: World,
    length: Duration,
}

impl SaveTime {
    pub(crate) fn new(world: &World, name: &str, time: &RangeInclusive<Duration>) -> Self {
        assert!(!time.is_empty(), "no time is in the range {time:?}");
        let nanos = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            world: world.clone(),
            // The name is historical. It stays, because a seed replays the draws of the stream of this name.
            rng: world.rng(&format!("extras: saves of {name}")),
            least: nanos(time.start()),
            most: nanos(time.end()),
        }
    }

    pub(crate) fn draw(&mut self) -> Delay {
        let length = Duration::from_nanos(self.rng.random_range(self.least..=self.most));
        Delay { world: self.world.clone(), length }
    }
}

impl Delay {
    /// Waits until the save has ended. A crash meanwhile kills the thread here.
    pub(crate) fn wait(self) {
        let (sender, receiver) = oneshot::channel();
        self.world.schedule(self.length, move || sender.send(()));
        let _ = receiver.recv_saved();
    }
}

/// Draws which of the saves that a crash interrupts take effect.
#[derive(Clone)]
pub(crate) struct InterruptedSaves {
    rng: StreamRng,
    probability: f64,
}

impl InterruptedSaves {
    pub(crate) fn new(world: &World, name: &str, probability: f64) -> Self {
        assert!((0.0..=1.0).contains(&probability), "{probability} is not a probability");
        Self { rng: world.rng(&format!("faults: interrupted saves of {name}")), probability }
    }

    pub(crate) fn takes_effect(&mut self) -> bool {
        self.rng.random_bool(self.probability)
    }
}
