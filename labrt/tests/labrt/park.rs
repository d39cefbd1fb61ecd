//! `park` and `unpark`: one token a thread, given before or during the wait.

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
fn a_parked_thread_goes_on_when_it_is_unparked() {
    passes(|_| {
        let waiter = thread::spawn(thread::park);
        thread::sleep(MS);
        assert!(!waiter.is_finished());
        waiter.thread().unpark();
        waiter.join().unwrap();
    });
}

#[test]
fn there_is_one_token_at_the_most() {
    both(|_| {
        let me = thread::current();
        me.unpark();
        me.unpark();
        thread::park();
        let start = Instant::now();
        thread::park_timeout(5 * MS);
        assert!(start.elapsed() >= 5 * MS, "the second token was none");
    });
}

#[test]
fn a_token_is_left_when_the_time_is_up_before() {
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
fn a_thread_that_has_ended_is_left_alone() {
    passes(|_| {
        let first = thread::spawn(|| ());
        let handle = first.thread();
        first.join().unwrap();
        handle.unpark();
        // On either backend the next thread takes the place of the one that has ended.
        let start = Instant::now();
        thread::spawn(|| thread::park_timeout(MS)).join().unwrap();
        assert!(start.elapsed() >= MS, "the token was for another thread");
    });
}

/// The token of a thread that ended without a `park` is not for the next one that takes its place.
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

/// A worker that takes `jobs` jobs, and is unparked for each one.
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
fn a_worker_that_looks_before_it_parks_misses_nothing() {
    passes(|_| worker(3, false));
}

/// The wrong twin: two calls of `unpark` may be one token.
#[test]
fn a_worker_that_counts_on_a_token_a_job_is_found() {
    let failure = found(|_| worker(3, true));
    assert_eq!(failure.kind, FailureKind::Deadlock);
    assert!(failure.message.contains(" waits to be unparked at labrt/tests/labrt/park.rs:"), "{failure}");
}

#[test]
fn a_lock_held_while_one_is_parked_is_worth_a_warning() {
    let run = simulate(Options::new(1), |_| {
        wanted(|| thread::park_timeout(20 * MS));
    });
    run.result.unwrap();
    assert_eq!(run.warnings.len(), 1);
    assert!(run.warnings[0].contains(" waits to be unparked at labrt/tests/"), "{:?}", run.warnings);
}
