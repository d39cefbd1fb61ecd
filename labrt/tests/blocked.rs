//! Runs that block, overflow or eat: what is seen from outside, and that the process goes on.
//!
//! A program of its own, for some of them take all of a processor, and others' tests look at the clock.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use labrt::sync::Arc;
use labrt::thread;
use labrt::world::{Failure, FailureKind, Options, Run, World, simulate};

/// A run on which nobody wastes time.
fn impatient(main: impl FnOnce(&World) + Send + 'static) -> Run<()> {
    simulate(Options { patience: Duration::from_millis(200), ..Options::new(1) }, main)
}

/// The failure of a run whose thread `ticker` on `server 1` does this, 1.5 virtual seconds after the start.
fn ticker(body: impl FnOnce() + Send + 'static) -> Failure {
    let run = impatient(move |world| {
        drop(world.node("server 1").spawn("ticker", move || {
            thread::sleep(Duration::from_millis(1500));
            body();
        }));
        thread::sleep(Duration::from_secs(10));
    });
    let failure = run.result.unwrap_err();
    assert_eq!((failure.node.as_str(), failure.thread.as_str()), ("server 1", "ticker"), "{failure}");
    assert_eq!(failure.at.as_millis(), 1500, "{failure}");
    failure
}

/// Fails unless the message has all these parts.
#[track_caller]
fn says(failure: &Failure, kind: FailureKind, parts: &[&str]) {
    assert_eq!(failure.kind, kind, "{failure}");
    for part in parts {
        assert!(failure.message.contains(part), "no {part:?} in: {failure}");
    }
    let location = failure.location.as_deref().unwrap_or_default();
    assert!(location.starts_with("labrt/tests/blocked.rs:"), "{location} in: {failure}");
    // The process goes on.
    assert_eq!(simulate(Options::new(7), |_| 7).result, Ok(7));
}

#[test]
fn a_loop_without_a_call_of_labrt_is_found() {
    let failure = ticker(|| {
        let mut number = 1_u64;
        while black_box(number) != 0 {
            number |= 1;
        }
    });
    says(
        &failure,
        FailureKind::Blocked,
        &["computing for ", " s of real time without a call of labrt", "endless loop"],
    );
}

#[test]
fn a_wait_in_the_system_is_found() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let failure = ticker(move || {
        let mut reader = reader;
        std::io::Read::read_exact(&mut reader, &mut [0]).unwrap();
    });
    says(
        &failure,
        FailureKind::Blocked,
        &["waits in a call of the system for ", "they all share one OS thread"],
    );
}

#[test]
fn a_run_that_eats_memory_is_ended() {
    struct Noted(Arc<AtomicBool>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    // Whether the thread was unwound.
    let eat = |sleeps: bool| {
        let dropped = Arc::new(AtomicBool::new(false));
        let noted = Noted(dropped.clone());
        let options = Options { max_memory: 64 << 20, ..Options::new(1) };
        let run = simulate(options, move |_| -> () {
            let _noted = noted;
            let mut hoard = Vec::new();
            loop {
                hoard.push(vec![1_u8; 1 << 20]);
                if sleeps {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let failure = run.result.unwrap_err();
        // By how much depends on the machine: the watchdog looks in real time.
        says(&failure, FailureKind::Memory, &["the process has grown by ", " GiB since the run began"]);
        assert_eq!(failure.thread, "main");
        dropped.load(SeqCst)
    };
    assert!(eat(true), "a thread that calls labrt gives back what it has");
    assert!(!eat(false), "nothing can be taken from a thread that does not");
    assert!(labrt::world::given_up() > 0);
}

#[test]
fn messages_without_end_and_without_delay_are_a_timeout() {
    let options = Options { max_steps: 100_000, ..Options::new(1) };
    let run = simulate(options, |world| -> () {
        loop {
            world.message(1);
            thread::spawn(|| ()).join().unwrap();
        }
    });
    let failure = run.result.unwrap_err();
    says(
        &failure,
        FailureKind::Timeout,
        &["not ended after 100000 scheduling points", "virtual seconds have passed"],
    );
    assert_eq!(run.steps, 100_001);
}

fn deeper(depth: u64) -> u64 {
    let room = black_box([depth; 64]);
    if depth == u64::MAX { room[0] } else { deeper(depth + 1).wrapping_add(room[63]) }
}

#[test]
fn an_overflowing_stack_is_a_verdict() {
    let failure = ticker(|| {
        black_box(deeper(0));
    });
    says(&failure, FailureKind::Overflow, &["stack of 512 KiB is full", "deeper", "recursion without end"]);
}

#[test]
fn a_stack_that_overflows_within_labrt_is_a_verdict() {
    fn lock(lock: &Arc<labrt::sync::Mutex<u64>>) -> u64 {
        *lock.lock() += 1;
        black_box(lock)(lock) + 1
    }
    fn black_box(_: &Arc<labrt::sync::Mutex<u64>>) -> fn(&Arc<labrt::sync::Mutex<u64>>) -> u64 {
        std::hint::black_box(lock)
    }
    let failure = impatient(|_| {
        lock(&Arc::new(labrt::sync::Mutex::new(0)));
    });
    let failure = failure.result.unwrap_err();
    assert_eq!((failure.kind, failure.thread.as_str()), (FailureKind::Overflow, "main"), "{failure}");
    assert!(failure.message.contains("lock"), "{failure}");
}

#[test]
fn the_same_seed_overflows_in_the_same_way() {
    let fingerprint = || {
        let run = impatient(|_| {
            thread::sleep(Duration::from_secs(1));
            black_box(deeper(0));
        });
        assert!(run.result.is_err());
        run.fingerprint
    };
    assert_eq!(fingerprint(), fingerprint());
}
