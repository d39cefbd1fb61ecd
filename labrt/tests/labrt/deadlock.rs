//! Deadlocks: reported when they arise, with the lines of locking and waiting.

use std::time::Duration;

use labrt::sync::{Arc, Mutex, RwLock};
use labrt::thread;
use labrt::world::{FailureKind, Options, simulate};

use crate::{found, passes};

#[test]
fn a_lock_order_deadlock_is_found_while_other_threads_run() {
    let failure = found(|world| {
        let server = world.node("server 1");
        drop(world.node("server 2").spawn("heartbeat", || {
            loop {
                thread::sleep(Duration::from_millis(100));
            }
        }));
        let (one, two) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
        let (one2, two2) = (one.clone(), two.clone());
        drop(server.spawn("apply", move || {
            let _first = one.lock();
            let _second = two.lock();
        }));
        drop(server.spawn("ticker", move || {
            let _first = two2.lock();
            let _second = one2.lock();
        }));
        thread::sleep(Duration::from_secs(10));
    });
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(failure.at < Duration::from_millis(1), "seen at once, not at the end: {failure}");
    for expected in [
        "2 threads wait for each other",
        "thread `apply` of server 1 waits for a lock at labrt/tests/labrt/deadlock.rs:24:",
        "which thread `ticker` of server 1 holds since labrt/tests/labrt/deadlock.rs:27:",
        "thread `ticker` of server 1 waits for a lock at labrt/tests/labrt/deadlock.rs:28:",
        "which thread `apply` of server 1 holds since labrt/tests/labrt/deadlock.rs:23:",
    ] {
        assert!(failure.message.contains(expected), "expected `{expected}` in:\n{failure}");
    }
}

#[test]
fn locking_twice_is_a_deadlock() {
    let run = simulate(Options::new(1), |_| {
        let lock = Mutex::new(0);
        let _first = lock.lock();
        let _second = lock.lock();
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(failure.message.contains("locks what it has held since labrt/tests/labrt/deadlock.rs:"));
    assert!(failure.location.unwrap().starts_with("labrt/tests/labrt/deadlock.rs:"));
}

#[test]
fn joining_a_thread_that_waits_for_a_held_lock_is_a_deadlock() {
    let run = simulate(Options::new(1), |_| {
        let lock = Arc::new(Mutex::new(0));
        let other = lock.clone();
        let guard = lock.lock();
        let thread = thread::spawn(move || *other.lock() += 1);
        thread.join().unwrap();
        drop(guard);
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(failure.message.contains("waits for a thread to end"), "{failure}");
}

#[test]
fn threads_that_all_wait_are_a_deadlock() {
    let run = simulate(Options::new(1), |world| {
        let (_sender, receiver) = labrt::channel::bounded::<()>(0);
        drop(world.node("server 0").spawn("applier", move || {
            let (_sender, never) = labrt::channel::bounded::<()>(0);
            never.recv()
        }));
        let _ = receiver.recv();
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(
        failure.message.contains("thread `applier` of server 0 waits to receive at labrt/tests/"),
        "{failure}"
    );
    assert!(
        failure.message.contains("thread `main` of tester waits to receive at labrt/tests/"),
        "{failure}"
    );
}

#[test]
fn a_wait_with_a_timeout_is_no_deadlock() {
    passes(|_| {
        let (one, two) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let (one2, two2) = (one.clone(), two.clone());
        let patient = thread::spawn(move || {
            let _first = one.lock();
            thread::sleep(Duration::from_millis(1));
            drop(two.try_lock_for(Duration::from_millis(100)));
        });
        let _first = two2.lock();
        thread::sleep(Duration::from_millis(2));
        drop(one2.lock());
        patient.join().unwrap();
    });
}

/// Stale wait edges do not count: the thread waits for something else now.
#[test]
fn stale_wait_edges_are_ignored() {
    passes(|world| {
        let node = world.node("server 0");
        let state = Arc::new(Mutex::new(0));
        let mut threads = Vec::new();
        for _ in 0..3 {
            let state = state.clone();
            let world = world.clone();
            threads.push(node.spawn("caller", move || {
                for _ in 0..3 {
                    let _state = state.lock();
                    let (sender, receiver) = labrt::world::oneshot::channel();
                    world.schedule(Duration::from_millis(1), move || sender.send(()));
                    assert!(receiver.recv().is_some());
                }
            }));
        }
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Starts a thread that never ends, as the timers of a server, so that the run never comes to a standstill.
fn keep_ticking() {
    thread::spawn(|| {
        loop {
            thread::sleep(Duration::from_millis(10));
        }
    });
}

#[test]
fn writing_while_reading_is_a_deadlock() {
    let run = simulate(Options::new(1), |_| {
        keep_ticking();
        let lock = RwLock::new(0);
        let _reading = lock.read();
        let _writing = lock.write();
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(failure.message.contains("locks what it has held since labrt/tests/"), "{failure}");
}

#[test]
fn a_reader_and_a_writer_that_wait_for_each_other_are_a_deadlock() {
    let failure = found(|_| {
        keep_ticking();
        let (table, count) = (Arc::new(RwLock::new(0)), Arc::new(Mutex::new(0)));
        let (table2, count2) = (table.clone(), count.clone());
        let other = thread::spawn(move || {
            let _counting = count2.lock();
            let _writing = table2.write();
        });
        let _reading = table.read();
        drop(count.lock());
        drop(other);
    });
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(failure.message.contains("2 threads wait for each other"), "{failure}");
}

/// The warnings of a run in which two threads on each of two servers hold a lock for `time`.
fn hold(time: Duration, shared: bool) -> Vec<String> {
    let run = simulate(Options::new(1), move |world| {
        for server in 0..2 {
            let node = world.node(format!("server {server}"));
            let state = Arc::new(Mutex::new(0));
            for name in ["ticker", "applier"] {
                let state = if shared { state.clone() } else { Arc::new(Mutex::new(0)) };
                drop(node.spawn(name, move || {
                    for _ in 0..3 {
                        let _state = state.lock();
                        thread::sleep(time);
                    }
                }));
            }
        }
        thread::sleep(Duration::from_secs(10));
    });
    run.result.unwrap();
    run.warnings
}

#[test]
fn a_lock_held_across_a_wait_gives_one_warning_per_line() {
    let warnings = hold(Duration::from_millis(20), true);
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(warning.starts_with("a thread sleeps at labrt/tests/labrt/deadlock.rs:"), "{warning}");
    assert!(warning.contains("holds a lock that it took at labrt/tests/labrt/deadlock.rs:"), "{warning}");
}

#[test]
fn a_lock_held_across_a_wait_gives_no_warning_if_no_other_thread_waits_long() {
    assert_eq!(hold(Duration::from_millis(20), false), [""; 0], "no other thread waits for it");
    assert_eq!(hold(Duration::from_millis(5), true), [""; 0], "it is soon free");
}

#[test]
fn a_lock_released_before_the_wait_gives_no_warning() {
    let run = simulate(Options::new(1), |_| {
        let (one, two) = (Mutex::new(0), RwLock::new(0));
        drop((one.lock(), two.read(), two.read()));
        drop(two.write());
        let pair = (Mutex::new(0), labrt::sync::Condvar::new());
        pair.1.wait_for(&mut pair.0.lock(), Duration::from_millis(1));
        pair.1.wait_for(&mut two.read(), Duration::from_millis(1));
        pair.1.wait_for(&mut two.write(), Duration::from_millis(1));
        thread::sleep(Duration::from_millis(1));
    });
    run.result.unwrap();
    assert_eq!(run.warnings, Vec::<String>::new());
}

#[test]
fn lock_waits_name_the_holder() {
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 2");
        let state = Arc::new(Mutex::new(0));
        let for_getter = state.clone();
        node.run("ticker", move || {
            let _state = state.lock();
            thread::sleep(Duration::from_secs(1));
        });
        thread::sleep(Duration::from_millis(1));
        assert_eq!(world.lock_waits(), Vec::<String>::new());
        node.run("get_state", move || drop(for_getter.lock()));
        thread::sleep(Duration::from_millis(1));
        world.lock_waits()
    });
    let waits = run.result.unwrap();
    assert_eq!(waits.len(), 1);
    assert!(
        waits[0].starts_with("thread `get_state` of server 2 waits for a lock at labrt/tests/"),
        "{waits:?}"
    );
    assert!(waits[0].contains(", which thread `ticker` of server 2 took at labrt/tests/"), "{waits:?}");
    assert!(waits[0].contains(" and now sleeps at labrt/tests/"), "{waits:?}");
}
