//! Behaviour of std inside a simulation.
#![cfg(target_os = "linux")]

use std::time::Duration;

use labrt::world::{Options, Run, simulate};
use std_compat::{FAILS, busy_waits_on_std_clock, works};

fn run_with(seed: u64) -> Run<String> {
    simulate(Options::new(seed), |_| works())
}

fn output_of(seed: u64) -> (String, u64) {
    let run = run_with(seed);
    (run.result.unwrap_or_else(|failure| panic!("{failure}")), run.fingerprint)
}

#[test]
fn the_seed_determines_std_results() {
    for seed in 0..20 {
        assert_eq!(output_of(seed), output_of(seed), "seed {seed}");
    }
}

#[test]
fn different_seeds_give_different_map_orders() {
    let orders: std::collections::HashSet<String> =
        (0..10).map(|seed| output_of(seed).0.split(']').next().unwrap_or_default().to_owned()).collect();
    assert!(orders.len() > 5, "{orders:?}");
}

#[test]
fn clocks_and_sleeps_are_virtual() {
    let run = simulate(Options::new(1), |world| {
        let start = (std::time::Instant::now(), world.now());
        std::thread::sleep(Duration::from_secs(3600 - 10));
        (start.0.elapsed(), world.now() - start.1)
    });
    let (std, labrt) = run.result.unwrap();
    assert_eq!((std.as_secs(), labrt.as_secs()), (3590, 3590));
}

#[test]
fn other_threads_run_while_one_sleeps() {
    let run = simulate(Options::new(1), |_| {
        let woken = labrt::sync::Arc::new(labrt::sync::Mutex::new(Vec::new()));
        let threads: Vec<_> = [30, 10, 20]
            .map(|time| {
                let woken = woken.clone();
                labrt::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(time));
                    woken.lock().push(time);
                })
            })
            .into();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let woken = woken.lock();
        woken.clone()
    });
    assert_eq!(run.result.unwrap(), [10, 20, 30]);
}

#[test]
fn a_thread_in_std_sleep_can_be_killed() {
    let run = simulate(Options::new(1), |world| {
        let server = world.node("server");
        drop(server.spawn("sleeper", || {
            std::thread::sleep(Duration::from_secs(100));
            labrt::thread::sleep(Duration::from_secs(100));
            unreachable!("it was killed");
        }));
        labrt::thread::sleep(Duration::from_secs(1));
        server.kill();
        world.now()
    });
    assert_eq!(run.result.unwrap().as_secs(), 1);
    assert!(run.warnings.is_empty(), "{:?}", run.warnings);
}

#[test]
fn polling_the_clock_advances_virtual_time() {
    let run = simulate(Options::new(1), |_| busy_waits_on_std_clock(Duration::from_millis(300)));
    assert!(run.result.unwrap() < Duration::from_millis(301));
}

#[test]
fn unsupported_calls_fail_with_a_replacement() {
    for (code, kind, call, replacement) in FAILS {
        let runs = [(); 2].map(|()| simulate(Options::new(1), |_| code()));
        let [first, again] = runs.map(|run| (run.result.expect_err(call), run.fingerprint));
        assert_eq!(first.1, again.1, "{call}: another run");
        let failure = first.0;
        assert_eq!(failure.kind.name(), *kind, "{failure}");
        assert!(failure.message.contains(call), "no {call} in: {failure}");
        assert!(failure.message.contains(replacement), "no {replacement} in: {failure}");
        let location = failure.location.as_deref().unwrap_or_default();
        assert!(location.starts_with("labrt/std_compat/src/lib.rs:"), "{location} in: {failure}");
    }
}

#[test]
fn std_is_unchanged_outside_a_simulation() {
    let start = std::time::Instant::now();
    std::thread::sleep(Duration::from_millis(1));
    assert!(start.elapsed() >= Duration::from_millis(1));
    assert!(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() > 1_767_225_600);
    let lock = std::sync::Arc::new(std::sync::Mutex::new(0));
    let other = lock.clone();
    let guard = lock.lock().unwrap();
    let thread = std::thread::spawn(move || *other.lock().unwrap() + 1);
    std::thread::sleep(Duration::from_millis(1));
    drop(guard);
    assert_eq!(thread.join().unwrap(), 1);
    let draws = [(); 2].map(|()| std::thread::spawn(rand::random::<u64>).join().unwrap());
    assert_ne!(draws[0], draws[1]);
}
