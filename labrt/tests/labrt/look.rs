//! A look at lab code: it leaves no trace in the run.

use std::collections::HashSet;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use labrt::channel;
use labrt::sync::atomic::AtomicU32;
use labrt::sync::{Arc, Condvar, Mutex, RwLock};
use labrt::thread;
use labrt::world::{self, Options, Run, World, simulate};
use rand::RngExt;

/// What lab code may do when it is looked at.
type Look = fn(&Shared) -> u32;

#[derive(Default)]
struct Shared {
    free: Mutex<u32>,
    held: Mutex<()>,
    both: RwLock<u32>,
    atomic: AtomicU32,
    changed: Condvar,
}

/// A run with threads that wait, draw and hash, whose node is looked at when it is at rest.
fn looked_at(look: Option<Look>) -> (Run<Vec<u64>>, Vec<Option<u32>>) {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = seen.clone();
    let run = simulate(Options::new(7), move |world: &World| {
        let shared = Arc::new(Shared::default());
        let node = world.node("server 0");
        let (sender, receiver) = channel::unbounded();
        for id in 0..3u64 {
            let (shared, sender) = (shared.clone(), sender.clone());
            drop(node.spawn("worker", move || {
                for _ in 0..5 {
                    thread::sleep(Duration::from_micros(labrt::rand::rng().random_range(1..500)));
                    *shared.free.lock() += 1;
                    let order: HashSet<u64> = (0..9).collect();
                    sender.send(id * 10 + order.into_iter().next().unwrap_or(0)).unwrap();
                    shared.changed.notify_all();
                }
            }));
        }
        // It waits for ever with a lock.
        let holds = shared.clone();
        drop(node.spawn("holder", move || {
            let mut guard = holds.held.lock();
            thread::sleep(Duration::from_secs(5));
            holds.changed.wait(&mut guard);
        }));
        let probed = shared.clone();
        node.when_quiet("probe", move || {
            if let Some(look) = look {
                let told = world::uncounted(|| world::look(|| look(&probed)));
                world::with_real_std(|| kept.lock().unwrap().push(told));
            }
        });
        thread::sleep(Duration::from_secs(1));
        drop(sender);
        receiver.try_iter().collect()
    });
    let seen = seen.lock().unwrap().clone();
    (run, seen)
}

#[track_caller]
fn expect_no_trace(look: Look, answers: bool) {
    let (bare, _) = looked_at(None);
    let (run, seen) = looked_at(Some(look));
    assert_eq!(run.fingerprint, bare.fingerprint);
    assert_eq!(run.result.unwrap(), bare.result.unwrap());
    assert_eq!(run.warnings, bare.warnings);
    assert!(seen.len() > 5, "{seen:?}");
    assert!(seen.iter().all(|told| told.is_some() == answers), "{seen:?}");
}

#[test]
fn what_is_free_can_be_looked_at() {
    expect_no_trace(|_| 7, true);
    expect_no_trace(|shared| *shared.free.lock() + *shared.both.read() + shared.atomic.load(SeqCst), true);
    expect_no_trace(|shared| shared.held.try_lock().is_some().into(), true);
}

#[test]
fn clocks_hash_maps_and_memory_do_not_count() {
    expect_no_trace(|_| HashSet::from([1, 2, 3]).into_iter().next().unwrap_or(0), true);
    expect_no_trace(|_| u32::from(std::time::Instant::now().elapsed() > Duration::from_secs(3600)), true);
    expect_no_trace(|_| vec![0u8; 1 << 20].len() as u32, true);
    expect_no_trace(|_| world::look(|| 3).unwrap_or(0), true);
}

#[test]
fn what_would_change_the_run_ends_the_look() {
    expect_no_trace(
        |shared| {
            drop(shared.held.lock());
            0
        },
        false,
    );
    expect_no_trace(|_| labrt::rand::rng().random(), false);
    expect_no_trace(
        |_| {
            thread::sleep(Duration::from_secs(1));
            0
        },
        false,
    );
    expect_no_trace(|shared| shared.changed.notify_all() as u32, false);
    expect_no_trace(
        |_| {
            drop(thread::spawn(|| ()));
            0
        },
        false,
    );
    expect_no_trace(|_| channel::bounded::<u32>(0).1.recv().unwrap_or(0), false);
    expect_no_trace(
        |_| {
            thread::yield_now();
            0
        },
        false,
    );
}

#[test]
fn a_panic_ends_the_look_alone() {
    expect_no_trace(|shared| panic!("with a lock: {}", shared.free.lock()), false);
}
