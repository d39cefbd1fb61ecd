//! [`Run`]: what a run came to.

use std::time::Duration;

use super::failure::Failure;
use super::log::LogLine;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Run<T> {
    /// What the main function returned, or the first thing that went wrong.
    pub result: Result<T, Failure>,
    /// A hash over every scheduling decision and every message until the run was over: the same for the same
    /// source and options. 0 if nobody knows it: on real threads, and when the machine decided where the run
    /// ended ([`Failure::from_outside`]).
    pub fingerprint: u64,
    /// The time that passed on the run's clock: virtual in a simulation, real on real threads.
    pub virtual_time: Duration,
    /// The processor time that the simulation took, its set-up and clean-up included.
    pub cpu_time: Duration,
    /// How many scheduling points were passed.
    pub steps: u64,
    /// What was strange but is no failure.
    pub warnings: Vec<String>,
    /// The log, if [`Options::record`](crate::world::Options::record) was set and
    /// [`Options::tap`](crate::world::Options::tap) was not; of a long one the last 100,000 lines.
    pub log: Vec<LogLine>,
}
