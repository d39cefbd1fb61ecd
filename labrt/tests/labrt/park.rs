//! `park` and `unpark`: one token per thread, given before or during the wait.

use std::time::Duration;

use labrt::sync::Arc;
use labrt::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use labrt::thread;
use labrt::time::Instant;
use labrt::world::{FailureKind, Options, simulate};

use crate::{both, found, passes, wanted};

const MS: Duration = Duration::from_millis(1);

#[test]
fn an_unpark_before_the_park_is_not_lost() {
    passes(|_| {
        thread::current().unpark();
        thread::park();
        let waiter = thread::spawn(thread::park);
        waiter.thread().unpark();
        waiter.join().unwrap();
    });
}

#[test]
fn unpark_ends_a_park() {
    passes(|_| {
        let waiter = thread::spawn(thread::park);
        thread::sleep(MS);
        assert!(!waiter.is_finished());
        waiter.thread().unpark();
        waiter.join().unwrap();
    });
}

#[test]
fn there_is_at_most_one_token() {
    both(|_| {
        let me = thread::current();
        me.unpark();
        me.unpark();
        thread::park();
        let start = Instant::now();
        thread::park_timeout(5 * MS);
        assert!(start.elapsed() >= 5 * MS, "there was no second token");
    });
}

#[test]
fn an_unpark_after_a_timeout_leaves_a_token() {
    both(|_| {
        let waiter = thread::spawn(|| {
            thread::park_timeout(MS);
            thread::sleep(20 * MS);
            thread::park();
        });
        thread::sleep(10 * MS);
        waiter.thread().unpark();
        waiter.join().unwrap();
    });
}

#[test]
fn unpark_of_an_ended_thread_has_no_effect() {
    passes(|_| {
        let first = thread::spawn(|| ());
        let handle = first.thread();
        first.join().unwrap();
        handle.unpark();
        // On both backends the next thread reuses the slot of the one that has ended.
        let start = Instant::now();
        thread::spawn(|| thread::park_timeout(MS)).join().unwrap();
        assert!(start.elapsed() >= MS, "the token was for another thread");
    });
}

/// The unused token of a thread does not pass to the next thread in its slot.
#[test]
fn a_token_that_was_not_taken_ends_with_its_thread() {
    both(|_| {
        for _ in 0..10 {
            let first = thread::spawn(|| thread::sleep(MS));
            first.thread().unpark();
            first.join().unwrap();
            let start = Instant::now();
            thread::spawn(|| thread::park_timeout(2 * MS)).join().unwrap();
            assert!(start.elapsed() >= 2 * MS, "the token was for another thread");
        }
    });
}

/// A worker that does `jobs` jobs, and is unparked for each.
fn worker(jobs: usize, wait_for_each: bool) {
    let waiting = Arc::new(AtomicUsize::new(0));
    let queue = waiting.clone();
    let worker = thread::spawn(move || {
        let mut done = 0;
        while done < jobs {
            if wait_for_each {
                thread::park();
                queue.fetch_sub(1, SeqCst);
                done += 1;
            } else {
                match queue.swap(0, SeqCst) {
                    0 => thread::park(),
                    some => done += some,
                }
            }
        }
    });
    for _ in 0..jobs {
        waiting.fetch_add(1, SeqCst);
        worker.thread().unpark();
    }
    worker.join().unwrap();
}

#[test]
fn a_worker_that_checks_before_it_parks_misses_no_job() {
    passes(|_| worker(3, false));
}

/// Buggy variant: two calls of `unpark` may give one token.
#[test]
fn a_worker_that_expects_one_token_per_job_is_found() {
    let failure = found(|_| worker(3, true));
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(failure.message.contains(" waits to be unparked at labrt/tests/labrt/park.rs:"), "{failure}");
}

#[test]
fn a_lock_held_during_a_park_gives_a_warning() {
    let run = simulate(Options::new(1), |_| {
        wanted(|| thread::park_timeout(20 * MS));
    });
    run.result.unwrap();
    assert_eq!(run.warnings.len(), 1);
    assert!(run.warnings[0].contains(" waits to be unparked at labrt/tests/"), "{:?}", run.warnings);
}
