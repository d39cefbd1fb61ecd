//! `Once` and `OnceLock`: one execution, and another attempt after a kill.

use std::time::Duration;

use labrt::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use labrt::sync::{Arc, Mutex, Once, OnceLock};
use labrt::thread;
use labrt::world::{FailureKind, Options, simulate};

use crate::{both, found, passes};

const MS: Duration = Duration::from_millis(1);

/// Three threads call `once` with the same function. It must run once, and all must continue only when it is
/// done.
fn three_threads_call(once: impl Fn(&dyn Fn()) + Clone + Send + 'static) {
    let calls = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (once, calls) = (once.clone(), calls.clone());
            thread::spawn(move || {
                once(&|| {
                    thread::yield_now();
                    calls.fetch_add(1, SeqCst);
                });
                assert_eq!(calls.load(SeqCst), 1, "it has been done, and once");
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn the_first_call_runs_and_the_others_wait_for_it() {
    passes(|_| {
        let once = Arc::new(Once::new());
        assert!(!once.is_completed());
        let other = once.clone();
        three_threads_call(move |f| other.call_once(f));
        assert!(once.is_completed());
        once.call_once(|| panic!("again"));
    });
}

/// Buggy variant: another thread may check the flag between the check and the call.
#[test]
fn a_flag_instead_of_once_is_found() {
    let failure = found(|_| {
        let done = Arc::new(AtomicBool::new(false));
        three_threads_call(move |f| {
            if !done.load(SeqCst) {
                f();
                done.store(true, SeqCst);
            }
        });
    });
    assert_eq!(failure.kind, FailureKind::Panic);
}

/// Buggy variant: the other threads continue before the function has ended.
#[test]
fn a_swapped_flag_instead_of_once_is_found() {
    let failure = found(|_| {
        let done = Arc::new(AtomicBool::new(false));
        three_threads_call(move |f| {
            if !done.swap(true, SeqCst) {
                f();
            }
        });
    });
    assert_eq!(failure.kind, FailureKind::Panic);
}

#[test]
fn a_value_is_initialized_once() {
    passes(|_| {
        let cell = Arc::new(OnceLock::new());
        assert_eq!(cell.get(), None);
        let threads: Vec<_> = (0..3)
            .map(|number| {
                let cell = cell.clone();
                thread::spawn(move || {
                    *cell.get_or_init(|| {
                        thread::yield_now();
                        number
                    })
                })
            })
            .collect();
        let made: Vec<i32> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(made.iter().all(|value| Some(value) == cell.get()), "{made:?}");
        assert_eq!(cell.set(7), Err(7));
    });
}

#[test]
fn a_cell_is_written_read_and_emptied() {
    both(|_| {
        let mut cell = OnceLock::new();
        assert_eq!(cell.set(1), Ok(()));
        *cell.get_mut().unwrap() += 1;
        assert_eq!(cell.take(), Some(2));
        assert_eq!(cell.get(), None);
        assert_eq!(*cell.get_or_init(|| 3), 3);
        assert_eq!(cell.into_inner(), Some(3));
        assert_eq!(OnceLock::from(4).set(5), Err(5));
    });
}

#[test]
fn a_value_that_needs_itself_is_a_deadlock() {
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 1");
        let thread = node.spawn("maker", || {
            let cell: OnceLock<i32> = OnceLock::new();
            cell.get_or_init(|| *cell.get_or_init(|| 1) + 1);
        });
        let _ = thread.join();
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Deadlock);
    let expected = "thread `maker` of server 1 needs a value that it has been initializing since \
     labrt/tests/labrt/once.rs:";
    assert!(failure.message.contains(expected), "{failure}");
}

#[test]
fn a_lock_and_a_value_that_wait_for_each_other_are_a_deadlock() {
    let failure = found(|world| {
        drop(world.node("server 0").spawn("heartbeat", || {
            loop {
                thread::sleep(MS);
            }
        }));
        let node = world.node("server 1");
        let (lock, once) = (Arc::new(Mutex::new(0)), Arc::new(Once::new()));
        let (lock2, once2) = (lock.clone(), once.clone());
        drop(node.spawn("maker", move || once.call_once(|| *lock.lock() += 1)));
        drop(node.spawn("holder", move || {
            let _guard = lock2.lock();
            once2.call_once(|| ());
        }));
        thread::sleep(Duration::from_secs(1));
    });
    assert_eq!(failure.kind, FailureKind::Deadlock);
    for expected in [
        "2 threads wait for each other",
        "thread `holder` of server 1 waits for a value to be initialized at labrt/tests/labrt/once.rs:",
        ", which thread `maker` of server 1 initializes since labrt/tests/labrt/once.rs:",
    ] {
        assert!(failure.message.contains(expected), "expected `{expected}` in:\n{failure}");
    }
}

#[test]
fn lock_waits_name_the_initializing_thread() {
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 2");
        let once = Arc::new(Once::new());
        let other = once.clone();
        node.run("maker", move || once.call_once(|| thread::sleep(Duration::from_secs(1))));
        thread::sleep(MS);
        node.run("asker", move || other.call_once(|| ()));
        thread::sleep(MS);
        world.lock_waits()
    });
    let waits = run.result.unwrap();
    assert_eq!(waits.len(), 1);
    assert!(waits[0].contains("which thread `maker` of server 2 began to initialize at labrt/"), "{waits:?}");
}

#[test]
fn after_a_kill_the_next_caller_runs_the_function() {
    both(|world| {
        let node = world.node("server 0");
        let once = Arc::new(Once::new());
        let other = once.clone();
        node.run("maker", move || other.call_once(|| thread::sleep(Duration::from_secs(1000))));
        thread::sleep(5 * MS);
        node.kill();
        assert!(!once.is_completed());
        let mut done = false;
        once.call_once(|| done = true);
        assert!(done);
    });
}
