//! Nodes whose clocks are too fast or too slow.

use std::time::Duration;

use labrt::channel;
use labrt::sync::{Condvar, Mutex};
use labrt::thread;
use labrt::time::Instant;
use labrt::world::{Node, Options, World, simulate};

use crate::{on_threads, passes_simulated, run};

const MS: Duration = Duration::from_millis(1);

/// The duration of `body` on a node, on the run's clock and on the node's.
fn takes(world: &World, node: &Node, body: impl FnOnce() + Send + 'static) -> (Duration, Duration) {
    let world = world.clone();
    let times = node.call("body", move || {
        let start = Instant::now();
        let start_of_run = world.now();
        body();
        let of_the_run = world.now() - start_of_run;
        (of_the_run, start.elapsed())
    });
    times.expect("the node lives")
}

/// Allows for the few nanoseconds that each scheduling point takes.
#[track_caller]
fn assert_about((seen, expected): (Duration, Duration)) {
    assert!(seen >= expected && seen < expected + MS / 10, "{seen:?} instead of {expected:?}");
}

/// All operations that take 100 ms of the caller's time.
fn hundred_milliseconds() -> [(&'static str, fn()); 10] {
    [
        ("sleep", || thread::sleep(100 * MS)),
        ("after", || assert!(channel::after(100 * MS).recv().is_ok())),
        ("at", || assert!(channel::at(Instant::now() + 100 * MS).recv().is_ok())),
        ("tick", || {
            let ticks = channel::tick(20 * MS);
            (0..5).for_each(|_| assert!(ticks.recv().is_ok()));
        }),
        ("recv_timeout", || {
            let (_sender, receiver) = channel::unbounded::<()>();
            assert_eq!(receiver.recv_timeout(100 * MS), Err(channel::RecvTimeoutError::Timeout));
        }),
        ("send_timeout", || {
            let (sender, _receiver) = channel::bounded(0);
            assert!(sender.send_timeout((), 100 * MS).is_err());
        }),
        ("select", || {
            let (_sender, receiver) = channel::unbounded::<()>();
            let mut select = channel::Select::new();
            select.recv(&receiver);
            assert!(select.select_timeout(100 * MS).is_err());
        }),
        ("condvar", || {
            let lock = Mutex::new(());
            assert!(Condvar::new().wait_for(&mut lock.lock(), 100 * MS).timed_out());
        }),
        ("condvar, until", || {
            let (lock, end) = (Mutex::new(()), Instant::now() + 100 * MS);
            assert!(Condvar::new().wait_until(&mut lock.lock(), end).timed_out());
        }),
        ("lock", || {
            let lock = std::sync::Arc::new(Mutex::new(()));
            let held = lock.lock();
            let other = lock.clone();
            let waits = thread::spawn(move || assert!(other.try_lock_for(100 * MS).is_none()));
            while !waits.is_finished() {
                thread::sleep(MS / 100);
            }
            drop(held);
        }),
    ]
}

/// All waits on a node use the node's clock.
#[test]
fn waits_use_the_clock_of_their_node() {
    for (name, wait) in hundred_milliseconds() {
        for (rate, expected) in [(2_000_000, 50 * MS), (500_000, 200 * MS), (1_000_000, 100 * MS)] {
            run(1, move |world| {
                let node = world.node("server");
                node.set_clock_rate(rate);
                let (in_all, here) = takes(world, &node, wait);
                assert!(in_all >= expected && in_all < expected + MS, "{name} at {rate}: {in_all:?}");
                assert!(here >= 100 * MS && here < 102 * MS, "{name} at {rate}: {here:?} on its own clock");
            });
        }
    }
}

#[test]
fn rates_are_in_parts_per_million() {
    run(1, |world| {
        let node = world.node("server");
        node.set_clock_rate(1_100_000);
        let (in_all, here) = takes(world, &node, || thread::sleep(Duration::from_secs(11)));
        assert_about((in_all, Duration::from_secs(10)));
        assert_about((here, Duration::from_secs(11)));
        node.set_clock_rate(999_999);
        let (in_all, _) = takes(world, &node, || thread::sleep(Duration::from_millis(999_999)));
        assert_about((in_all, Duration::from_millis(1_000_000)));
    });
}

#[test]
fn other_nodes_and_the_harness_keep_the_run_s_time() {
    run(1, |world| {
        let (fast, other) = (world.node("fast"), world.node("other"));
        fast.set_clock_rate(10_000_000);
        let start = Instant::now();
        assert_about((takes(world, &other, || thread::sleep(100 * MS)).0, 100 * MS));
        thread::sleep(100 * MS);
        assert_about((start.elapsed(), 200 * MS));
        // Events that the harness schedules on the node's threads use the run's time.
        let late = world.clone();
        let waits = fast.call("event", move || {
            let (sender, receiver) = labrt::world::oneshot::channel();
            let start = late.now();
            let then = late.clone();
            late.schedule(100 * MS, move || sender.send(then.now() - start));
            receiver.recv().expect("it is sent")
        });
        assert_about((waits.unwrap(), 100 * MS));
        // So do the timeouts of the harness.
        let start = world.now();
        fast.kill_after(1000, 100 * MS);
        assert_about((world.now() - start, 100 * MS));
    });
}

/// A clock continues from its present reading when its rate changes: it neither jumps nor goes back.
#[test]
fn a_clock_whose_rate_changes_does_not_jump() {
    passes_simulated(|world| {
        let node = world.node("server");
        let looks = node.spawn("looks", || {
            let start = Instant::now();
            let mut last = start;
            for _ in 0..1000 {
                thread::sleep(MS);
                let now = Instant::now();
                assert!(now - last >= MS && now - last < MS + MS / 10, "{:?}", now - last);
                last = now;
            }
            last - start
        });
        for rate in [2_000_000, 100_000, 1_000_000, 333_333, 10_000_000, 1_000_000] {
            thread::sleep(50 * MS + MS / 3);
            node.set_clock_rate(rate);
        }
        let shown = looks.join().unwrap();
        assert!(shown >= 1000 * MS && shown < 1100 * MS, "{shown:?}");
    });
}

/// The rest of a wait is measured by the clock at its new rate.
#[test]
fn waits_that_have_begun_follow_the_clock() {
    for (name, wait) in hundred_milliseconds() {
        for (rate, expected) in [(2_000_000, 75 * MS), (500_000, 150 * MS)] {
            run(1, move |world| {
                let (node, bystander) = (world.node("server"), world.node("bystander"));
                let slowed = node.clone();
                let change = world.node("change");
                change.run("change", move || {
                    thread::sleep(50 * MS);
                    slowed.set_clock_rate(rate);
                });
                let watch = world.clone();
                let other = bystander.spawn("sleeps", move || {
                    thread::sleep(100 * MS);
                    watch.now()
                });
                let (in_all, here) = takes(world, &node, wait);
                assert!(in_all >= expected && in_all < expected + MS, "{name} at {rate}: {in_all:?}");
                assert!(here >= 100 * MS && here < 102 * MS, "{name} at {rate}: {here:?} on its own clock");
                assert_about((other.join().unwrap(), 100 * MS));
            });
        }
    }
}

#[test]
fn the_clock_of_a_paused_node_continues() {
    run(1, |world| {
        let node = world.node("server");
        let looks = node.spawn("looks", || {
            let start = Instant::now();
            thread::sleep(10 * MS);
            start.elapsed()
        });
        thread::sleep(MS);
        node.pause();
        thread::sleep(99 * MS);
        node.set_clock_rate(2_000_000);
        thread::sleep(100 * MS);
        node.resume();
        assert_about((looks.join().unwrap(), 300 * MS));
    });
}

/// Setting the nominal rate does not change the run.
#[test]
fn the_nominal_rate_does_not_change_the_run() {
    let fingerprint = |rate: Option<u32>, record| {
        let options = Options { record, ..Options::new(5) };
        let run = simulate(options, move |world: &World| {
            let node = world.node("server");
            let (sender, receiver) = channel::unbounded();
            for number in [1, 1, 1, 2, 2, 2, 3, 3, 3] {
                let sender = sender.clone();
                drop(node.spawn("sends", move || {
                    for _ in 0..10 {
                        thread::sleep(number * MS);
                        let _ = sender.send(number);
                    }
                }));
            }
            drop(sender);
            // Many waits are in progress, and several of them end at the same time.
            thread::sleep(3 * MS / 2);
            if let Some(rate) = rate {
                node.set_clock_rate(rate);
            }
            receiver.iter().collect::<Vec<_>>()
        });
        (run.result.unwrap(), run.fingerprint, run.virtual_time)
    };
    assert_eq!(fingerprint(None, false), fingerprint(Some(1_000_000), false));
    assert_eq!(fingerprint(Some(1_234_567), false), fingerprint(Some(1_234_567), true));
    assert_ne!(fingerprint(None, false).1, fingerprint(Some(1_234_567), false).1);
}

/// Checks lower bounds only: waits in real time may always be longer.
#[test]
fn waits_on_real_threads_use_the_clock_of_their_node() {
    let run = simulate(on_threads(1), |world: &World| {
        let (fast, slow) = (world.node("fast"), world.node("slow"));
        fast.set_clock_rate(10_000_000);
        slow.set_clock_rate(500_000);
        for (name, wait) in hundred_milliseconds() {
            let (of_the_run, of_the_node) = takes(world, &slow, wait);
            assert!(
                of_the_run >= 200 * MS && of_the_node >= 100 * MS,
                "{name}: {of_the_run:?}, {of_the_node:?}"
            );
            let (of_the_run, of_the_node) = takes(world, &fast, wait);
            assert!(
                of_the_run >= 10 * MS && of_the_node >= 100 * MS,
                "{name}: {of_the_run:?}, {of_the_node:?}"
            );
            // On a busy machine a single attempt may take longer than the clock shows.
            let fast = (0..10).any(|_| {
                let (of_the_run, of_the_node) = takes(world, &fast, wait);
                of_the_node > 5 * of_the_run
            });
            assert!(fast, "{name}");
        }
        // Waits in progress follow the clock: at the old rate this sleep would exceed the limit of the run.
        slow.set_clock_rate(100_000);
        let sleeper = slow.spawn("sleeper", || thread::sleep(3000 * MS));
        thread::sleep(10 * MS);
        slow.set_clock_rate(10_000_000);
        sleeper.join().unwrap();
    });
    run.result.unwrap();
}

#[test]
fn rates_out_of_range_are_refused() {
    for rate in [0, 99_999, 10_000_001, u32::MAX] {
        let run = simulate(Options::new(1), move |world: &World| world.node("server").set_clock_rate(rate));
        let message = run.result.unwrap_err().message;
        assert_eq!(message, format!("clock rate {rate} ppm is outside 100,000..=10,000,000"));
    }
    run(1, |world| {
        world.node("server").set_clock_rate(100_000);
        world.node("server").set_clock_rate(10_000_000);
    });
}
