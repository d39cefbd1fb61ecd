//! Preemption of threads at scheduling points.

use std::time::Duration;

use labrt::channel;
use labrt::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::time::Instant;
use labrt::world::{FailureKind, Options, Run, World, simulate};

const MS: Duration = Duration::from_millis(1);
const US: Duration = Duration::from_micros(1);

fn preempted_every<T: Send + 'static>(
    points: u32,
    seed: u64,
    main: impl FnOnce(&World) -> T + Send + 'static,
) -> Run<T> {
    simulate(Options { preempt_every: points, ..Options::new(seed) }, main)
}

/// The longest times between two reads of the clock by a server's thread and by the tester's.
fn gaps(points: u32) -> (Duration, Duration) {
    fn longest() -> Duration {
        let looks: Vec<_> = (0..1000).map(|_| Instant::now()).collect();
        looks.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
    }
    let run = preempted_every(points, 1, |world| {
        let of_the_server = world.node("server 0").call("look", longest).unwrap();
        (of_the_server, longest())
    });
    run.result.unwrap()
}

#[test]
fn a_thread_of_a_node_is_preempted_and_the_testers_is_not() {
    let (servers, testers) = gaps(20);
    assert!(servers > 80 * US && servers <= 101 * US, "{servers:?}");
    assert!(testers < US, "{testers:?}");
}

#[test]
fn without_preemption_no_time_passes_between_two_reads() {
    let (servers, testers) = gaps(0);
    assert!(servers < US && testers < US, "{servers:?}, {testers:?}");
}

#[test]
fn preemptions_have_the_given_frequency() {
    let run = preempted_every(50, 1, |world| {
        let preemptions = || {
            let looks: Vec<_> = (0..100_000).map(|_| Instant::now()).collect();
            looks.windows(2).filter(|pair| pair[1] - pair[0] > US).count()
        };
        world.node("server 0").call("look", preemptions).unwrap()
    });
    let preemptions = run.result.unwrap();
    assert!((1900..2100).contains(&preemptions), "{preemptions} in 100,000 scheduling points");
}

/// A thread is interrupted between a check and an action, while another thread acts some microseconds later.
#[test]
fn check_then_act_is_interrupted() {
    let interrupted = |points| {
        (0..200)
            .filter(|seed| {
                let run = preempted_every(points, *seed, |world| {
                    let node = world.node("server 0");
                    let told = Arc::new(AtomicBool::new(false));
                    let teller = told.clone();
                    drop(node.spawn("teller", move || {
                        thread::sleep(30 * US);
                        teller.store(true, SeqCst);
                    }));
                    let look_twice = move || !told.load(SeqCst) && told.load(SeqCst);
                    node.call("look", look_twice).unwrap()
                });
                run.result.unwrap()
            })
            .count()
    };
    assert_eq!(interrupted(0), 0);
    assert!(interrupted(5) > 10);
}

#[test]
fn the_same_seed_gives_the_same_preemptions() {
    let run = |seed| {
        let run = preempted_every(10, seed, |world| {
            let node = world.node("server 0");
            let sum = Arc::new(Mutex::new(0));
            let adders: Vec<_> = (0..4)
                .map(|_| {
                    let sum = sum.clone();
                    node.spawn("adder", move || (0..100).for_each(|_| *sum.lock() += 1))
                })
                .collect();
            adders.into_iter().for_each(|adder| adder.join().unwrap());
            *sum.lock()
        });
        (run.result.unwrap(), run.fingerprint, run.virtual_time)
    };
    let first = run(1);
    assert_eq!(first.0, 400);
    assert_eq!(first, run(1));
    assert_ne!(first.1, run(2).1);
}

/// A preempted thread does not wait: the probe is not called in the middle of an operation.
#[test]
fn a_node_is_not_quiet_while_a_thread_of_it_is_preempted() {
    for seed in 0..100 {
        let run = preempted_every(3, seed, |world| {
            let node = world.node("server 0");
            let (begun, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
            let (at_rest, looks) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
            let counters = (begun.clone(), ended.clone());
            drop(node.spawn("worker", move || {
                for _ in 0..20 {
                    thread::sleep(MS);
                    counters.0.fetch_add(1, SeqCst);
                    counters.1.fetch_add(1, SeqCst);
                }
            }));
            let (seen, counted) = (at_rest.clone(), looks.clone());
            node.when_quiet("probe", move || {
                counted.fetch_add(1, SeqCst);
                if begun.load(SeqCst) != ended.load(SeqCst) {
                    seen.store(false, SeqCst);
                }
            });
            thread::sleep(50 * MS);
            (at_rest.load(SeqCst), looks.load(SeqCst))
        });
        let (at_rest, looks) = run.result.unwrap();
        assert!(at_rest && looks > 10, "seed {seed}: {looks} looks");
    }
}

/// A kill ends preempted threads, and a preempted thread of a paused node continues only after the resume.
#[test]
fn preempted_threads_are_killed_and_paused_like_others() {
    for seed in 0..200 {
        let run = preempted_every(2, seed, |world| {
            let node = world.node("server 0");
            let count = Arc::new(AtomicU64::new(0));
            let shared = count.clone();
            drop(node.spawn("counter", move || {
                loop {
                    shared.fetch_add(1, SeqCst);
                    thread::sleep(10 * US);
                }
            }));
            thread::sleep(MS);
            node.pause();
            let before = count.load(SeqCst);
            thread::sleep(MS);
            assert_eq!(count.load(SeqCst), before, "a paused node must not run");
            node.resume();
            thread::sleep(MS);
            assert!(count.load(SeqCst) > before, "a resumed node must run");
            node.kill();
            let before = count.load(SeqCst);
            thread::sleep(MS);
            assert_eq!(count.load(SeqCst), before, "it is dead");
        });
        run.result.unwrap();
    }
}

/// Threads that wake each other without end are reported although preemptions let time pass.
#[test]
fn a_livelock_is_reported() {
    let run = preempted_every(50, 1, |world| {
        let node = world.node("server 0");
        let (ping, pings) = channel::bounded(0);
        let (pong, pongs) = channel::bounded(0);
        drop(node.spawn("one", move || while ping.send(()).is_ok() && pongs.recv().is_ok() {}));
        drop(node.spawn("two", move || while pings.recv().is_ok() && pong.send(()).is_ok() {}));
        thread::sleep(Duration::from_secs(60));
    });
    assert_eq!(run.result.unwrap_err().kind, FailureKind::Livelock);
}
