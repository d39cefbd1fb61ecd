//! Scheduling policies: every interleaving is possible, no thread starves, and bugs that need a certain order
//! of a few steps are found as often as the theory says.

use std::time::Duration;

use labrt::sync::atomic::{AtomicU64, Ordering::SeqCst};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::world::{Options, Policy, Run, World, simulate};

fn run<T: Send + 'static>(
    policy: Policy,
    seed: u64,
    main: impl FnOnce(&World) -> T + Send + 'static,
) -> Run<T> {
    simulate(Options { policy, ..Options::new(seed) }, main)
}

/// The share of 10,000 seeds for which `main` returns `true`.
fn share(policy: Policy, main: impl FnOnce(&World) -> bool + Copy + Send + 'static) -> f64 {
    let found = (0..10_000).filter(|&seed| run(policy, seed, main).result.unwrap()).count();
    found as f64 / 10_000.0
}

/// `count` steps on an atomic that no other thread uses.
fn steps(count: u64) {
    let own = AtomicU64::new(0);
    for _ in 0..count {
        own.fetch_add(1, SeqCst);
    }
}

/// Starts all threads at the same moment, waits for their ends, and returns what they return.
fn together<const N: usize>(bodies: [Box<dyn FnOnce() -> u64 + Send>; N]) -> [u64; N] {
    let (start, started) = labrt::channel::bounded::<()>(0);
    let threads = bodies.map(|body| {
        let started = started.clone();
        thread::spawn(move || {
            let _ = started.recv();
            body()
        })
    });
    thread::sleep(Duration::from_millis(1));
    drop(start);
    threads.map(|thread| thread.join().unwrap())
}

#[test]
fn each_thread_can_be_first_and_last() {
    for policy in Policy::ALL {
        let mut orders = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let order = run(policy, seed, |_| {
                let order = Arc::new(Mutex::new(Vec::new()));
                let body = |name| {
                    let order = Arc::clone(&order);
                    Box::new(move || {
                        order.lock().push(name);
                        0u64
                    }) as Box<dyn FnOnce() -> u64 + Send>
                };
                together([body(0), body(1), body(2)]);
                order.lock().clone()
            });
            orders.insert(order.result.unwrap());
        }
        assert_eq!(orders.len(), 6, "{policy}: {orders:?}");
    }
}

/// Three threads poll an atomic without a pause until a fourth one has set it, after 300 steps. Then they
/// poll until it has done so again: whoever has waited once does not have to wait longer for it.
#[test]
fn threads_that_poll_do_not_keep_the_others_from_running() {
    for policy in Policy::ALL {
        for seed in 0..20 {
            let run = run(policy, seed, |_| {
                let round = Arc::new(AtomicU64::new(0));
                let poll = || {
                    let round = Arc::clone(&round);
                    Box::new(move || {
                        for wanted in 1..=3 {
                            while round.load(SeqCst) < wanted {}
                        }
                        0u64
                    }) as Box<dyn FnOnce() -> u64 + Send>
                };
                let set = Arc::clone(&round);
                let sets = Box::new(move || {
                    for _ in 0..3 {
                        steps(300);
                        set.fetch_add(1, SeqCst);
                    }
                    0
                });
                together([poll(), poll(), poll(), sets]);
            });
            assert!(run.result.is_ok(), "{policy}, seed {seed}: {:?}", run.result);
            assert!(run.steps < 400_000, "{policy}, seed {seed}: {} steps", run.steps);
        }
    }
}

/// A thread that polls and yields in between does not wait for longer either.
#[test]
fn threads_that_yield_let_others_run() {
    for policy in Policy::ALL {
        for seed in 0..20 {
            let run = run(policy, seed, |_| {
                let set = Arc::new(AtomicU64::new(0));
                let (poll, sets) = (Arc::clone(&set), set);
                let poll = Box::new(move || {
                    while poll.load(SeqCst) == 0 {
                        thread::yield_now();
                    }
                    0u64
                }) as Box<dyn FnOnce() -> u64 + Send>;
                let sets = Box::new(move || {
                    steps(100);
                    sets.fetch_add(1, SeqCst)
                });
                together([poll, sets]);
            });
            assert!(run.result.is_ok() && run.steps < 10_000, "{policy}, seed {seed}: {} steps", run.steps);
        }
    }
}

/// The bug shows if one thread makes all of its 20 steps before another one makes the first of its 20: an
/// ordering of depth 1.
fn late_first_step(_: &World) -> bool {
    let started = Arc::new(AtomicU64::new(0));
    let (sets, reads) = (Arc::clone(&started), started);
    let [_, saw] = together([
        Box::new(move || {
            let before = sets.swap(1, SeqCst);
            steps(20);
            before
        }),
        Box::new(move || {
            steps(20);
            reads.load(SeqCst)
        }),
    ]);
    saw == 0
}

/// The bug shows if one thread makes 20 steps between two neighbouring steps of another one, which has made
/// 10 steps before: an ordering of depth 2.
fn stale_between_two_steps(_: &World) -> bool {
    let value = Arc::new(AtomicU64::new(0));
    let (writes, reads) = (Arc::clone(&value), value);
    let [saw, _] = together([
        Box::new(move || {
            steps(10);
            let before = reads.load(SeqCst);
            u64::from(before == 0 && reads.load(SeqCst) == 20)
        }),
        Box::new(move || (0..20).map(|_| writes.fetch_add(1, SeqCst)).sum()),
    ]);
    saw == 1
}

#[test]
fn pct_finds_an_ordering_of_depth_1_with_the_probability_of_the_paper() {
    // 1/n for two threads; a change point or a new window may fall into the 20 steps.
    let pct = share(Policy::Pct, late_first_step);
    assert!((0.3..0.7).contains(&pct), "{pct}");
    // At random the other thread must lose 20 times.
    let random = share(Policy::Random, late_first_step);
    assert!(random < 0.01, "{random}");
}

#[test]
fn pct_finds_an_ordering_of_depth_2_with_the_probability_of_the_paper() {
    // The reader is first (1/2), and one of two change points falls on its first load: 2/k in a window of k
    // choices. The mean of 1/k is 0.27 % over all windows, if those of fewer than 64 choices, which may end
    // in the middle, are counted with 0.
    let pct = share(Policy::Pct, stale_between_two_steps);
    assert!(pct > 0.002, "{pct}");
    let random = share(Policy::Random, stale_between_two_steps);
    assert!(random < 0.001, "{random}");
}

/// A reader has one step, and its rival 30 on objects of its own before the one that races with it. Which of
/// the two racing steps comes first?
fn last_of_many(_: &World) -> bool {
    let value = Arc::new(AtomicU64::new(0));
    let (writes, reads) = (Arc::clone(&value), value);
    let [_, saw] = together([
        Box::new(move || {
            steps(30);
            writes.swap(1, SeqCst)
        }),
        Box::new(move || reads.load(SeqCst)),
    ]);
    saw == 1
}

#[test]
fn pos_delays_a_step_far_more_often_than_chance() {
    // The step of lowest priority waits for 31 others with a probability of 1/32.
    let pos = share(Policy::Pos, last_of_many);
    assert!((0.5 / 32.0..2.5 / 32.0).contains(&pos), "{pos}");
    let random = share(Policy::Random, last_of_many);
    assert!(random < 0.002, "{random}");
}

/// A reader's second load comes after all 30 steps of a writer, on the same atomic, that its first load came
/// before.
fn late_second_load(_: &World) -> bool {
    let value = Arc::new(AtomicU64::new(0));
    let (writes, reads) = (Arc::clone(&value), value);
    let [_, saw] = together([
        Box::new(move || (0..30).map(|_| writes.fetch_add(1, SeqCst)).sum()),
        Box::new(move || {
            let before = reads.load(SeqCst);
            u64::from(before == 0 && reads.load(SeqCst) == 30)
        }),
    ]);
    saw == 1
}

#[test]
fn pos_draws_the_order_of_steps_that_race_anew() {
    // The priority of the second load is drawn again after each step of the writer, which it races with. If
    // it were kept, it would be the lowest of 31 in 1/31 of the runs in which the first load is early.
    let pos = share(Policy::Pos, late_second_load);
    assert!(pos < 0.002, "{pos}");
}
