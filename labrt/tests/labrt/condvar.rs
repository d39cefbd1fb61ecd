//! Condition variables: wake-ups, time-outs, and the wake-up that comes too early.

use std::time::Duration;

use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;
use labrt::time::Instant;
use labrt::world::FailureKind;

use crate::{both, found, passes};

type Shared<T> = Arc<(Mutex<T>, Condvar)>;

fn shared<T>(value: T) -> Shared<T> {
    Arc::new((Mutex::new(value), Condvar::new()))
}

#[test]
fn a_waiter_that_looks_first_is_always_woken() {
    passes(|_| {
        let pair = shared(false);
        let other = pair.clone();
        let waiter = thread::spawn(move || {
            let mut ready = other.0.lock();
            while !*ready {
                other.1.wait(&mut ready);
            }
        });
        *pair.0.lock() = true;
        pair.1.notify_one();
        waiter.join().unwrap();
    });
}

/// The wrong twin: looks, lets go of the lock, and only then waits.
#[test]
fn a_lost_wake_up_is_found() {
    let failure = found(|_| {
        let pair = shared(false);
        let other = pair.clone();
        let waiter = thread::spawn(move || {
            if !*other.0.lock() {
                other.1.wait(&mut other.0.lock());
            }
        });
        *pair.0.lock() = true;
        pair.1.notify_one();
        waiter.join().unwrap();
    });
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(
        failure.message.contains("waits on a condition variable at labrt/tests/labrt/condvar.rs"),
        "{failure}"
    );
}

#[test]
fn notify_one_wakes_one_and_notify_all_the_rest() {
    passes(|_| {
        let pair = shared((0, 0)); // how many wait or have waited, and how many were woken
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                let pair = pair.clone();
                thread::spawn(move || {
                    let mut counts = pair.0.lock();
                    counts.0 += 1;
                    pair.1.wait(&mut counts);
                    counts.1 += 1;
                })
            })
            .collect();
        let until = |reached: fn(&(i32, i32)) -> bool| {
            while !reached(&pair.0.lock()) {
                thread::sleep(Duration::from_millis(1));
            }
        };
        until(|(waiting, _)| *waiting == 3);
        assert!(pair.1.notify_one());
        until(|(_, woken)| *woken > 0);
        thread::sleep(Duration::from_millis(1));
        assert_eq!(pair.0.lock().1, 1);
        assert_eq!(pair.1.notify_all(), 2);
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert!(!pair.1.notify_one());
    });
}

#[test]
fn a_wait_ends_when_its_time_is_up() {
    both(|_| {
        let pair = shared(0);
        let mut guard = pair.0.lock();
        let start = Instant::now();
        assert!(pair.1.wait_for(&mut guard, Duration::from_millis(10)).timed_out());
        assert!(start.elapsed() >= Duration::from_millis(10));
        assert!(pair.1.wait_until(&mut guard, start + Duration::from_millis(20)).timed_out());
        assert!(pair.1.wait_while_for(&mut guard, |n| *n == 0, Duration::from_millis(5)).timed_out());
        assert_eq!(pair.1.notify_all(), 0, "waits that timed out are forgotten");
    });
}

#[test]
fn a_notified_wait_does_not_report_a_time_out() {
    passes(|_| {
        let pair = shared(());
        let other = pair.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(1));
            drop(other.0.lock());
            other.1.notify_all();
        });
        let mut guard = pair.0.lock();
        assert!(!pair.1.wait_for(&mut guard, Duration::from_secs(10)).timed_out());
    });
}
