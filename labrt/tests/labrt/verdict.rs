//! Verdicts: the ends of runs, and their messages.

use std::panic::{Location, catch_unwind};
use std::time::Duration;

use labrt::sync::Arc;
use labrt::sync::atomic::{AtomicBool, Ordering::SeqCst};
use labrt::thread;
use labrt::world::{Failure, FailureKind, Options, RemoteCall, World, simulate};

fn failure(main: impl FnOnce(&World) + Send + 'static) -> Failure {
    simulate(Options::new(1), main).result.unwrap_err()
}

#[test]
fn a_panic_in_any_thread_is_the_verdict() {
    let failure = failure(|world| {
        let server = world.node("server 2");
        drop(server.spawn("ticker", || {
            thread::sleep(Duration::from_millis(1500));
            panic!("index {} is gone", 7);
        }));
        thread::sleep(Duration::from_secs(10));
    });
    assert_eq!(failure.kind, FailureKind::Panic);
    assert_eq!(failure.message, "index 7 is gone");
    assert_eq!((failure.node.as_str(), failure.thread.as_str()), ("server 2", "ticker"));
    assert_eq!(failure.at.as_millis(), 1500);
    assert!(failure.location.unwrap().starts_with("labrt/tests/labrt/verdict.rs:"));
    assert_eq!(failure.backtrace, None);
}

#[test]
fn a_recorded_panic_has_a_backtrace() {
    let options = Options { record: true, ..Options::new(1) };
    let failure = simulate(options, |_| -> () { panic!("here") }).result.unwrap_err();
    assert!(failure.backtrace.unwrap().contains("a_recorded_panic_has_a_backtrace"));
}

#[test]
fn a_caught_panic_is_the_verdict_too() {
    let failure = failure(|_| {
        let _ = catch_unwind(|| panic!("caught"));
        thread::sleep(Duration::from_secs(1));
        unreachable!("scheduling has stopped");
    });
    assert_eq!(failure.message, "caught");
}

#[test]
fn the_first_panic_is_the_verdict() {
    struct PanicsToo(Arc<AtomicBool>);
    impl Drop for PanicsToo {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
            thread::sleep(Duration::from_secs(1));
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = dropped.clone();
    let failure = failure(move |_| {
        let _guard = PanicsToo(flag);
        panic!("first");
    });
    assert_eq!(failure.message, "first");
}

#[test]
fn a_todo_is_not_implemented() {
    let failure = failure(|_| todo!("raft::start, part 3B"));
    assert_eq!(failure.kind, FailureKind::NotImplemented);
    assert_eq!(failure.message, "not yet implemented: raft::start, part 3B");
}

#[test]
fn a_check_that_fails_ends_the_run_at_once() {
    let failure = failure(|world| {
        let inner = world.clone();
        drop(world.node("server 0").spawn("applier", move || inner.fail(FailureKind::Assertion, "gap at 3")));
        thread::sleep(Duration::from_secs(1000));
    });
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Assertion, "gap at 3"));
    assert!(failure.at < Duration::from_secs(1));
    assert_eq!(failure.node, "server 0");
}

#[test]
fn an_event_can_end_the_run() {
    let failure = failure(|world| {
        let inner = world.clone();
        world.schedule(Duration::from_secs(1), move || inner.fail_later(FailureKind::Timeout, "too long"));
        thread::sleep(Duration::from_secs(1000));
    });
    assert_eq!((failure.kind, failure.at.as_secs()), (FailureKind::Timeout, 1));
}

#[test]
fn a_run_that_does_not_end_is_a_timeout() {
    let options = Options { max_virtual_time: Duration::from_secs(60), ..Options::new(1) };
    let run = simulate(options, |_| -> () {
        loop {
            thread::sleep(Duration::from_secs(1));
        }
    });
    assert_eq!(run.result.unwrap_err().kind, FailureKind::Timeout);
    assert!(run.virtual_time <= Duration::from_secs(60));
}

#[test]
fn a_spinning_thread_is_a_livelock() {
    let failure = failure(|_| {
        let flag = AtomicBool::new(false);
        while !flag.load(SeqCst) {}
    });
    assert_eq!(failure.kind, FailureKind::Livelock);
    assert_eq!(failure.thread, "main");
    assert!(failure.message.contains("spins"), "{failure}");
}

#[test]
fn a_yielding_spinner_is_a_livelock() {
    let failure = failure(|world| {
        drop(world.node("server 1").spawn("poller", || {
            loop {
                thread::yield_now();
            }
        }));
        thread::sleep(Duration::from_secs(1));
    });
    assert_eq!((failure.kind, failure.thread.as_str()), (FailureKind::Livelock, "poller"));
}

#[test]
fn threads_that_only_wake_each_other_are_a_livelock() {
    let failure = failure(|_| {
        let (there, from_here) = labrt::channel::bounded(0);
        let (back, from_there) = labrt::channel::bounded(0);
        thread::spawn(move || from_here.iter().for_each(|()| back.send(()).unwrap()));
        loop {
            there.send(()).unwrap();
            from_there.recv().unwrap();
        }
    });
    assert_eq!(failure.kind, FailureKind::Livelock);
}

#[test]
fn a_run_can_be_followed_by_another() {
    for seed in 0..50 {
        let result = simulate(Options::new(seed), |_| {
            drop(thread::spawn(|| panic!("each time")));
            thread::sleep(Duration::from_secs(1));
        });
        assert_eq!(result.result.unwrap_err().message, "each time");
    }
}

/// The failure of a run whose server makes one call after another, each after this time.
fn storm(pause: Duration) -> (u64, Failure) {
    let run = simulate(Options::new(1), move |world| -> () {
        let caller = world.clone();
        drop(world.node("server 1").spawn("append", move || {
            loop {
                let call = RemoteCall {
                    method: "Raft.append_entries",
                    to: 0,
                    callee_name: &|| Some("server 0".to_owned()),
                    end: 7,
                    location: Location::caller(),
                    bytes: 100,
                };
                caller.record_event(1);
                caller.remote_call(&call);
                thread::sleep(pause);
            }
        }));
        thread::sleep(Duration::from_secs(3000));
    });
    (run.steps, run.result.unwrap_err())
}

#[test]
fn a_message_storm_is_a_timeout_that_names_the_calls() {
    // With and without message delays.
    for pause in [Duration::ZERO, Duration::from_micros(10)] {
        let (steps, failure) = storm(pause);
        assert_eq!(failure.kind, FailureKind::Timeout, "{failure}");
        for part in [
            "server 1 made ",
            "it calls without end and without delay",
            "\nthe busiest of ",
            " remote calls since 0.000",
            "\n  Raft.append_entries from server 1 to server 0: ",
        ] {
            assert!(failure.message.contains(part), "no {part:?} in: {failure}");
        }
        assert!(failure.location.as_ref().is_some_and(|at| at.starts_with("labrt/tests/labrt/verdict.rs:")));
        assert!(steps < 3_000_000, "{steps}");
        assert_eq!(storm(pause), (steps, failure));
    }
}

#[test]
fn every_timeout_names_the_busiest_calls() {
    let calls = |world: &World| {
        let call = RemoteCall {
            method: "Kv.get",
            to: 3,
            callee_name: &|| Some("server 3".to_owned()),
            end: 0,
            location: Location::caller(),
            bytes: 10,
        };
        world.remote_call(&call);
    };
    let spins = move |world: &World| -> () {
        calls(world);
        loop {
            labrt::world::scheduling_point();
        }
    };
    let waits = move |world: &World| {
        calls(world);
        thread::sleep(Duration::from_secs(7200));
    };
    let computes = move |world: &World| -> () {
        calls(world);
        loop {
            thread::sleep(Duration::from_nanos(1));
        }
    };
    let brief = Options { max_steps: 10_000, ..Options::new(1) };
    let soon = Options { max_cpu_time: Duration::from_millis(1), ..Options::new(1) };
    for failure in [
        simulate(Options::new(1), spins).result.unwrap_err(),
        simulate(Options::new(1), waits).result.unwrap_err(),
        simulate(brief, computes).result.unwrap_err(),
        simulate(soon, computes).result.unwrap_err(),
    ] {
        let end = "the busiest of 1 remote calls since 0.000000 s:\
                   \n  Kv.get from tester to server 3: 1 calls, 10 bytes of arguments";
        assert!(failure.message.ends_with(end), "{failure}");
    }
}
