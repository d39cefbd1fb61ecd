//! Costs of std's clock outside a simulation, with the interposed function and without.
//!
//! `cargo bench -p labrt --bench clock`

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use labrt::world::{Options, simulate, system_clock};

fn clock(c: &mut Criterion) {
    // A program with a simulation contains the interposed functions.
    assert!(simulate(Options::new(1), |_| ()).result.is_ok());
    c.bench_function("Instant::now", |b| b.iter(|| black_box(Instant::now())));
    c.bench_function("the system's clock_gettime", |b| b.iter(|| black_box(system_clock())));
    c.bench_function("Instant::now, within a simulation", |b| {
        b.iter_custom(|count| {
            let run = simulate(Options::new(1), move |_| {
                let mut total = Duration::ZERO;
                for _ in 0..count.div_ceil(1000) {
                    labrt::thread::yield_now();
                    let start = labrt::world::with_real_std(Instant::now);
                    (0..1000).for_each(|_| {
                        black_box(Instant::now());
                    });
                    total += labrt::world::with_real_std(|| start.elapsed());
                }
                total
            });
            run.result.expect("a benchmark passes")
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = clock
}
criterion_main!(benches);
