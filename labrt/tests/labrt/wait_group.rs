//! Wait groups: by clones, and by `add` and `done`.

use std::time::Duration;

use labrt::sync::{Arc, Mutex, WaitGroup};
use labrt::thread;
use labrt::world::{FailureKind, Options, simulate};

use crate::{both, found, passes, wanted};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_wait_ends_when_every_clone_is_dropped() {
    passes(|_| {
        let (group, count) = (WaitGroup::new(), Arc::new(Mutex::new(0)));
        group.wait();
        for _ in 0..3 {
            let (working, count) = (group.clone(), count.clone());
            thread::spawn(move || {
                *count.lock() += 1;
                drop(working);
            });
        }
        group.wait();
        assert_eq!(*count.lock(), 3);
    });
}

/// Workers that are counted by `add`, in the starting thread or in their own.
fn count_by_hand(before: bool) {
    let (group, count) = (Arc::new(WaitGroup::new()), Arc::new(Mutex::new(0)));
    for _ in 0..3 {
        let (group2, count) = (group.clone(), count.clone());
        if before {
            group.add(1);
        }
        thread::spawn(move || {
            if !before {
                group2.add(1);
            }
            *count.lock() += 1;
            group2.done();
        });
    }
    group.wait();
    assert_eq!(*count.lock(), 3, "all are done");
}

#[test]
fn a_wait_ends_when_all_added_tasks_are_done() {
    passes(|_| count_by_hand(true));
}

/// Buggy variant: a thread that counts itself does so too late.
#[test]
fn an_add_in_the_counted_thread_is_found() {
    let failure = found(|_| count_by_hand(false));
    assert_eq!(failure.kind, FailureKind::Panic);
    assert!(failure.message.contains("all are done"), "{failure}");
}

#[test]
fn waiting_clones_do_not_wait_for_each_other() {
    passes(|_| {
        let (group, arrived) = (WaitGroup::new(), Arc::new(Mutex::new(0)));
        let clones: Vec<_> = (0..3).map(|_| group.clone()).collect();
        let threads: Vec<_> = clones
            .into_iter()
            .map(|group| {
                let arrived = arrived.clone();
                thread::spawn(move || {
                    *arrived.lock() += 1;
                    group.wait();
                    assert_eq!(*arrived.lock(), 3);
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        group.wait();
    });
}

#[test]
fn a_group_can_be_used_again() {
    both(|_| {
        let group = WaitGroup::new();
        for _ in 0..3 {
            group.add(2);
            let working = group.clone();
            let handle = thread::spawn(move || {
                working.done();
                working.done();
            });
            group.wait();
            handle.join().unwrap();
        }
    });
}

#[test]
fn more_done_than_added_is_a_panic() {
    let run = simulate(Options::new(1), |_| WaitGroup::new().done());
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Panic);
    assert!(failure.message.contains("`done` was called more often than tasks were added"), "{failure}");
    assert!(failure.location.unwrap().starts_with("labrt/tests/labrt/wait_group.rs:"));
}

#[test]
fn a_group_that_is_never_done_is_a_deadlock() {
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 1");
        let waiter = node.spawn("collector", || {
            let group = WaitGroup::new();
            group.add(1);
            group.wait();
        });
        let _ = waiter.join();
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Deadlock);
    let expected =
        "thread `collector` of server 1 waits for a wait group at labrt/tests/labrt/wait_group.rs:";
    assert!(failure.message.contains(expected), "{failure}");
}

#[test]
fn a_killed_thread_is_done() {
    both(|world| {
        let node = world.node("server 0");
        let group = WaitGroup::new();
        let working = group.clone();
        node.run("worker", move || {
            let _working = working;
            thread::sleep(Duration::from_secs(1000));
        });
        thread::sleep(5 * MS);
        node.kill();
        group.wait();
    });
}

#[test]
fn a_lock_held_while_waiting_for_a_group_gives_a_warning() {
    let run = simulate(Options::new(1), |_| {
        let group = WaitGroup::new();
        let working = group.clone();
        thread::spawn(move || {
            thread::sleep(20 * MS);
            drop(working);
        });
        wanted(|| group.wait());
    });
    run.result.unwrap();
    assert_eq!(run.warnings.len(), 1);
    assert!(run.warnings[0].contains(" waits for a wait group at labrt/tests/"), "{:?}", run.warnings);
}
