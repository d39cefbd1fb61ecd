//! Runs that block, overflow or eat: what is seen from outside, and that the process goes on.
//!
//! A program of its own, for some of them take all of a processor, and others' tests look at the clock.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use labrt::sync::Arc;
use labrt::thread;
use labrt::world::{Backend, Failure, FailureKind, Options, Run, World, simulate, uncounted, with_real_std};
use parking_lot::Mutex;

/// A run on which nobody wastes time.
fn impatient(main: impl FnOnce(&World) + Send + 'static) -> Run<()> {
    simulate(Options { stall_timeout: Duration::from_millis(200), ..Options::new(1) }, main)
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
    // The process goes on. Not asked where its memory is limited: stacks that are kept for later may be all of it.
    if std::env::var_os(CROWDED).is_none() {
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
        &["has been waiting in a system call for ", "they all share one OS thread"],
    );
}

/// Whoever grows by much or watches that nothing does holds this: growth is the process's.
static GROWTH: Mutex<()> = Mutex::new(());

/// The options of a run that is ended when it has grown by 64 MiB.
fn small() -> Options {
    Options { max_memory: 64 << 20, ..Options::new(1) }
}

#[test]
fn a_run_that_eats_memory_is_ended() {
    let _alone = GROWTH.lock();
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
        // By how much depends on the machine: the watchdog looks in real time.
        says(&failure, FailureKind::Memory, &["the process has grown by ", " GiB since the run began"]);
        assert_eq!(failure.thread, "main");
        dropped.load(SeqCst)
    };
    assert!(eat(true), "a thread that calls labrt gives back what it has");
    assert!(!eat(false), "nothing can be taken from a thread that does not");
    assert!(labrt::world::abandoned_runs() > 0);
}

/// Lets real time pass in which a run is looked at several times.
fn be_looked_at() {
    let start = with_real_std(Instant::now);
    while with_real_std(|| start.elapsed()) < Duration::from_millis(300) {
        thread::sleep(Duration::from_micros(1));
    }
}

#[test]
fn a_run_is_not_charged_with_uncounted_memory() {
    let _alone = GROWTH.lock();
    let run = simulate(small(), |_| {
        // So small pieces stay with the process when they are freed.
        let kept: Vec<_> = (0..200_000).map(|_| uncounted(|| Box::new([1_u8; 1000]))).collect();
        let _above = black_box(Box::new([1_u8; 1000]));
        be_looked_at();
        black_box(kept).into_iter().for_each(|piece| uncounted(|| drop(piece)));
        be_looked_at();
    });
    run.result.unwrap();
}

#[test]
fn on_real_threads_uncounted_memory_is_the_process_s_alone() {
    const LARGE: usize = 100 << 20;
    let _alone = GROWTH.lock();
    let run = simulate(Options { backend: Backend::Threads, ..Options::new(1) }, |world| {
        let growth_by = |f: fn() -> Vec<u8>| {
            let before = world.heap_bytes();
            (f(), world.heap_bytes().abs_diff(before))
        };
        // Other tests hold some of the process's memory.
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
fn messages_without_end_and_without_delay_are_a_timeout() {
    let options = Options { max_steps: 100_000, ..Options::new(1) };
    let run = simulate(options, |world| -> () {
        loop {
            world.record_event(1);
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
    says(&failure, FailureKind::Overflow, &["stack of 512 KiB is full", "deeper", "endless recursion"]);
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
    // When that was is the machine's choice: nothing can be said of another run.
    assert!(failure.from_outside);
    assert_eq!(run.fingerprint, 0);
}

#[test]
fn time_that_a_run_does_not_get_is_not_its_own() {
    // It sleeps in the system for much longer than it may compute.
    let options = Options { max_cpu_time: Duration::from_millis(200), ..Options::new(1) };
    let run = simulate(options, |_| {
        for _ in 0..6 {
            with_real_std(|| std::thread::sleep(Duration::from_millis(100)));
            thread::sleep(Duration::from_millis(1));
        }
    });
    assert_eq!(run.result, Ok(()));
}

/// What a run comes to in which a thread holds a lock of std over a wait, and another one wants it.
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
fn who_blocks_has_the_same_fingerprint_whoever_finds_it() {
    // Once it is found from outside, and the run stands still; once from within, and the run is taken down.
    let outside = holds_a_lock_of_std(Duration::from_millis(200));
    let inside = holds_a_lock_of_std(Duration::from_secs(5));
    for run in [&outside, &inside] {
        let failure = run.result.as_ref().unwrap_err();
        says(failure, FailureKind::Blocked, &["waits in `std::sync::Mutex`"]);
        assert!(run.fingerprint != 0);
    }
    assert_eq!(outside.fingerprint, inside.fingerprint);
}

#[test]
fn memory_that_the_system_does_not_have_is_a_verdict() {
    let failure = ticker(|| {
        let (first, last) = (black_box(7_usize), black_box(8));
        let entries: Vec<u64> = Vec::with_capacity((first.wrapping_sub(last)) >> 8);
        black_box(&entries);
    });
    says(&failure, FailureKind::Memory, &["the system has no memory for ", " bytes more"]);
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
            // It comes back to labrt when it is unwound.
            let _locks = Locks(lock.clone());
            node.kill_after(1000, Duration::from_secs(5));
        };
        let other = kill.clone();
        drop(thread::spawn(other));
        kill();
        thread::sleep(Duration::from_secs(10));
    });
    let failure = run.result.unwrap_err();
    says(&failure, FailureKind::Panic, &["only one crash can be scheduled", "a panic within labrt"]);
}

/// Set for a child of a test: the kind of its threads.
const CROWDED: &str = "LABRT_TEST_CROWDED";

/// A run that starts threads until that fails.
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
                // A timer for each reset.
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
    says(
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
fn threads_that_the_system_does_not_have_are_a_verdict() {
    if let Ok(backend) = std::env::var(CROWDED) {
        let run = start_too_many_threads(backend.parse().unwrap());
        let failure = run.result.unwrap_err();
        expect_threads_failure(&failure);
        assert!(failure.message.contains("the system cannot start one more ("), "{failure}");
        assert_eq!(run.fingerprint, 0, "how many there are is the machine's choice");
        return;
    }
    for backend in Backend::ALL {
        let program = std::env::current_exe().unwrap();
        let child = std::process::Command::new("sh")
            .args([
                "-c",
                "ulimit -v 2000000; exec \"$0\" --exact threads_that_the_system_does_not_have_are_a_verdict",
            ])
            .arg(program)
            .env(CROWDED, backend.name())
            .output()
            .unwrap();
        assert!(child.status.success(), "{backend}: {}", String::from_utf8_lossy(&child.stdout));
    }
}
