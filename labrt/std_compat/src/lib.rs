//! Lab code that calls std instead of labrt, in a crate of its own as students' code is.
//!
//! [`works`] makes the calls that a simulation supports. [`FAILS`] lists the calls that fail the run, with
//! the labrt name that the failure message must recommend. `cargo run -p std_compat` prints both: the output
//! for a seed is the same in debug and in release.

#![warn(missing_docs)]

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use labrt::sync::Arc;
use rand::RngExt;

/// The results of std maps, random numbers and clocks in three threads, one line for each look.
#[must_use]
pub fn works() -> String {
    let lines = Arc::new(labrt::sync::Mutex::new(String::new()));
    let threads: Vec<_> = (0..3)
        .map(|id| {
            let lines = lines.clone();
            labrt::thread::spawn(move || {
                for _ in 0..3 {
                    let line = observe_std();
                    writeln!(lines.lock(), "thread {id}: {line}").expect("a string takes any text");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("it returns"));
    let lines = lines.lock();
    lines.clone()
}

/// The order of a map and of a set, a random number, the length of a short sleep on the clocks of std and
/// labrt, and the date.
fn observe_std() -> String {
    let map: HashMap<u32, ()> = (0..8).map(|key| (key, ())).collect();
    let set: HashSet<&str> = ["a", "b", "c", "d"].into();
    let number: u64 = rand::rng().random();
    let (start, labrt_start) = (Instant::now(), labrt::time::Instant::now());
    std::thread::sleep(Duration::from_millis(number % 10));
    let slept = (start.elapsed(), labrt_start.elapsed());
    assert!(slept.0 >= Duration::from_millis(number % 10), "a sleep was too short: {slept:?}");
    let date = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    format!(
        "{:?} {:?} {number:#x} {slept:?} {date:?}",
        map.keys().collect::<Vec<_>>(),
        set.iter().collect::<Vec<_>>()
    )
}

/// Polls the clock of std until `time` has passed. Returns how long it took.
#[must_use]
pub fn busy_waits_on_std_clock(time: Duration) -> Duration {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
    start.elapsed()
}

/// A call of std that fails the run: the code that makes it, the failure kind, the call that the message
/// names, and the replacement that it recommends.
pub type Failing = (fn(), &'static str, &'static str, &'static str);

/// All calls that must fail a run.
pub const FAILS: &[Failing] = &[
    (starts_a_thread, "foreign", "std::thread::spawn", "labrt::thread::spawn"),
    (holds_a_mutex, "blocked", "`std::sync::Mutex`", "`labrt::sync::Mutex`"),
    (holds_an_rwlock, "blocked", "`std::sync::RwLock`", "`labrt::sync::RwLock`"),
    (waits_for_a_condition, "blocked", "`std::sync::Condvar`", "`labrt::sync::Condvar`"),
    (waits_for_a_condition_with_a_timeout, "blocked", "`std::sync::Condvar`", "`labrt::sync::Condvar`"),
    (receives, "blocked", "`std::sync::mpsc`", "`labrt::channel`"),
    (receives_with_a_timeout, "blocked", "`std::sync::mpsc`", "`labrt::channel`"),
    (parks, "blocked", "`std::thread::park`", "`labrt::thread::park`"),
    (parks_for_a_while, "blocked", "`std::thread::park`", "`labrt::thread::park`"),
    (holds_a_mutex_of_parking_lot, "blocked", "`parking_lot`", "`labrt::sync`"),
    (receives_from_crossbeam, "blocked", "`crossbeam`", "`labrt::channel`"),
    (waits_for_a_lazy_value, "blocked", "LazyLock`", "`labrt::sync"),
    (polls_the_clock_forever, "livelock", "the clock of std", "`labrt::thread::sleep`"),
];

fn starts_a_thread() {
    let _ = std::thread::spawn(|| ());
}

const NAP: Duration = Duration::from_millis(10);

fn holds_a_mutex() {
    let lock = Arc::new(std::sync::Mutex::new(0));
    let other = lock.clone();
    labrt::thread::spawn(move || {
        let _guard = other.lock();
        labrt::thread::sleep(NAP * 2);
    });
    labrt::thread::sleep(NAP);
    drop(lock.lock());
}

fn holds_an_rwlock() {
    let lock = Arc::new(std::sync::RwLock::new(0));
    let other = lock.clone();
    labrt::thread::spawn(move || {
        let _guard = other.read();
        labrt::thread::sleep(NAP * 2);
    });
    labrt::thread::sleep(NAP);
    drop(lock.write());
}

fn waits_for_a_condition() {
    let lock = std::sync::Mutex::new(());
    drop(std::sync::Condvar::new().wait(lock.lock().expect("nobody panicked")));
}

fn waits_for_a_condition_with_a_timeout() {
    let lock = std::sync::Mutex::new(());
    drop(std::sync::Condvar::new().wait_timeout(lock.lock().expect("nobody panicked"), NAP));
}

fn receives() {
    let (sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv();
    drop(sender);
}

fn receives_with_a_timeout() {
    let (sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv_timeout(NAP);
    drop(sender);
}

fn parks() {
    std::thread::park();
    // Not a tail call, which would leave no trace of this function.
    std::hint::black_box(());
}

fn parks_for_a_while() {
    std::thread::park_timeout(NAP);
    std::hint::black_box(());
}

fn holds_a_mutex_of_parking_lot() {
    let lock = Arc::new(parking_lot::Mutex::new(0));
    let other = lock.clone();
    labrt::thread::spawn(move || {
        let _guard = other.lock();
        labrt::thread::sleep(NAP * 2);
    });
    labrt::thread::sleep(NAP);
    drop(lock.lock());
}

fn receives_from_crossbeam() {
    let (sender, receiver) = crossbeam::channel::unbounded::<()>();
    let _ = receiver.recv();
    drop(sender);
}

fn waits_for_a_lazy_value() {
    let value = Arc::new(std::sync::LazyLock::new(|| labrt::thread::sleep(NAP * 2)));
    let other = value.clone();
    labrt::thread::spawn(move || **other);
    labrt::thread::sleep(NAP);
    **value;
}

fn polls_the_clock_forever() {
    while Instant::now().elapsed() < NAP {}
}
