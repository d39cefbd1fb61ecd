//! Costs of a simulation in real time: a whole run, a thread switch, a lock, a channel message.
//!
//! `cargo bench -p labrt`

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::world::{Options, World, simulate, with_real_std};

/// The real time that `main` measures in a simulation.
fn inside(main: impl FnOnce(&World) -> Duration + Send + 'static) -> Duration {
    simulate(Options::new(1), main).result.expect("a benchmark passes")
}

/// The real time of `count` operations. The virtual clock advances after every 1,000, as it does in a test.
fn timed(count: u64, mut operation: impl FnMut()) -> Duration {
    let mut total = Duration::ZERO;
    for batch in (0..count).step_by(1000) {
        thread::sleep(Duration::from_millis(1));
        let start = with_real_std(Instant::now);
        (batch..count.min(batch + 1000)).for_each(|_| operation());
        total += with_real_std(|| start.elapsed());
    }
    total
}

fn primitives(c: &mut Criterion) {
    c.bench_function("an empty run", |b| {
        b.iter(|| simulate(Options::new(1), |_| ()));
    });
    c.bench_function("a switch from thread to thread", |b| {
        b.iter_custom(|count| {
            inside(move |_| {
                // Two threads that yield to each other: every yield is one switch.
                let partner = thread::spawn(move || timed(count.div_ceil(2), thread::yield_now));
                let total = timed(count.div_ceil(2), thread::yield_now);
                // Both measure the same interval, which includes the work of the other one.
                total.max(partner.join().expect("returns"))
            })
        });
    });
    c.bench_function("a lock and its unlock, alone", |b| {
        b.iter_custom(|count| {
            inside(move |_| {
                let lock = Mutex::new(0u64);
                timed(count, || *lock.lock() += 1)
            })
        });
    });
    c.bench_function("a channel hand-over there and back", |b| {
        b.iter_custom(|count| {
            inside(move |_| {
                let (there, from_here) = labrt::channel::bounded(0);
                let (back, from_there) = labrt::channel::bounded(0);
                thread::spawn(move || from_here.iter().for_each(|i: u64| back.send(i).expect("open")));
                timed(count, || {
                    there.send(1).expect("open");
                    from_there.recv().expect("open");
                })
            })
        });
    });
    c.bench_function("a thread spawned and joined", |b| {
        b.iter_custom(|count| {
            inside(move |_| timed(count, || thread::spawn(|| ()).join().expect("returns")))
        });
    });
    c.bench_function("a contended lock, four threads", |b| {
        b.iter_custom(|count| {
            inside(move |_| {
                let lock = Arc::new(Mutex::new(0u64));
                let start = with_real_std(Instant::now);
                let threads: Vec<_> = (0..4)
                    .map(|_| {
                        let lock = lock.clone();
                        thread::spawn(move || {
                            for i in 0..count.div_ceil(4) {
                                *lock.lock() += 1;
                                if i % 1000 == 0 {
                                    thread::sleep(Duration::from_millis(1));
                                }
                            }
                        })
                    })
                    .collect();
                threads.into_iter().for_each(|thread| thread.join().expect("returns"));
                with_real_std(|| start.elapsed())
            })
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = primitives
}
criterion_main!(benches);
