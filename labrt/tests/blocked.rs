//! Runs that block, overflow a stack or exhaust memory: the verdict of the watchdog, and that the process
//! continues.
//!
//! A test target of its own, because some tests occupy a processor, and other tests measure time.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use labrt::sync::Arc;
use labrt::thread;
use labrt::world::{Backend, Failure, FailureKind, Options, Run, World, simulate, uncounted, with_real_std};
use parking_lot::Mutex;

/// A run with a short stall timeout.
fn with_short_timeout(main: impl FnOnce(&World) + Send + 'static) -> Run<()> {
    simulate(Options { stall_timeout: Duration::from_millis(200), ..Options::new(1) }, main)
}

/// The failure of a run whose thread `ticker` on `server 1` calls `body` 1.5 virtual seconds after the start.
fn ticker(body: impl FnOnce() + Send + 'static) -> Failure {
    let run = with_short_timeout(move |world| {
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

/// Asserts the kind of the failure, its location in this file, and that the message contains all these parts.
#[track_caller]
fn expect_failure(failure: &Failure, kind: FailureKind, parts: &[&str]) {
    assert_eq!(failure.kind, kind, "{failure}");
    for part in parts {
        assert!(failure.message.contains(part), "no {part:?} in: {failure}");
    }
    let location = failure.location.as_deref().unwrap_or_default();
    assert!(location.starts_with("labrt/tests/blocked.rs:"), "{location} in: {failure}");
    // The process continues. Not checked where its memory is limited: pooled stacks may take all of it.
    if std::env::var_os(CHILD_BACKEND).is_none() {
        assert_eq!(simulate(Options::new(7), |_| 7).result, Ok(7));
    }
}

#[test]
fn a_loop_without_a_call_of_labrt_is_found() {
    let failure = ticker(|| {
        let mut number = 1_u64;
        while black_box(number) != 0 {
            number |= 1;
        }
    });
    expect_failure(
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
    expect_failure(
        &failure,
        FailureKind::Blocked,
        &["has been waiting in a system call for ", "they all share one OS thread"],
    );
}

/// Held by tests that allocate much memory, or depend on the memory of the process.
static GROWTH: Mutex<()> = Mutex::new(());

/// Options with a memory limit of 64 MiB.
fn small() -> Options {
    Options { max_memory: 64 << 20, ..Options::new(1) }
}

#[test]
fn a_run_that_exceeds_its_memory_is_ended() {
    let _alone = GROWTH.lock();
    struct Noted(Arc<AtomicBool>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    // Returns whether the thread was unwound.
    let eat = |sleeps: bool| {
        let dropped = Arc::new(AtomicBool::new(false));
        let noted = Noted(dropped.clone());
        let run = simulate(small(), move |_| -> () {
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
        // The amount depends on the machine: the watchdog polls in real time.
        expect_failure(
            &failure,
            FailureKind::Memory,
            &["the process has grown by ", " GiB since the run began"],
        );
        assert_eq!(failure.thread, "main");
        dropped.load(SeqCst)
    };
    assert!(eat(true), "a thread that calls labrt is unwound");
    assert!(!eat(false), "a thread that does not is abandoned");
    assert!(labrt::world::abandoned_runs() > 0);
}

/// Lets real time pass in which the watchdog polls several times.
fn let_the_watchdog_poll() {
    let start = with_real_std(Instant::now);
    while with_real_std(|| start.elapsed()) < Duration::from_millis(300) {
        thread::sleep(Duration::from_micros(1));
    }
}

#[test]
fn uncounted_memory_does_not_count() {
    let _alone = GROWTH.lock();
    let run = simulate(small(), |_| {
        // Pieces this small stay resident when they are freed.
        let kept: Vec<_> = (0..200_000).map(|_| uncounted(|| Box::new([1_u8; 1000]))).collect();
        let _above = black_box(Box::new([1_u8; 1000]));
        let_the_watchdog_poll();
        black_box(kept).into_iter().for_each(|piece| uncounted(|| drop(piece)));
        let_the_watchdog_poll();
    });
    run.result.unwrap();
}

#[test]
fn uncounted_memory_does_not_count_on_real_threads() {
    const LARGE: usize = 100 << 20;
    let _alone = GROWTH.lock();
    let run = simulate(Options { backend: Backend::Threads, ..Options::new(1) }, |world| {
        let growth_by = |f: fn() -> Vec<u8>| {
            let before = world.heap_bytes();
            (f(), world.heap_bytes().abs_diff(before))
        };
        // Other tests use memory of the process, too.
        const OTHERS: u64 = LARGE as u64 / 2;
        let (kept, growth) = growth_by(|| uncounted(|| black_box(vec![1; LARGE])));
        assert!(growth < OTHERS, "{growth}");
        uncounted(|| drop(kept));
        let (_counted, growth) = growth_by(|| black_box(vec![1; LARGE]));
        assert!(growth > OTHERS, "{growth}");
    });
    run.result.unwrap();
}

#[test]
fn messages_without_delay_are_a_timeout() {
    let options = Options { max_steps: 100_000, ..Options::new(1) };
    let run = simulate(options, |world| -> () {
        loop {
            world.record_event(1);
            thread::spawn(|| ()).join().unwrap();
        }
    });
    let failure = run.result.unwrap_err();
    expect_failure(
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
    expect_failure(
        &failure,
        FailureKind::Overflow,
        &["stack of 512 KiB is full", "deeper", "endless recursion"],
    );
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
    let failure = with_short_timeout(|_| {
        lock(&Arc::new(labrt::sync::Mutex::new(0)));
    });
    let failure = failure.result.unwrap_err();
    assert_eq!((failure.kind, failure.thread.as_str()), (FailureKind::Overflow, "main"), "{failure}");
    assert!(failure.message.contains("lock"), "{failure}");
}

#[test]
fn the_same_seed_overflows_in_the_same_way() {
    let fingerprint = || {
        let run = with_short_timeout(|_| {
            thread::sleep(Duration::from_secs(1));
            black_box(deeper(0));
        });
        assert!(run.result.is_err());
        run.fingerprint
    };
    assert_eq!(fingerprint(), fingerprint());
}

#[test]
fn a_run_that_takes_too_much_processor_time_is_a_timeout() {
    let options = Options { max_cpu_time: Duration::from_millis(30), ..Options::new(1) };
    let run = simulate(options, |_| -> () {
        loop {
            thread::sleep(Duration::from_millis(1));
        }
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout, "{failure}");
    assert!(failure.message.contains("had not ended after 0.03 s of processor time"), "{failure}");
    // The machine determines the moment, so there is no fingerprint.
    assert!(failure.from_outside);
    assert_eq!(run.fingerprint, 0);
}

#[test]
fn only_processor_time_counts() {
    // It sleeps in the system for longer than its limit of processor time.
    let options = Options { max_cpu_time: Duration::from_millis(200), ..Options::new(1) };
    let run = simulate(options, |_| {
        for _ in 0..6 {
            with_real_std(|| std::thread::sleep(Duration::from_millis(100)));
            thread::sleep(Duration::from_millis(1));
        }
    });
    assert_eq!(run.result, Ok(()));
}

/// A run in which a thread holds a lock of std during a wait, and another thread locks it.
fn holds_a_lock_of_std(stall_timeout: Duration) -> Run<()> {
    struct Restless(Arc<labrt::sync::Mutex<u64>>);
    impl Drop for Restless {
        fn drop(&mut self) {
            for _ in 0..10 {
                *self.0.lock() += 1;
            }
        }
    }
    simulate(Options { stall_timeout, ..Options::new(3) }, |world| {
        let lock = Arc::new(std::sync::Mutex::new(()));
        let node = world.node("server 1");
        let counter = Arc::new(labrt::sync::Mutex::new(0));
        for _ in 0..3 {
            let (lock, restless) = (lock.clone(), Restless(counter.clone()));
            drop(node.spawn("ticker", move || {
                let _restless = restless;
                let _guard = lock.lock();
                thread::sleep(Duration::from_millis(10));
            }));
        }
        thread::sleep(Duration::from_secs(10));
    })
}

#[test]
fn a_blocked_run_has_one_fingerprint_however_it_is_detected() {
    // Detected by the watchdog, which abandons the run, and from within, after which the run is cleaned up.
    let outside = holds_a_lock_of_std(Duration::from_millis(200));
    let inside = holds_a_lock_of_std(Duration::from_secs(5));
    for run in [&outside, &inside] {
        let failure = run.result.as_ref().unwrap_err();
        expect_failure(failure, FailureKind::Blocked, &["has been waiting in `std::sync::Mutex`"]);
        assert!(run.fingerprint != 0);
    }
    assert_eq!(outside.fingerprint, inside.fingerprint);
}

#[test]
fn a_failed_allocation_is_a_verdict() {
    let failure = ticker(|| {
        let (first, last) = (black_box(7_usize), black_box(8));
        let entries: Vec<u64> = Vec::with_capacity((first.wrapping_sub(last)) >> 8);
        black_box(&entries);
    });
    expect_failure(&failure, FailureKind::Memory, &["the system has no memory for ", " bytes more"]);
}

#[test]
fn a_panic_within_labrt_is_a_verdict() {
    struct Locks(Arc<labrt::sync::Mutex<u64>>);
    impl Drop for Locks {
        fn drop(&mut self) {
            *self.0.lock() += 1;
        }
    }
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 1");
        let lock = Arc::new(labrt::sync::Mutex::new(0));
        let kill = move || {
            // Its destructor calls labrt during unwinding.
            let _locks = Locks(lock.clone());
            node.kill_after(1000, Duration::from_secs(5));
        };
        let other = kill.clone();
        drop(thread::spawn(other));
        kill();
        thread::sleep(Duration::from_secs(10));
    });
    let failure = run.result.unwrap_err();
    expect_failure(
        &failure,
        FailureKind::Panic,
        &["only one crash can be scheduled", "a panic within labrt"],
    );
}

/// The environment variable of a child process of a test, with the name of its backend.
const CHILD_BACKEND: &str = "LABRT_TEST_BACKEND";

/// A run that starts threads until it fails.
fn start_too_many_threads(backend: Backend) -> Run<()> {
    struct Locks(Arc<labrt::sync::Mutex<u64>>);
    impl Drop for Locks {
        fn drop(&mut self) {
            *self.0.lock() += 1;
        }
    }
    simulate(Options { backend, ..Options::new(1) }, |world| {
        let lock = Arc::new(labrt::sync::Mutex::new(0));
        let node = world.node("server 2");
        drop(node.spawn("ticker", move || {
            loop {
                let locks = Locks(lock.clone());
                // A timer thread for each reset.
                drop(thread::spawn(move || {
                    let _locks = locks;
                    thread::sleep(Duration::from_secs(1000));
                }));
            }
        }));
        thread::sleep(Duration::from_secs(60));
    })
}

fn expect_threads_failure(failure: &Failure) {
    expect_failure(
        failure,
        FailureKind::Threads,
        &["server 2 has ", " threads, most of them started at labrt/tests/blocked.rs:"],
    );
}

#[test]
fn too_many_threads_are_a_verdict() {
    let _alone = GROWTH.lock();
    let run = start_too_many_threads(Backend::Simulation);
    let failure = run.result.unwrap_err();
    expect_threads_failure(&failure);
    assert_eq!((failure.node.as_str(), failure.thread.as_str()), ("server 2", "ticker"));
    assert!(failure.message.contains("A run may have 30000 threads"), "{failure}");
    assert!(run.fingerprint != 0);
    assert_eq!(run.fingerprint, start_too_many_threads(Backend::Simulation).fingerprint);
}

#[test]
fn a_failed_thread_start_is_a_verdict() {
    if let Ok(backend) = std::env::var(CHILD_BACKEND) {
        let run = start_too_many_threads(backend.parse().unwrap());
        let failure = run.result.unwrap_err();
        expect_threads_failure(&failure);
        assert!(failure.message.contains("the system cannot start one more ("), "{failure}");
        assert_eq!(run.fingerprint, 0, "the number of threads depends on the machine");
        return;
    }
    for backend in Backend::ALL {
        let program = std::env::current_exe().unwrap();
        let child = std::process::Command::new("sh")
            .args(["-c", "ulimit -v 2000000; exec \"$0\" --exact a_failed_thread_start_is_a_verdict"])
            .arg(program)
            .env(CHILD_BACKEND, backend.name())
            .output()
            .unwrap();
        assert!(child.status.success(), "{backend}: {}", String::from_utf8_lossy(&child.stdout));
    }
}
