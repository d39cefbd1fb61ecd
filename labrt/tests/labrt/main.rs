//! Integration tests of labrt: one module per primitive. Buggy variants of correct code must fail.

mod atomic;
mod channel;
mod clock_rate;
mod condvar;
mod context;
mod deadlock;
mod determinism;
mod isolation;
mod kill;
mod log;
mod look;
mod mutex;
mod node;
mod once;
mod park;
mod policy;
mod preemption;
mod rwlock;
mod select;
mod thread;
mod threads;
mod threads_races;
mod time;
mod timer;
mod uncounted;
mod verdict;
mod wait_group;

use std::time::Duration;

use labrt::sync::{Arc, Mutex};
use labrt::world::{Backend, Failure, Options, World, simulate};

/// Runs `main` in a simulation with this seed. It must pass.
fn run<T: Send + 'static>(seed: u64, main: impl FnOnce(&World) -> T + Send + 'static) -> T {
    simulate(Options::new(seed), main).result.unwrap_or_else(|failure| panic!("seed {seed}: {failure}"))
}

/// The options of a run on real threads, with a limit of some seconds in case it hangs.
fn on_threads(seed: u64) -> Options {
    Options { backend: Backend::Threads, max_virtual_time: Duration::from_secs(20), ..Options::new(seed) }
}

/// Runs `main` once in a simulation and once on real threads. It must pass.
fn both(main: impl Fn(&World) + Copy + Send + 'static) {
    run(1, main);
    on_real_threads(1, main);
}

/// Runs `main` on real threads. It must pass.
fn on_real_threads(seed: u64, main: impl FnOnce(&World) + Send + 'static) {
    let run = simulate(on_threads(seed), main);
    run.result.unwrap_or_else(|failure| panic!("on threads, seed {seed}: {failure}"));
}

/// Runs `main` in simulations with the first 200 seeds. For tests that do not hold on real threads and a real
/// clock.
fn passes_simulated(main: impl Fn(&World) + Copy + Send + 'static) {
    for seed in 0..200 {
        run(seed, main);
    }
}

/// Runs `main` in simulations with the first 200 seeds and a few times on real threads. It must always pass.
fn passes(main: impl Fn(&World) + Copy + Send + 'static) {
    passes_simulated(main);
    for seed in 0..3 {
        on_real_threads(seed, main);
    }
}

/// The first failure of `main` in simulations with the first 1,000 seeds. There must be one.
fn found(main: impl Fn(&World) + Copy + Send + 'static) -> Failure {
    (0..1000)
        .find_map(|seed| simulate(Options::new(seed), main).result.err())
        .expect("a bug that 1,000 seeds find")
}

/// Calls `f` while holding a lock that another thread waits for.
fn wanted(f: impl FnOnce()) {
    let lock = Arc::new(Mutex::new(()));
    let guard = lock.lock();
    let wants = lock.clone();
    let other = labrt::thread::spawn(move || drop(wants.lock()));
    f();
    drop(guard);
    other.join().unwrap();
}
