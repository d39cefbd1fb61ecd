//! The processor time of a check of 1,000 to 1,000,000 operations of 10 clients, all of whose calls overlap:
//! on one key and on 100; and with one stale read, evidence included. Puts and appends, of which each
//! text tells what made it. And the cost of evidence where states grow: a text to which three clients append.

use std::hint::black_box;
use std::time::Duration;

use appending::{Fault, Text as Growing};
use cpu_time::ProcessTime;
use criterion::{Criterion, criterion_group, criterion_main};
use linearizability::{Budget, History, KeyValue, Model, Register, Text, TextOutput, Verdict, check};
use random::{KeyValueHistory, Random, RegisterHistory, TextHistory, TextWorkload, Workload};
use searched::Searched;

#[path = "../tests/linearizability/appending.rs"]
mod appending;
#[path = "../tests/linearizability/random.rs"]
#[allow(dead_code, reason = "what the tests make of small histories is not measured")]
mod random;
#[path = "../tests/linearizability/searched.rs"]
mod searched;

fn key_value(operations: usize, keys: usize, losses: bool) -> KeyValueHistory {
    let workload = Workload { clients: 10, operations, keys, losses, guesses: false, values: 0 };
    random::key_value(&mut Random(1), workload)
}

fn register() -> RegisterHistory {
    random::register(&mut Random(1), 10, 10_000, 0)
}

/// The processor time of so many checks, of which each must say what is expected.
fn time<M: Model>(model: &M, history: &History<M::Input, M::Output>, expected: bool, count: u64) -> Duration {
    let start = ProcessTime::now();
    for _ in 0..count {
        let verdict = check(model, black_box(history), Budget::default());
        let found = matches!(verdict, Verdict::Violation(_));
        assert!(if expected { verdict.is_linearizable() } else { found }, "{verdict}");
    }
    start.elapsed()
}

fn histories(c: &mut Criterion) {
    let mut group = c.benchmark_group("10,000 operations");
    group.sample_size(10);
    for (name, right) in [
        ("one key", key_value(10_000, 1, false)),
        ("one key, losses", key_value(10_000, 1, true)),
        ("100 keys", key_value(10_000, 100, false)),
    ] {
        let stale = random::with_a_stale_get(&right).expect("there is a read to corrupt");
        for (what, history, expected) in [("linearizable", &right, true), ("one stale read", &stale, false)] {
            group.bench_function(format!("{name}/{what}"), |b| {
                b.iter_custom(|count| time(&KeyValue, history, expected, count));
            });
            group.bench_function(format!("{name}/{what}, by the search alone"), |b| {
                b.iter_custom(|count| time(&Searched(KeyValue), history, expected, count));
            });
        }
    }
    let right = register();
    let stale = random::with_a_stale_read(&right).expect("there is a read to corrupt");
    for (what, history, expected) in [("linearizable", &right, true), ("one stale read", &stale, false)] {
        group.bench_function(format!("register/{what}"), |b| {
            b.iter_custom(|count| time(&Register, history, expected, count));
        });
    }
    group.finish();
}

/// The exact method, for histories of different lengths.
fn lengths(c: &mut Criterion) {
    let mut group = c.benchmark_group("key/value, one key");
    group.sample_size(10);
    for operations in [1_000, 100_000, 1_000_000] {
        for (losses, lost) in [(false, ""), (true, ", losses")] {
            let right = key_value(operations, 1, losses);
            let stale = random::with_a_stale_get(&right).expect("there is a read to corrupt");
            for (what, history, expected) in
                [("linearizable", &right, true), ("one stale read", &stale, false)]
            {
                group.bench_function(format!("{operations} operations{lost}/{what}"), |b| {
                    b.iter_custom(|count| time(&KeyValue, history, expected, count));
                });
            }
        }
    }
    group.finish();
}

fn text(puts: u64) -> TextHistory {
    let value = |number: usize| format!("x {} {number} y", number % 10);
    let workload = TextWorkload { clients: 10, operations: 10_000, keys: 1, puts, losses: false, value };
    random::text(&mut Random(1), workload)
}

/// The same history, with an append that is in the last answer twice.
fn with_an_append_twice(history: &TextHistory) -> TextHistory {
    let is_text =
        |output: &TextOutput| matches!(output, TextOutput::Value(text) if text.matches('y').count() > 1);
    let last = history.operations().iter().rposition(|it| it.output.as_ref().is_some_and(is_text));
    random::corrupt(history, |position, _, right| match right {
        TextOutput::Value(text) if Some(position) == last => {
            let mut parts: Vec<&str> = text.split_inclusive('y').collect();
            parts.push(parts[1]);
            TextOutput::Value(parts.concat().into())
        }
        right => right.clone(),
    })
}

/// Puts and appends by the exact method.
fn texts(c: &mut Criterion) {
    let mut group = c.benchmark_group("puts and appends, 10,000 operations");
    group.sample_size(10);
    for (puts, name) in [(0, "appends"), (10, "one put in 10 writes")] {
        let right = text(puts);
        let twice = with_an_append_twice(&right);
        for (what, history, expected) in
            [("linearizable", &right, true), ("one append done twice", &twice, false)]
        {
            group.bench_function(format!("{name}/{what}"), |b| {
                b.iter_custom(|count| time(&Text, history, expected, count));
            });
        }
    }
    group.finish();
}

fn growing(c: &mut Criterion) {
    let mut group = c.benchmark_group("appends");
    group.sample_size(10);
    for operations in [38, 1_500] {
        for fault in [Fault::Nothing, Fault::Stale, Fault::Lost, Fault::TooEarly] {
            let history =
                appending::history(&mut Random(1), operations, fault).expect("an answer to corrupt");
            group.bench_function(format!("{operations} operations/{fault:?}"), |b| {
                b.iter_custom(|count| time(&Growing::default(), &history, fault == Fault::Nothing, count));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, histories, lengths, texts, growing);
criterion_main!(benches);
