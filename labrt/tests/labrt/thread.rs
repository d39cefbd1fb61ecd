//! Threads: spawn, join, sleep, yield.

use std::time::Duration;

use labrt::sync::{Arc, Mutex};
use labrt::thread;

use crate::{both, passes, passes_simulated, run};

#[test]
fn a_thread_returns_its_value() {
    passes(|_| {
        let handle = thread::spawn(|| 42);
        assert_eq!(handle.join().unwrap(), 42);
    });
}

#[test]
fn a_thread_that_has_ended_can_still_be_joined() {
    both(|_| {
        let handle = thread::spawn(|| "done");
        thread::sleep(Duration::from_millis(1));
        assert!(handle.is_finished());
        assert_eq!(handle.join().unwrap(), "done");
    });
}

#[test]
fn a_thread_continues_when_its_handle_is_dropped() {
    both(|_| {
        let done = Arc::new(Mutex::new(false));
        let flag = done.clone();
        drop(thread::spawn(move || {
            thread::sleep(Duration::from_secs(1));
            *flag.lock() = true;
        }));
        thread::sleep(Duration::from_secs(2));
        assert!(*done.lock());
    });
}

#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    passes(|_| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let threads: Vec<_> = [30, 10, 20]
            .map(|ms| {
                let order = order.clone();
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis(ms));
                    order.lock().push(ms);
                })
            })
            .into();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(*order.lock(), [10, 20, 30]);
    });
}

#[test]
fn sleeping_takes_virtual_time_only() {
    let run = labrt::world::simulate(labrt::world::Options::new(1), |_| {
        thread::sleep(Duration::from_secs(1000));
    });
    run.result.unwrap();
    assert!(run.virtual_time >= Duration::from_secs(1000));
    assert!(run.virtual_time < Duration::from_secs(1001));
}

#[test]
fn every_interleaving_of_two_threads_occurs() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        seen.insert(run(seed, |_| {
            let order = Arc::new(Mutex::new(String::new()));
            let threads: Vec<_> = ['a', 'b']
                .map(|name| {
                    let order = order.clone();
                    thread::spawn(move || {
                        order.lock().push(name);
                        order.lock().push(name);
                    })
                })
                .into();
            for thread in threads {
                thread.join().unwrap();
            }
            order.lock().clone()
        }));
    }
    let all = ["aabb", "abab", "abba", "baab", "baba", "bbaa"];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn yielding_lets_another_thread_run() {
    passes_simulated(|_| {
        let turns = Arc::new(Mutex::new(0));
        let other = turns.clone();
        thread::spawn(move || *other.lock() += 1);
        let mut yields = 0;
        while *turns.lock() == 0 {
            thread::yield_now();
            yields += 1;
            assert!(yields < 1000, "the other thread never ran");
        }
    });
}

#[test]
fn a_thread_has_its_given_name() {
    both(|_| {
        let builder = thread::Builder::new().name("ticker");
        let handle = builder.spawn(|| thread::current().name().map(ToOwned::to_owned)).unwrap();
        assert_eq!(handle.thread().name(), Some("ticker"));
        assert_eq!(handle.join().unwrap().as_deref(), Some("ticker"));
    });
}

#[test]
fn many_threads_come_and_go() {
    both(|_| {
        for _ in 0..100 {
            let threads: Vec<_> = (0..100).map(|i| thread::spawn(move || i)).collect();
            let sum: i32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            assert_eq!(sum, 4950);
        }
    });
}
