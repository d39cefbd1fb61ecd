//! The CPU time of all tests, once each, on the reference, with a new seed in each pass.
//!
//! `cargo bench -p lab`

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use lab::COMPILED_IN;
use labrt::world::Policy;
use tester::{Case, RunOptions, run};

fn pass(c: &mut Criterion) {
    for (lab, title) in [("raft", "all tests of lab 3, once"), ("kvraft", "all tests of lab 4, once")] {
        let cases: Vec<&Case> = tester::cases().iter().filter(|case| case.needs.ends_with(&[lab])).collect();
        let mut seed = 0;
        c.bench_function(title, |b| {
            b.iter_custom(|passes| {
                let mut cpu = Duration::ZERO;
                for _ in 0..passes {
                    seed += 1;
                    for case in &cases {
                        let options = RunOptions { policy: Policy::Random, ..RunOptions::new(seed) };
                        let report = run(case, &COMPILED_IN[0], &options);
                        assert!(report.failure.is_none(), "{}: {:?}", case.name, report.failure);
                        cpu += Duration::from_secs_f64(report.cpu_seconds);
                    }
                }
                cpu
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(10));
    targets = pass
}
criterion_main!(benches);
