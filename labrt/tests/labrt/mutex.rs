//! Mutexes: exclusion, timeouts, and a race between two critical sections.

use std::time::Duration;

use labrt::sync::{Arc, Mutex, MutexGuard};
use labrt::thread;
use labrt::time::Instant;

use crate::{both, found, passes, passes_simulated, run};

fn two_threads(body: impl Fn() + Send + Clone + 'static) {
    let threads = [thread::spawn(body.clone()), thread::spawn(body)];
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn increments_under_one_lock_add_up() {
    passes(|_| {
        let counter = Arc::new(Mutex::new(0));
        let shared = counter.clone();
        two_threads(move || (0..5).for_each(|_| *shared.lock() += 1));
        assert_eq!(*counter.lock(), 10);
    });
}

/// Buggy variant: reads in one critical section and writes in another.
#[test]
fn a_racy_counter_is_found() {
    let failure = found(|_| {
        let counter = Arc::new(Mutex::new(0));
        let shared = counter.clone();
        two_threads(move || {
            let before = *shared.lock();
            *shared.lock() = before + 1;
        });
        assert_eq!(*counter.lock(), 2);
    });
    assert!(failure.message.contains("left: 1"), "{failure}");
}

#[test]
fn critical_sections_exclude_each_other() {
    passes(|_| {
        let inside = Arc::new(Mutex::new(()));
        let count = Arc::new(labrt::sync::atomic::AtomicUsize::new(0));
        two_threads(move || {
            for _ in 0..3 {
                let _guard = inside.lock();
                assert_eq!(count.fetch_add(1, labrt::sync::atomic::Ordering::SeqCst), 0);
                thread::sleep(Duration::from_millis(1));
                count.fetch_sub(1, labrt::sync::atomic::Ordering::SeqCst);
            }
        });
    });
}

#[test]
fn try_lock_never_waits() {
    both(|_| {
        let lock = Mutex::new(1);
        let guard = lock.lock();
        assert!(lock.try_lock().is_none());
        assert!(lock.is_locked());
        drop(guard);
        assert_eq!(*lock.try_lock().unwrap(), 1);
    });
}

#[test]
fn a_timed_lock_times_out() {
    passes_simulated(|_| {
        let lock = Arc::new(Mutex::new(()));
        let other = lock.clone();
        let guard = lock.lock();
        let thread = thread::spawn(move || {
            let start = Instant::now();
            assert!(other.try_lock_for(Duration::from_millis(50)).is_none());
            assert!(start.elapsed() >= Duration::from_millis(50));
            assert!(other.try_lock_for(Duration::from_secs(1)).is_some());
            assert!(start.elapsed() < Duration::from_millis(101));
        });
        thread::sleep(Duration::from_millis(100));
        drop(guard);
        thread.join().unwrap();
    });
}

#[test]
fn a_guard_can_be_mapped_to_a_part_of_the_value() {
    both(|_| {
        let lock = Mutex::new((1, 2));
        *MutexGuard::map(lock.lock(), |pair| &mut pair.1) = 3;
        assert_eq!(*lock.lock(), (1, 3));
    });
}

#[test]
fn a_lock_of_another_run_is_refused() {
    let lock = Arc::new(Mutex::new(0));
    let (here, there) = (lock.clone(), lock.clone());
    run(1, move |_| *here.lock() += 1);
    let failure = labrt::world::simulate(labrt::world::Options::new(2), move |_| *there.lock() += 1).result;
    assert!(failure.unwrap_err().message.contains("used by two runs"));
}
