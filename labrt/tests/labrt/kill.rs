//! Killing a node at every instant of what its threads do, whatever they do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use labrt::channel::{bounded, unbounded};
use labrt::sync::{Arc, Condvar, Mutex, RwLock};
use labrt::thread;
use labrt::world::{Node, Options, Run, World, simulate};

const MS: Duration = Duration::from_millis(1);

/// Counts how many are alive, so that a thread that was not unwound is seen. By an atomic of `std`, because a
/// kill may be thrown at any call of labrt, in a destructor too.
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

/// Runs `body` on a node and kills the node when its counter of steps reaches `k`, for every `k` until the body is
/// done before. Afterwards nothing of it may be left, and `after` may look at the world.
fn at_every_point(body: fn(Node, Arc<AtomicUsize>, Tick), expect_warning: bool) {
    let mut killed = 0;
    for k in 0..10_000 {
        let run = kill_at(k, body);
        let (reached, left) = run.result.unwrap_or_else(|failure| panic!("killed at point {k}: {failure}"));
        if !expect_warning {
            assert_eq!(left, 0, "killed at point {k}, {left} threads were not unwound");
            assert_eq!(run.warnings, Vec::<String>::new(), "killed at point {k}");
        }
        if !reached {
            assert!(killed > 10, "the body passes more than 10 points, not {killed}");
            return;
        }
        killed += 1;
    }
    panic!("the body never ends");
}

/// Counts the body's steps and wakes the killer at the k-th.
#[derive(Clone)]
struct Tick {
    steps: Arc<AtomicUsize>,
    at: usize,
    reached: labrt::channel::Sender<()>,
}

impl Tick {
    fn tick(&self) {
        if self.steps.fetch_add(1, SeqCst) == self.at {
            let _ = self.reached.try_send(());
        }
    }
}

fn kill_at(k: usize, body: fn(Node, Arc<AtomicUsize>, Tick)) -> Run<(bool, usize)> {
    simulate(Options::new(k as u64), |world: &World| {
        let node = world.node("victim");
        let alive = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = unbounded();
        let tick = Tick { steps: Arc::new(AtomicUsize::new(0)), at: k, reached: sender };
        body(node.clone(), alive.clone(), tick);
        let reached = receiver.recv_timeout(Duration::from_secs(1)).is_ok();
        node.kill();
        (reached, alive.load(SeqCst))
    })
}

#[test]
fn threads_that_hold_locks_let_go_of_them() {
    at_every_point(
        |node, alive, tick| {
            let (one, two) = (Arc::new(Mutex::new(0)), Arc::new(RwLock::new(0)));
            for _ in 0..3 {
                let (one, two, alive, tick) = (one.clone(), two.clone(), alive.clone(), tick.clone());
                drop(node.spawn("locker", move || {
                    let _alive = Alive::new(&alive);
                    for _ in 0..3 {
                        let mut first = one.lock();
                        tick.tick();
                        let second = two.read();
                        tick.tick();
                        *first += *second;
                        drop(second);
                        tick.tick();
                        *two.write() += 1;
                        tick.tick();
                        drop(first);
                        thread::sleep(MS);
                        tick.tick();
                    }
                }));
            }
        },
        false,
    );
}

#[test]
fn threads_that_wait_for_each_other_are_unwound() {
    at_every_point(
        |node, alive, tick| {
            let pair = Arc::new((Mutex::new(0), Condvar::new()));
            let (sender, receiver) = bounded(0);
            {
                let (pair, alive, tick) = (pair.clone(), alive.clone(), tick.clone());
                drop(node.spawn("waiter", move || {
                    let _alive = Alive::new(&alive);
                    let mut count = pair.0.lock();
                    while *count < 5 {
                        tick.tick();
                        pair.1.wait(&mut count);
                    }
                }));
            }
            {
                let (alive, tick) = (alive.clone(), tick.clone());
                drop(node.spawn("receiver", move || {
                    let _alive = Alive::new(&alive);
                    for () in receiver {
                        tick.tick();
                        *pair.0.lock() += 1;
                        pair.1.notify_all();
                    }
                }));
            }
            drop(node.spawn("sender", move || {
                let _alive = Alive::new(&alive);
                for _ in 0..5 {
                    tick.tick();
                    sender.send(()).unwrap();
                }
            }));
        },
        false,
    );
}

/// Its destructor locks, sends, joins and sleeps.
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
    at_every_point(
        |node, alive, tick| {
            let lock = Arc::new(Mutex::new(0));
            for _ in 0..2 {
                let (lock, alive, tick) = (lock.clone(), alive.clone(), tick.clone());
                drop(node.spawn("busybody", move || {
                    let _alive = Alive::new(&alive);
                    let (sender, _receiver) = unbounded();
                    let (inner, beat) = (alive.clone(), tick.clone());
                    let thread = thread::spawn(move || {
                        let _alive = Alive::new(&inner);
                        for _ in 0..4 {
                            beat.tick();
                            thread::sleep(MS);
                        }
                    });
                    let busybody = Busybody { lock: lock.clone(), sender, thread: Some(thread) };
                    for _ in 0..4 {
                        let mut guard = lock.lock();
                        tick.tick();
                        *guard += 1;
                        thread::sleep(MS);
                        drop(guard);
                        tick.tick();
                    }
                    drop(busybody);
                }));
            }
        },
        false,
    );
}

#[test]
fn a_kill_that_is_caught_is_thrown_again() {
    at_every_point(
        |node, alive, tick| {
            drop(node.spawn("swallower", move || {
                let _alive = Alive::new(&alive);
                for _ in 0..20 {
                    let _ = catch_unwind(AssertUnwindSafe(|| {
                        tick.tick();
                        thread::sleep(MS);
                    }));
                }
            }));
        },
        false,
    );
}

#[test]
fn a_kill_that_is_caught_and_kept_is_thrown_again() {
    at_every_point(
        |node, alive, tick| {
            drop(node.spawn("keeper", move || {
                let _alive = Alive::new(&alive);
                let mut caught = Vec::new();
                for _ in 0..20 {
                    caught.push(catch_unwind(AssertUnwindSafe(|| {
                        tick.tick();
                        thread::sleep(MS);
                    })));
                }
            }));
        },
        false,
    );
}

#[test]
fn a_thread_that_catches_for_ever_is_abandoned() {
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
        [
            "thread `stubborn` of server 3 could not be stopped and was abandoned: while it was being killed it catches \
          every panic and goes on"
        ]
    );
}

#[test]
fn a_destructor_that_waits_for_ever_is_abandoned_and_reported() {
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
        // Panics of others are still seen for what they are.
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
    // The waiter on the condition variable is killed while the lock is held by a sleeping thread: its guard
    // must not unlock what that one holds.
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
            struct Check<'a>(labrt::sync::MutexGuard<'a, i32>, &'a Mutex<i32>);
            impl Drop for Check<'_> {
                fn drop(&mut self) {
                    assert!(self.1.is_locked(), "unlocked by somebody else");
                }
            }
            let _check = Check(for_holder.0.lock(), &for_holder.0);
            thread::sleep(Duration::from_secs(1));
        }));
        thread::sleep(MS);
        node.kill();
        assert!(!pair.0.is_locked());
    });
    run.result.unwrap();
    assert_eq!(run.warnings, Vec::<String>::new());
}

#[test]
fn the_others_notice_nothing_but_silence() {
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
