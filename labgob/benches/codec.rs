//! The time for encoding, decoding and capturing a message like AppendEntries.

use std::hint::black_box;

use labgob::Value;
use labgob::capture::{self, Recorder};
use labgob::fragments::Fragments;

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
        group.bench_function("encode_captured", |b| {
            let _session = capture::begin();
            b.iter(|| capture::encode(black_box(&message)).unwrap());
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
    group.bench_function("encode_by_element_captured", |b| {
        let _session = capture::begin();
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

/// A log of 60 KB whose entries stay encoded, followed by a header, as it grows and is truncated.
fn saves(c: &mut Criterion) {
    let (mut fragments, mut log) = (Fragments::new(), Vec::new());
    let append = |fragments: &mut Fragments, log: &mut Vec<u8>, number: u64| {
        let entry = Some(Entry { term: number, command: number.to_le_bytes().repeat(6) });
        let start = log.len();
        labgob::encode_into(&entry, log).unwrap();
        fragments.add(&log[start..], &Value::of(&entry).unwrap());
    };
    for number in 0..1_000 {
        append(&mut fragments, &mut log, number);
    }
    let mut number = 1_000;
    let len = log.len();
    c.bench_function("fragments/append_to_60_kb", |b| {
        b.iter(|| {
            if log.len() > len + 1_000 {
                log.truncate(len);
            }
            append(&mut fragments, &mut log, number);
            let mut saved = log.clone();
            let start = saved.len();
            let header = (None::<Entry>, (number, Some(1usize), 7u64));
            labgob::encode_into(&header, &mut saved).unwrap();
            fragments.add(&saved[start..], &Value::of(&header).unwrap());
            number += 1;
            black_box(fragments.read(&saved).len())
        });
    });
    let mut raw: Vec<u8> = (0..60_000u32).map(|byte| ((byte * 31) >> 3) as u8).collect();
    c.bench_function("fragments/append_to_60_kb_of_unknown_bytes", |b| {
        b.iter(|| {
            if raw.len() > 61_000 {
                raw.truncate(60_000);
            }
            raw.extend_from_slice(&[1, 2, 3]);
            black_box(fragments.read(&raw).len())
        });
    });
}

/// A recorder that captures everything.
struct Everything;

impl Recorder for Everything {
    fn wants(&self) -> bool {
        true
    }

    fn encoded(&self, _: &[u8], value: Value) {
        black_box(value);
    }

    fn uncounted(&self, f: &mut dyn FnMut()) {
        f();
    }
}

fn install(_: &mut Criterion) {
    capture::install(&Everything);
}

criterion_group!(benches, install, codec, byte_string, saves);
criterion_main!(benches);
