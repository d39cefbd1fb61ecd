//! What it costs to turn an AppendEntries-like message into bytes and back.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Entry {
    term: u64,
    command: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct AppendEntries {
    term: u64,
    leader_id: usize,
    prev_log_index: u64,
    prev_log_term: u64,
    entries: Vec<Entry>,
    leader_commit: u64,
}

fn append_entries(entries: u64) -> AppendEntries {
    AppendEntries {
        term: 3,
        leader_id: 1,
        prev_log_index: 1000,
        prev_log_term: 3,
        entries: (0..entries).map(|i| Entry { term: 3, command: i.to_le_bytes().to_vec() }).collect(),
        leader_commit: 998,
    }
}

fn codec(c: &mut Criterion) {
    for entries in [0, 10] {
        let message = append_entries(entries);
        let bytes = labgob::encode(&message).unwrap();
        let mut group = c.benchmark_group(format!("append_entries/{entries}_entries"));
        group.bench_function("encode", |b| {
            b.iter(|| labgob::encode(black_box(&message)).unwrap());
        });
        let mut buffer = Vec::new();
        group.bench_function("encode_into", |b| {
            b.iter(|| {
                buffer.clear();
                labgob::encode_into(black_box(&message), &mut buffer).unwrap();
                black_box(buffer.len())
            });
        });
        group.bench_function("decode", |b| {
            b.iter(|| labgob::decode::<AppendEntries>(black_box(&bytes)).unwrap());
        });
        group.finish();
    }
}

fn byte_string(c: &mut Criterion) {
    #[derive(Serialize, Deserialize)]
    struct AsAWhole(#[serde(with = "labgob::bytes")] Vec<u8>);

    let command = vec![7u8; 5000];
    let bytes = labgob::encode(&command).unwrap();
    let mut buffer = Vec::with_capacity(8192);
    let mut group = c.benchmark_group("5000_bytes");
    group.bench_function("encode_by_element", |b| {
        b.iter(|| {
            buffer.clear();
            labgob::encode_into(black_box(&command), &mut buffer).unwrap();
        });
    });
    group.bench_function("decode_by_element", |b| {
        b.iter(|| labgob::decode::<Vec<u8>>(black_box(&bytes)).unwrap());
    });
    let command = AsAWhole(command);
    group.bench_function("encode_as_a_whole", |b| {
        b.iter(|| {
            buffer.clear();
            labgob::encode_into(black_box(&command), &mut buffer).unwrap();
        });
    });
    group.bench_function("decode_as_a_whole", |b| {
        b.iter(|| labgob::decode::<AsAWhole>(black_box(&bytes)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, codec, byte_string);
criterion_main!(benches);
