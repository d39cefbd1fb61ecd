//! [`Run`]: the outcome of a run.

use std::time::Duration;

use super::failure::Failure;
use super::log::LogLine;

/// The outcome of a run.
#[derive(Clone, Debug)]
pub struct Run<T> {
    /// The result of the main function, or the first failure.
    pub result: Result<T, Failure>,
    /// A hash of every scheduling decision and every message until the end of the run: equal for equal source
    /// and options. 0 if there is none: on real threads, and when the machine determined the moment of the
    /// failure ([`Failure::from_outside`]).
    pub fingerprint: u64,
    /// The time that passed on the run's clock: virtual in a simulation, real on real threads.
    pub virtual_time: Duration,
    /// The processor time of the simulation, including set-up and clean-up.
    pub cpu_time: Duration,
    /// The number of scheduling points; 0 on real threads.
    pub steps: u64,
    /// Observations that are suspicious but no failure.
    pub warnings: Vec<String>,
    /// The last 100,000 lines of the log, if [`Options::record`](crate::world::Options::record) was set and
    /// [`Options::tap`](crate::world::Options::tap) was not.
    pub log: Vec<LogLine>,
}
