//! Condition variables: notifications, timeouts, and lost notifications.

use std::time::Duration;

use labrt::sync::{Arc, Condvar, Mutex, RwLock, RwLockReadGuard};
use labrt::thread;
use labrt::time::Instant;
use labrt::world::{FailureKind, Options, simulate};

use crate::{both, found, passes};

type Shared<T> = Arc<(Mutex<T>, Condvar)>;

fn shared<T>(value: T) -> Shared<T> {
    Arc::new((Mutex::new(value), Condvar::new()))
}

#[test]
fn a_waiter_that_checks_under_the_lock_is_always_woken() {
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

/// Buggy variant: checks the condition, releases the lock, and only then waits.
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
        let pair = shared((0, 0)); // threads that wait or have waited, and threads that were woken
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
fn a_wait_times_out() {
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

/// Two readers and a writer wait on one condition variable. Each holds its lock in the same mode after the
/// wait.
#[test]
fn readers_and_writers_of_a_read_write_lock_can_wait() {
    passes(|_| {
        let shared = Arc::new((RwLock::new(0), Condvar::new()));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let mut value = shared.0.read();
                    while *value < 2 {
                        shared.1.wait(&mut value);
                    }
                    assert!(shared.0.try_write().is_none(), "it is locked for reading again");
                    assert_eq!(*value, 2);
                })
            })
            .collect();
        let other = shared.clone();
        let writer = thread::spawn(move || {
            let mut value = other.0.write();
            other.1.wait_while(&mut value, |value| *value < 1);
            assert!(other.0.try_read().is_none(), "it is locked for writing again");
            *value += 1;
            drop(value);
            other.1.notify_all();
        });
        *shared.0.write() += 1;
        shared.1.notify_all();
        writer.join().unwrap();
        for reader in readers {
            reader.join().unwrap();
        }
        assert!(shared.0.try_write().is_some(), "it is free");
    });
}

/// Buggy variant: checks the condition under one guard, and waits under another one.
#[test]
fn a_wake_up_lost_between_two_guards_of_a_read_write_lock_is_found() {
    let failure = found(|_| {
        let shared = Arc::new((RwLock::new(false), Condvar::new()));
        let other = shared.clone();
        let waiter = thread::spawn(move || {
            if !*other.0.read() {
                other.1.wait(&mut other.0.read());
            }
        });
        *shared.0.write() = true;
        shared.1.notify_one();
        waiter.join().unwrap();
    });
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(failure.message.contains("waits on a condition variable at labrt/tests/labrt/condvar.rs"));
}

#[test]
fn a_wait_under_a_read_write_lock_times_out() {
    both(|_| {
        let (lock, changed) = (RwLock::new(0), Condvar::new());
        assert!(changed.wait_for(&mut lock.read(), Duration::from_millis(5)).timed_out());
        let mut value = lock.write();
        assert!(changed.wait_until(&mut value, Instant::now() + Duration::from_millis(5)).timed_out());
        assert!(changed.wait_while_for(&mut value, |n| *n == 0, Duration::from_millis(5)).timed_out());
    });
}

/// A waiting reader holds no lock, so that a writer can take it.
#[test]
fn a_waiting_reader_does_not_block_writers() {
    passes(|_| {
        let shared = Arc::new((RwLock::new(0), Condvar::new()));
        let other = shared.clone();
        let writer = thread::spawn(move || {
            *other.0.write() = 1;
            other.1.notify_all();
        });
        let mut value = shared.0.read();
        while *value == 0 {
            shared.1.wait(&mut value);
        }
        // After the wait the lock is a shared one again.
        let held: RwLockReadGuard<'_, i32> = value;
        assert_eq!(*shared.0.read_recursive() + *held, 2);
        drop(held);
        writer.join().unwrap();
    });
}

/// A wait releases its own lock and takes it again without a false deadlock report. A second read guard of
/// the same thread is a real deadlock.
#[test]
fn a_writer_that_must_wait_for_its_own_second_guard_is_a_deadlock() {
    let run = simulate(Options::new(1), |_| {
        let shared = Arc::new((RwLock::new(0), Condvar::new()));
        let other = shared.clone();
        thread::spawn(move || {
            let value = other.0.write();
            other.1.notify_all();
            drop(value);
        });
        let _other_guard = shared.0.read();
        let mut value = shared.0.read();
        shared.1.wait(&mut value);
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Deadlock);
}
