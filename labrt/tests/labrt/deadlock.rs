//! Deadlocks: found the moment they arise, with the lines of holding and waiting.

use std::time::Duration;

use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::world::{FailureKind, Options, simulate};

use crate::found;

#[test]
fn a_lock_order_deadlock_is_found_while_others_go_on() {
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
fn relocking_ones_own_lock_is_a_deadlock() {
    let run = simulate(Options::new(1), |_| {
        let lock = Mutex::new(0);
        let _first = lock.lock();
        let _second = lock.lock();
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(failure.message.contains("locks what it already holds since labrt/tests/labrt/deadlock.rs:"));
    assert!(failure.location.unwrap().starts_with("labrt/tests/labrt/deadlock.rs:"));
}

#[test]
fn joining_a_thread_that_waits_for_ones_lock_is_a_deadlock() {
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
fn nothing_that_can_ever_run_is_a_deadlock() {
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
