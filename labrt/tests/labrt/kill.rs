//! Kills of a node at every scheduling point of its threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crate::on_threads;
use labrt::channel::{bounded, unbounded};
use labrt::sync::{Arc, Condvar, Mutex, Once, RwLock, WaitGroup};
use labrt::thread;
use labrt::time::{Ticker, Timer};
use labrt::world::{Node, Options, Run, World, simulate};

const MS: Duration = Duration::from_millis(1);

/// Counts its live values, to detect threads that were not unwound. Uses an atomic of `std`, because a kill
/// may unwind from any call of labrt, even in a destructor.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Runs `body` on a node and kills the node at its k-th scheduling point, for every `k` until the body ends
/// before. No counted value may be left afterwards.
fn at_every_point(body: fn(Node, Arc<AtomicUsize>)) {
    at_points_of_threads(body);
    for k in 0..100_000 {
        let run = kill_at(k, body);
        let (reached, left) = run.result.unwrap_or_else(|failure| panic!("killed at point {k}: {failure}"));
        assert_eq!(left, 0, "killed at point {k}, {left} threads were not unwound");
        assert_eq!(abandoned(&run.warnings), Vec::<&String>::new(), "killed at point {k}");
        if !reached {
            assert!(k > 20, "the body passes more than 20 scheduling points, not {k}");
            return;
        }
    }
    panic!("the body never ends");
}

/// The warnings about threads that could not be stopped.
fn abandoned(warnings: &[String]) -> Vec<&String> {
    warnings.iter().filter(|warning| warning.contains("abandoned")).collect()
}

/// As [`at_every_point`], on real threads, for a sample of points.
fn at_points_of_threads(body: fn(Node, Arc<AtomicUsize>)) {
    for k in (0..60).step_by(7) {
        let run = kill_with(on_threads(k.into()), k, body);
        let (_, left) =
            run.result.unwrap_or_else(|failure| panic!("on threads, killed at point {k}: {failure}"));
        assert_eq!(left, 0, "on threads, killed at point {k}, {left} threads were not unwound");
        assert_eq!(abandoned(&run.warnings), Vec::<&String>::new(), "on threads, killed at point {k}");
    }
}

/// Returns whether there was a k-th point, and the number of threads left after the kill.
fn kill_at(k: u32, body: fn(Node, Arc<AtomicUsize>)) -> Run<(bool, usize)> {
    kill_with(Options::new(k.into()), k, body)
}

fn kill_with(options: Options, k: u32, body: fn(Node, Arc<AtomicUsize>)) -> Run<(bool, usize)> {
    simulate(options, move |world: &World| {
        let node = world.node("victim");
        let alive = Arc::new(AtomicUsize::new(0));
        body(node.clone(), alive.clone());
        let start = world.now();
        node.kill_after(k, Duration::from_secs(1));
        assert!(!node.is_alive());
        (world.now() - start < Duration::from_secs(1), alive.load(SeqCst))
    })
}

#[test]
fn killed_threads_release_their_locks() {
    at_every_point(|node, alive| {
        let (one, two) = (Arc::new(Mutex::new(0)), Arc::new(RwLock::new(0)));
        for _ in 0..3 {
            let (one, two, alive) = (one.clone(), two.clone(), alive.clone());
            drop(node.spawn("locker", move || {
                let _alive = Alive::new(&alive);
                for _ in 0..3 {
                    let mut first = one.lock();
                    let second = two.read();
                    *first += *second;
                    drop(second);
                    *two.write() += 1;
                    drop(first);
                    thread::sleep(MS);
                }
            }));
        }
    });
}

#[test]
fn threads_that_wait_for_each_other_are_unwound() {
    at_every_point(|node, alive| {
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        let (sender, receiver) = bounded(0);
        {
            let (pair, alive) = (pair.clone(), alive.clone());
            drop(node.spawn("waiter", move || {
                let _alive = Alive::new(&alive);
                let mut count = pair.0.lock();
                while *count < 5 {
                    pair.1.wait(&mut count);
                }
            }));
        }
        {
            let alive = alive.clone();
            drop(node.spawn("receiver", move || {
                let _alive = Alive::new(&alive);
                for () in receiver {
                    *pair.0.lock() += 1;
                    pair.1.notify_all();
                }
            }));
        }
        drop(node.spawn("sender", move || {
            let _alive = Alive::new(&alive);
            for _ in 0..5 {
                sender.send(()).unwrap();
            }
        }));
    });
}

#[test]
fn threads_that_wait_under_a_read_write_lock_are_unwound() {
    at_every_point(|node, alive| {
        let shared = Arc::new((RwLock::new(0), Condvar::new()));
        for _ in 0..2 {
            let (shared, alive) = (shared.clone(), alive.clone());
            drop(node.spawn("reader", move || {
                let _alive = Alive::new(&alive);
                let mut count = shared.0.read();
                while *count < 8 {
                    shared.1.wait(&mut count);
                }
            }));
        }
        for _ in 0..2 {
            let (shared, alive) = (shared.clone(), alive.clone());
            drop(node.spawn("writer", move || {
                let _alive = Alive::new(&alive);
                for _ in 0..4 {
                    let mut count = shared.0.write();
                    *count += 1;
                    shared.1.notify_all();
                    shared.1.wait_for(&mut count, MS);
                }
            }));
        }
    });
}

#[test]
fn threads_that_wait_for_timers_are_unwound() {
    at_every_point(|node, alive| {
        let (timer, ticker) = (Arc::new(Timer::new(3 * MS)), Arc::new(Ticker::new(MS)));
        for _ in 0..2 {
            let (timer, ticker, alive) = (timer.clone(), ticker.clone(), alive.clone());
            drop(node.spawn("waiter", move || {
                let _alive = Alive::new(&alive);
                for _ in 0..4 {
                    labrt::channel::select! {
                        recv(timer.channel()) -> _ => { timer.reset(3 * MS); }
                        recv(ticker.channel()) -> _ => { timer.reset(2 * MS); }
                    }
                }
                let _ = timer.channel().recv();
                timer.reset(MS);
            }));
        }
        drop(node.spawn("resetter", move || {
            let _alive = Alive::new(&alive);
            for _ in 0..4 {
                thread::sleep(MS);
                timer.stop();
                timer.reset(MS);
            }
            ticker.stop();
        }));
    });
}

#[test]
fn threads_that_wait_for_a_value_a_group_or_a_token_are_unwound() {
    at_every_point(|node, alive| {
        let (once, group) = (Arc::new(Once::new()), WaitGroup::new());
        let sleeper = {
            let alive = alive.clone();
            node.spawn("parked", move || {
                let _alive = Alive::new(&alive);
                for _ in 0..3 {
                    thread::park();
                    thread::park_timeout(MS);
                }
            })
        };
        for _ in 0..3 {
            let (once, working, alive, sleeper) =
                (once.clone(), group.clone(), alive.clone(), sleeper.thread());
            drop(node.spawn("worker", move || {
                let _alive = Alive::new(&alive);
                once.call_once(|| thread::sleep(MS));
                for _ in 0..4 {
                    sleeper.unpark();
                    thread::sleep(2 * MS);
                }
                drop(working);
            }));
        }
        drop(node.spawn("waiter", move || {
            let _alive = Alive::new(&alive);
            group.wait();
        }));
    });
}

/// A value whose destructor waits for a value that another thread initializes, and unparks that thread.
struct NeedsOthers(Arc<Once>, WaitGroup, thread::Thread);

impl Drop for NeedsOthers {
    fn drop(&mut self) {
        self.0.call_once(|| ());
        self.2.unpark();
        self.1.wait();
        thread::park_timeout(MS);
    }
}

#[test]
fn destructors_may_wait_for_values_and_groups() {
    at_every_point(|node, alive| {
        let (once, group) = (Arc::new(Once::new()), WaitGroup::new());
        let maker = {
            let (once, working, alive) = (once.clone(), group.clone(), alive.clone());
            node.spawn("maker", move || {
                let (_alive, _working) = (Alive::new(&alive), working);
                once.call_once(|| thread::sleep(3 * MS));
                thread::park();
            })
        };
        for _ in 0..2 {
            let (once, working, alive) = (once.clone(), group.clone(), alive.clone());
            let maker = maker.thread();
            drop(node.spawn("needy", move || {
                let _alive = Alive::new(&alive);
                let _needs = NeedsOthers(once, working, maker);
                for _ in 0..6 {
                    thread::sleep(MS);
                }
            }));
        }
    });
}

/// A value whose destructor locks, sends, joins and sleeps.
struct Busybody {
    lock: Arc<Mutex<u32>>,
    sender: labrt::channel::Sender<u32>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Busybody {
    fn drop(&mut self) {
        *self.lock.lock() += 1;
        let _ = self.sender.send(1);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        thread::sleep(MS);
        drop(thread::spawn(|| ()));
        *self.lock.lock() += 1;
    }
}

#[test]
fn destructors_may_lock_send_join_and_sleep() {
    at_every_point(|node, alive| {
        let lock = Arc::new(Mutex::new(0));
        for _ in 0..2 {
            let (lock, alive) = (lock.clone(), alive.clone());
            drop(node.spawn("busybody", move || {
                let _alive = Alive::new(&alive);
                let (sender, _receiver) = unbounded();
                let inner = alive.clone();
                let thread = thread::spawn(move || {
                    let _alive = Alive::new(&inner);
                    for _ in 0..4 {
                        thread::sleep(MS);
                    }
                });
                let busybody = Busybody { lock: lock.clone(), sender, thread: Some(thread) };
                for _ in 0..4 {
                    let mut guard = lock.lock();
                    *guard += 1;
                    thread::sleep(MS);
                    drop(guard);
                }
                drop(busybody);
            }));
        }
    });
}

#[test]
fn a_kill_that_is_caught_is_thrown_again() {
    at_every_point(|node, alive| {
        drop(node.spawn("swallower", move || {
            let _alive = Alive::new(&alive);
            for _ in 0..30 {
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    thread::sleep(MS);
                }));
            }
        }));
    });
}

#[test]
fn a_caught_kill_whose_payload_is_kept_is_thrown_again() {
    at_every_point(|node, alive| {
        drop(node.spawn("keeper", move || {
            let _alive = Alive::new(&alive);
            let mut caught = Vec::new();
            for _ in 0..30 {
                caught.push(catch_unwind(AssertUnwindSafe(|| {
                    thread::sleep(MS);
                })));
            }
        }));
    });
}

#[test]
fn a_thread_that_always_catches_the_kill_is_abandoned() {
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 3");
        drop(node.spawn("stubborn", || {
            loop {
                let _ = catch_unwind(|| thread::sleep(MS));
            }
        }));
        thread::sleep(5 * MS);
        node.kill();
        thread::sleep(5 * MS);
    });
    run.result.unwrap();
    assert_eq!(
        run.warnings,
        ["thread `stubborn` of server 3 could not be stopped and was abandoned: while it was being killed \
             it catches every panic and continues"]
    );
}

#[test]
fn a_thread_whose_destructor_never_ends_is_abandoned_with_a_warning() {
    struct WaitsForEver(labrt::channel::Receiver<()>);
    impl Drop for WaitsForEver {
        fn drop(&mut self) {
            let _ = self.0.recv();
        }
    }
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 3");
        let (_sender, receiver) = bounded(0);
        drop(node.spawn("stuck", move || {
            let _stuck = WaitsForEver(receiver);
            thread::sleep(Duration::from_secs(1));
        }));
        thread::sleep(5 * MS);
        node.kill();
        assert!(!node.is_alive());
        // Panics of other threads are still reported as panics.
        thread::sleep(5 * MS);
    });
    run.result.unwrap();
    assert_eq!(run.warnings.len(), 1);
    assert!(run.warnings[0].contains("thread `stuck` of server 3"), "{:?}", run.warnings);
    assert!(run.warnings[0].contains("waits to receive at labrt/tests/labrt/kill.rs:"), "{:?}", run.warnings);
}

#[test]
fn threads_that_never_ran_drop_what_they_own() {
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 0");
        let owned = Arc::new(());
        let theirs = owned.clone();
        drop(node.spawn("late", move || drop(theirs)));
        node.kill();
        assert_eq!(Arc::strong_count(&owned), 1);
        let theirs = owned.clone();
        drop(node.spawn("too late", move || drop(theirs)));
        assert_eq!(Arc::strong_count(&owned), 1);
    });
    run.result.unwrap();
}

#[test]
fn a_dying_thread_does_not_take_a_lock_that_another_holds() {
    // The waiter on the condition variable is killed while a sleeping thread holds the lock, which the
    // waiter's guard must not unlock.
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 0");
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        let (for_waiter, for_holder) = (pair.clone(), pair.clone());
        drop(node.spawn("waiter", move || {
            let mut guard = for_waiter.0.lock();
            for_waiter.1.wait(&mut guard);
        }));
        thread::sleep(MS);
        drop(node.spawn("holder", move || {
            struct Check<'a>(&'a Mutex<i32>);
            impl Drop for Check<'_> {
                fn drop(&mut self) {
                    assert!(self.0.is_locked(), "unlocked by somebody else");
                }
            }
            let _guard = for_holder.0.lock();
            let _check = Check(&for_holder.0); // dropped before the guard
            thread::sleep(Duration::from_secs(1));
        }));
        thread::sleep(MS);
        node.kill();
        assert!(!pair.0.is_locked());
    });
    run.result.unwrap();
    assert_eq!(abandoned(&run.warnings), Vec::<&String>::new());
}

#[test]
fn other_nodes_are_not_affected() {
    let run = simulate(Options::new(1), |world| {
        let (one, two) = (world.node("one"), world.node("two"));
        let (sender, receiver) = bounded(0);
        drop(one.spawn("sender", move || {
            loop {
                thread::sleep(MS);
                let _ = sender.send(());
            }
        }));
        let listener = two.spawn("listener", move || receiver.iter().count());
        thread::sleep(10 * MS);
        one.kill();
        assert!(listener.join().unwrap() >= 8);
    });
    run.result.unwrap();
}

#[test]
fn a_second_thread_that_catches_the_kill_is_abandoned_too() {
    struct WaitsForEver;
    impl Drop for WaitsForEver {
        fn drop(&mut self) {
            let (_sender, receiver) = bounded::<()>(0);
            let _ = receiver.recv();
        }
    }
    let run = simulate(Options::new(1), |world| {
        // Abandoned during unwinding, it leaves `std::thread::panicking` true on the OS thread.
        let one = world.node("one");
        one.run("stuck", || {
            let _stuck = WaitsForEver;
            thread::sleep(Duration::from_secs(1));
        });
        thread::sleep(MS);
        one.kill();
        let two = world.node("two");
        two.run("keeper", || {
            loop {
                if let Err(payload) = catch_unwind(|| thread::sleep(MS)) {
                    std::mem::forget(payload);
                }
            }
        });
        thread::sleep(MS);
        two.kill();
    });
    run.result.unwrap();
    assert_eq!(abandoned(&run.warnings).len(), 2, "{:?}", run.warnings);
}

#[test]
fn a_thread_may_kill_its_own_node() {
    for seed in 0..50 {
        let run = simulate(Options::new(seed), |world| {
            let node = world.node("server 0");
            let own = node.clone();
            assert!(node.call("suicide", move || own.kill()).is_err());
            assert!(!node.is_alive());
        });
        run.result.unwrap();
    }
}

#[test]
fn a_destructor_may_kill_another_node() {
    struct Kills(Node);
    impl Drop for Kills {
        fn drop(&mut self) {
            self.0.kill();
        }
    }
    for seed in 0..50 {
        let run = simulate(Options::new(seed), |world| {
            let (one, two) = (world.node("one"), world.node("two"));
            let (owned, theirs) = (Arc::new(()), Kills(two.clone()));
            let held = owned.clone();
            two.run("holder", move || {
                let _held = held;
                thread::sleep(Duration::from_secs(1));
            });
            one.run("killer", move || {
                let _kills = theirs;
                thread::sleep(Duration::from_secs(1));
            });
            thread::sleep(MS);
            one.kill();
            assert!(!two.is_alive());
            assert_eq!(Arc::strong_count(&owned), 1);
        });
        run.result.unwrap();
    }
}

#[test]
fn the_unsent_message_of_a_killed_thread_is_dropped() {
    for seed in 0..50 {
        let run = simulate(Options::new(seed), |world| {
            let node = world.node("server 0");
            let (sender, _receiver) = bounded(0);
            let (only, listener) = bounded::<()>(1);
            node.run("sender", move || drop(sender.send(only)));
            thread::sleep(MS);
            node.kill();
            let gone = labrt::channel::RecvTimeoutError::Disconnected;
            assert_eq!(listener.recv_timeout(MS), Err(gone));
        });
        run.result.unwrap();
    }
}

#[test]
fn a_killed_waiting_writer_does_not_block_readers() {
    for seed in 0..200 {
        let run = simulate(Options::new(seed), |world| {
            let node = world.node("server 0");
            let lock = Arc::new(RwLock::new(0));
            let writing = lock.write();
            let (for_writer, for_reader) = (lock.clone(), lock.clone());
            node.run("writer", move || drop(for_writer.write()));
            let reader = thread::spawn(move || *for_reader.read());
            thread::sleep(MS);
            drop(writing);
            node.kill();
            reader.join().unwrap();
        });
        run.result.unwrap();
    }
}
