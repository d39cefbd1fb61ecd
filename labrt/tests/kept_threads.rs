//! Simulations of a process that keeps OS threads: `keep_os_threads` holds for the whole process, so these
//! tests are a program of their own.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::thread::ThreadId;
use std::time::Duration;

use labrt::world::{FailureKind, Options, Run, keep_os_threads, simulate, with_real_std};

fn os_thread() -> ThreadId {
    with_real_std(|| std::thread::current().id())
}

/// A run with threads, locks, hash maps, a crash and memory that is never freed.
fn busy_run(seed: u64) -> Run<(ThreadId, u64, Vec<u32>)> {
    simulate(Options::new(seed), |world| {
        let held_at_first = world.heap_bytes();
        let node = world.node("server");
        node.run("waits", || labrt::thread::sleep(Duration::from_secs(100)));
        let order = node.call("hashes", || {
            let map: HashMap<u32, u32> = (0..20).map(|number| (number, number)).collect();
            map.into_keys().collect::<Vec<u32>>()
        });
        node.kill();
        std::mem::forget(vec![1_u8; 100_000]);
        (os_thread(), held_at_first, order.unwrap())
    })
}

#[test]
fn runs_that_leave_nothing_share_an_os_thread_and_are_as_if_they_did_not() {
    keep_os_threads();
    let elsewhere = std::thread::spawn(|| busy_run(7)).join().unwrap();
    let expected = elsewhere.result.unwrap();
    let runs: Vec<_> = (0..4).map(|_| busy_run(7)).collect();
    let first = runs[0].result.clone().unwrap();
    assert_ne!(first.0, expected.0, "each thread keeps its own");
    for run in runs {
        assert_eq!(run.fingerprint, elsewhere.fingerprint);
        let (thread, held_at_first, order) = run.result.unwrap();
        assert_eq!(thread, first.0);
        assert!(held_at_first.abs_diff(expected.1) < 50_000, "the memory of an earlier run does not count");
        assert_eq!(order, expected.2);
    }
}

#[test]
fn no_run_finds_what_an_earlier_one_left_in_a_thread_local() {
    thread_local! {
        static NUMBER: Cell<u32> = const { Cell::new(1) };
        static TEXT: RefCell<String> = RefCell::default();
    }
    keep_os_threads();
    let one = |number: u32, text: &'static str| {
        let run = simulate(Options::new(3), move |_| {
            let found = (NUMBER.replace(number), TEXT.take());
            TEXT.set(text.to_owned());
            (found, os_thread())
        });
        run.result.unwrap()
    };
    let runs = [one(1, ""), one(5, ""), one(1, "text"), one(2, "more"), one(1, "")];
    for (at, (found, _)) in runs.iter().enumerate() {
        assert_eq!(*found, (1, String::new()), "run {at}");
    }
    let threads: HashSet<_> = runs.iter().map(|(_, thread)| thread).collect();
    assert_eq!(threads.len(), runs.len(), "a destructor is registered even for an empty text");
}

#[test]
fn a_run_that_fails_leaves_its_os_thread_to_the_next() {
    keep_os_threads();
    let failed = simulate(Options::new(1), |_| -> () { panic!("on purpose") });
    assert_eq!(failed.result.unwrap_err().kind, FailureKind::Panic);
    let first = busy_run(1).result.unwrap().0;
    let stuck = simulate(Options::new(1), |_| labrt::thread::park());
    assert_eq!(stuck.result.unwrap_err().kind, FailureKind::Deadlock);
    assert_eq!(busy_run(1).result.unwrap().0, first);
}

#[test]
fn an_abandoned_run_takes_its_os_thread_with_it() {
    keep_os_threads();
    let before = busy_run(1).result.unwrap().0;
    let options = Options { stall_timeout: Duration::from_millis(200), ..Options::new(1) };
    let blocked = simulate(options, |_| {
        loop {
            std::hint::spin_loop();
        }
    });
    let blocked: Run<()> = blocked;
    assert_eq!(blocked.result.unwrap_err().kind, FailureKind::Blocked);
    assert_ne!(busy_run(1).result.unwrap().0, before);
}

#[test]
fn the_processor_time_of_earlier_runs_does_not_count() {
    keep_os_threads();
    let max_cpu_time = Duration::from_millis(500);
    let computes = || {
        simulate(Options { max_cpu_time, ..Options::new(1) }, |_| {
            for _ in 0..100 {
                for _ in 0..1000 {
                    labrt::world::scheduling_point();
                }
                // Progress, or the run would be called endless.
                labrt::thread::sleep(Duration::from_millis(1));
            }
            os_thread()
        })
    };
    let (mut total, mut threads) = (Duration::ZERO, HashSet::new());
    while total < 2 * max_cpu_time {
        let run = computes();
        total += run.cpu_time;
        threads.insert(run.result.unwrap());
    }
    assert_eq!(threads.len(), 1);
}
