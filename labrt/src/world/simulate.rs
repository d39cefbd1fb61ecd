//! [`simulate`]: starts a run on either backend.

use super::World;
use crate::run::backend::Backend;
use crate::run::options::Options;
use crate::run::outcome::Run;
use crate::{log_recorder, panic_hook, sim, threads};

/// Runs `main` on the backend that the options name, a simulation on a fresh OS thread, and waits for it.
///
/// `main` is the first thread, on a node called `tester`. The run is over when it returns, or when
/// something fails; all threads are then unwound and every node is dead.
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
