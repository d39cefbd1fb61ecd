//! [`simulate`]: runs a function on either backend.

use super::World;
use crate::run::backend::Backend;
use crate::run::options::Options;
use crate::run::outcome::Run;
use crate::{log_recorder, panic_hook, sim, threads};

/// Runs `main` on the backend that the options name, and waits for the end of the run. A simulation gets an
/// OS thread of its own.
///
/// `main` is the first thread, on a node called `tester`. The run ends when `main` returns or at the first
/// failure; then all nodes are killed and all threads unwound. The same options give the same run:
///
/// ```
/// use labrt::rand::{RngExt, rng};
/// use labrt::world::{Options, simulate};
///
/// let draw = |seed| simulate(Options::new(seed), |_| rng().random::<u64>());
/// let (first, again, other) = (draw(1), draw(1), draw(2));
/// assert_eq!(first.fingerprint, again.fingerprint);
/// assert_eq!(first.result.unwrap(), again.result.unwrap());
/// assert_ne!(first.fingerprint, other.fingerprint);
/// ```
///
/// # Panics
///
/// Panics if an event (see [`World::schedule`]) panics: that is a bug of the harness.
pub fn simulate<T: Send + 'static>(
    options: Options,
    main: impl FnOnce(&World) -> T + Send + 'static,
) -> Run<T> {
    log_recorder::install();
    panic_hook::install();
    let main = move |id| main(&World::new(id));
    match options.backend {
        Backend::Simulation => sim::run::run(options, main),
        Backend::Threads => threads::run(options, main),
    }
}
