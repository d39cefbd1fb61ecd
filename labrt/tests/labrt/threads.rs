//! Real threads: verdicts, the end of a run, and threads that cannot be stopped.

use std::time::Duration;

use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::world::{Backend, FailureKind, Options, Run, World, simulate};

use crate::on_threads;

fn run<T: Send + 'static>(main: impl FnOnce(&World) -> T + Send + 'static) -> Run<T> {
    simulate(on_threads(1), main)
}

#[test]
fn threads_run_at_the_same_time() {
    // Each waits for the other by spinning on an atomic of std.
    let run = run(|_| {
        let turn = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let other = turn.clone();
        let thread = thread::spawn(move || {
            while other.load(std::sync::atomic::Ordering::SeqCst) == 0 {
                std::hint::spin_loop();
            }
        });
        turn.store(1, std::sync::atomic::Ordering::SeqCst);
        thread.join().unwrap();
    });
    run.result.unwrap();
}

#[test]
fn a_panic_is_the_verdict_and_ends_the_run() {
    let run = run(|world| {
        let node = world.node("server 3");
        drop(node.spawn("careless", || panic!("no such entry")));
        thread::sleep(Duration::from_secs(1000));
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Panic);
    assert_eq!(failure.message, "no such entry");
    assert_eq!((&*failure.node, &*failure.thread), ("server 3", "careless"));
    assert!(failure.location.unwrap().contains("threads.rs"));
    assert!(failure.backtrace.unwrap().contains("a_panic_is_the_verdict"));
}

#[test]
fn a_timeout_lists_the_waits_of_all_threads() {
    let options = Options { max_virtual_time: Duration::from_millis(100), ..on_threads(1) };
    let run = simulate(options, |world| -> () {
        let node = world.node("server 0");
        let lock = Arc::new(Mutex::new(()));
        let held = lock.clone();
        let _guard = lock.lock();
        drop(node.spawn("ticker", move || drop(held.lock())));
        thread::sleep(Duration::from_secs(1000));
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.message.starts_with("the run has not ended after 0.1 seconds"), "{failure}");
    let line = "thread `ticker` of server 0 waits for a lock at labrt/tests/labrt/threads.rs";
    assert!(failure.message.contains(line), "{failure}");
}

#[test]
fn a_thread_that_never_calls_labrt_is_abandoned_with_a_warning() {
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = stop.clone();
    let run = run(move |world| {
        let node = world.node("server 0");
        node.run("spinner", move || {
            while !flag.load(std::sync::atomic::Ordering::SeqCst) {
                std::hint::spin_loop();
            }
        });
        node.run("sleeper", || thread::sleep(Duration::from_secs(1000)));
        thread::sleep(Duration::from_millis(10));
        node.kill();
        assert!(!node.is_alive());
    });
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    run.result.unwrap();
    let warning = "thread `spinner` of server 0 could not be stopped and was abandoned: while it was being \
     killed it runs";
    assert_eq!(run.warnings, [warning]);
}

#[test]
fn the_backends_do_not_share_locks() {
    let lock = Arc::new(Mutex::new(0));
    let (here, there) = (lock.clone(), lock);
    simulate(Options::new(1), move |_| *here.lock() += 1).result.unwrap();
    let failure = run(move |_| *there.lock() += 1).result.unwrap_err();
    assert!(failure.message.contains("was used by two runs"), "{failure}");
}

#[test]
fn the_default_is_a_simulation() {
    assert_eq!(Options::new(1).backend, Backend::Simulation);
}

#[test]
fn an_event_that_panics_ends_the_run_at_once() {
    let finished = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = finished.clone();
    let run = std::panic::catch_unwind(move || {
        run(move |world| {
            world.schedule(Duration::from_millis(1), || panic!("a bug of the harness"));
            for _ in 0..1000 {
                thread::sleep(Duration::from_millis(10));
            }
            flag.store(true, std::sync::atomic::Ordering::SeqCst);
        })
    });
    let panic = run.unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"a bug of the harness"));
    assert!(!finished.load(std::sync::atomic::Ordering::SeqCst), "the run went on without events");
}

#[test]
fn an_event_at_the_end_of_the_run_is_not_killed() {
    let run = run(|world| {
        let (begun, begins) = std::sync::mpsc::channel();
        world.schedule(Duration::ZERO, move || {
            begun.send(()).unwrap();
            while !labrt::world::is_dying() {
                std::hint::spin_loop();
            }
            labrt::world::scheduling_point();
        });
        begins.recv().unwrap();
    });
    run.result.unwrap();
}

#[test]
fn an_event_may_be_beyond_the_end_of_the_clock() {
    let run = run(|world| {
        world.schedule(Duration::MAX, || panic!("too early"));
        world.schedule(Duration::from_millis(1), || ());
        thread::sleep(Duration::from_millis(5));
    });
    run.result.unwrap();
}

#[test]
fn a_thread_that_relocks_after_a_wait_is_listed() {
    let options = Options { max_virtual_time: Duration::from_millis(200), ..on_threads(1) };
    let run = simulate(options, |world| -> () {
        let node = world.node("server 0");
        let shared = Arc::new((Mutex::new(false), labrt::sync::Condvar::new()));
        let theirs = shared.clone();
        node.run("applier", move || {
            let mut waits = theirs.0.lock();
            *waits = true;
            theirs.1.wait(&mut waits);
        });
        let mut waits = shared.0.lock();
        while !*waits {
            drop(waits);
            thread::yield_now();
            waits = shared.0.lock();
        }
        shared.1.notify_one();
        thread::sleep(Duration::from_secs(1000));
    });
    let failure = run.result.unwrap_err();
    let line = "thread `applier` of server 0 waits for a lock at labrt/tests/labrt/threads.rs";
    assert!(failure.message.contains(line), "{failure}");
}

#[test]
#[cfg(target_os = "linux")]
fn os_threads_are_reused_by_later_runs() {
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let one = || {
        let run = run(|world| {
            let node = world.node("server");
            for _ in 0..10 {
                node.run("sleeper", || thread::sleep(Duration::from_secs(1000)));
            }
        });
        run.result.unwrap();
    };
    one();
    let before = threads();
    (0..200).for_each(|_| one());
    // Other tests run at the same time, but without reuse these 200 runs would have started 2,000 threads.
    assert!(threads() < before + 1000, "{} threads after {before}", threads());
}
