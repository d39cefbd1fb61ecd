//! The processor time of a save: a Raft peer saves at nearly every message.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use labrt::thread;
use labrt::world::{Options, World, simulate};
use persister::Persister;

/// The processor time of `count` saves of a Raft state of 200 bytes, with a snapshot of `snapshot` bytes.
fn saves(count: u64, snapshot: usize) -> Duration {
    let options = Options { max_virtual_time: Duration::MAX, max_steps: u64::MAX, ..Options::new(count) };
    let run = simulate(options, move |_: &World| {
        let persister = Persister::new();
        let (state, snapshot) = (vec![1; 200], vec![2; snapshot]);
        for number in 0..count {
            // A thread that never waits would be reported as a livelock.
            if number % 10_000 == 0 {
                thread::sleep(Duration::from_millis(1));
            }
            persister.save(black_box(&state), black_box(&snapshot));
        }
    });
    assert!(run.result.is_ok(), "{:?}", run.result);
    run.cpu_time
}

fn save(c: &mut Criterion) {
    c.bench_function("save/no snapshot", |b| b.iter_custom(|count| saves(count, 0)));
    c.bench_function("save/snapshot of 1,000 bytes", |b| b.iter_custom(|count| saves(count, 1000)));
}

criterion_group!(benches, save);
criterion_main!(benches);
