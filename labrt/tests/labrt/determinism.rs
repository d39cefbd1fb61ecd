//! Determinism: the same source and seed give the same run.

use std::collections::BTreeSet;
use std::time::Duration;

use labrt::channel::{bounded, select, tick};
use labrt::rand::RngExt;
use labrt::sync::{Arc, Condvar, Mutex, RwLock};
use labrt::thread;
use labrt::world::{Options, Policy, Run, World, simulate};

/// A run with locks, channels, timers, randomness and crashes.
fn busy(world: &World) -> u64 {
    let shared = Arc::new((Mutex::new(0u64), Condvar::new(), RwLock::new(0u64)));
    let mut faults = world.rng("faults");
    for round in 0..5 {
        let node = world.node(format!("server {round}"));
        let (sender, receiver) = bounded(round % 3);
        let state = shared.clone();
        drop(node.spawn("producer", move || {
            loop {
                thread::sleep(Duration::from_micros(labrt::rand::rng().random_range(1..500)));
                *state.0.lock() += 1;
                state.1.notify_one();
                if sender.send(*state.2.read()).is_err() {
                    return;
                }
            }
        }));
        let state = shared.clone();
        drop(node.spawn("consumer", move || {
            let ticks = tick(Duration::from_millis(1));
            loop {
                select! {
                    recv(receiver) -> message => *state.2.write() += message.unwrap_or(1) % 7,
                    recv(ticks) -> _ => {
                        let mut count = state.0.lock();
                        state.1.wait_for(&mut count, Duration::from_micros(300));
                        *count += 1;
                    }
                }
            }
        }));
        thread::sleep(Duration::from_millis(faults.random_range(1..5)));
        if round % 2 == 0 {
            node.kill();
        }
    }
    *shared.0.lock() * 1000 + *shared.2.read()
}

fn key(run: &Run<u64>) -> (u64, u64, Duration, u64) {
    (run.fingerprint, run.steps, run.virtual_time, *run.result.as_ref().unwrap())
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for policy in Policy::ALL {
        for seed in 0..20 {
            let options = Options { policy, ..Options::new(seed) };
            let first = key(&simulate(options, busy));
            let elsewhere = std::thread::spawn(move || key(&simulate(options, busy)));
            assert_eq!(first, key(&simulate(options, busy)));
            assert_eq!(first, elsewhere.join().unwrap());
        }
    }
}

#[test]
fn another_seed_or_policy_gives_another_run() {
    let run = |seed, policy| simulate(Options { policy, ..Options::new(seed) }, busy).fingerprint;
    assert_ne!(run(1, Policy::Random), run(2, Policy::Random));
    let runs: BTreeSet<u64> = Policy::ALL.into_iter().map(|policy| run(1, policy)).collect();
    assert_eq!(runs.len(), Policy::ALL.len());
}

#[test]
fn policies_have_names() {
    for policy in Policy::ALL {
        assert_eq!(policy.name().parse(), Ok(policy));
    }
    let unknown = "fair".parse::<Policy>().unwrap_err();
    assert_eq!(unknown.to_string(), "there is no scheduling policy `fair`; there are: random sticky pct pos");
}
