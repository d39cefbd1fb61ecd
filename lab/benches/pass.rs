//! What all tests cost, once each, in processor time: the reference, a new seed each time.
//!
//! `cargo bench -p lab`

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use labrt::world::Policy;
use tester::{RunOptions, run};

fn pass(c: &mut Criterion) {
    let mut seed = 0;
    c.bench_function("all tests of 3A to 3D, once", |b| {
        b.iter_custom(|passes| {
            let mut cpu = Duration::ZERO;
            for _ in 0..passes {
                seed += 1;
                for case in tester::cases() {
                    let options = RunOptions { policy: Policy::Random, ..RunOptions::new(seed) };
                    let report = run(case, &raft::SOLUTION, &options);
                    assert!(report.failure.is_none(), "{}: {:?}", case.name, report.failure);
                    cpu += Duration::from_secs_f64(report.cpu_seconds);
                }
            }
            cpu
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(10));
    targets = pass
}
criterion_main!(benches);
