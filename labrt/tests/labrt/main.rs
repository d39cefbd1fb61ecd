//! The runtime's own tests: one module a primitive, with wrong twins that must be found out.

mod atomic;
mod channel;
mod condvar;
mod deadlock;
mod determinism;
mod kill;
mod log;
mod mutex;
mod node;
mod rwlock;
mod select;
mod thread;
mod time;
mod verdict;

use labrt::world::{Failure, Options, World, simulate};

/// Runs `main` under one seed; it must pass.
fn run<T: Send + 'static>(seed: u64, main: impl FnOnce(&World) -> T + Send + 'static) -> T {
    simulate(Options::new(seed), main).result.unwrap_or_else(|failure| panic!("seed {seed}: {failure}"))
}

/// Runs `main` under the first 200 seeds; it must pass under each.
fn passes(main: impl Fn(&World) + Copy + Send + 'static) {
    for seed in 0..200 {
        run(seed, main);
    }
}

/// The first failure of `main` under the first 1,000 seeds; there must be one.
fn found(main: impl Fn(&World) + Copy + Send + 'static) -> Failure {
    (0..1000)
        .find_map(|seed| simulate(Options::new(seed), main).result.err())
        .expect("a bug that 1,000 seeds find")
}
