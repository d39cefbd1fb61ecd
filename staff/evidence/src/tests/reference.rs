//! Streams of the reference.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

use tester::{Case, cases};

use super::super::{Least, can_be_taken};
use super::recorded::Recorded;

/// The tests of which there is evidence.
fn all() -> impl Iterator<Item = &'static Case> {
    cases().iter().filter(|case| can_be_taken(case.name))
}

/// Calls `f` with each test, in several threads.
fn for_each(f: impl Fn(&'static Case) + Sync) {
    let cases = Mutex::new(all());
    let next = || cases.lock().expect("no test panics with the lock").next();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = next() {
                    f(case);
                }
            });
        }
    });
}

#[test]
fn streams_of_the_reference_are_evidence() {
    for_each(|case| {
        for seed in 1..=2 {
            let recorded = Recorded::of_case(case, seed);
            assert!(recorded.report.passed(), "{} {seed}: {:?}", case.name, recorded.report.failure);
            assert_eq!(recorded.check(), Ok(()), "{} with seed {seed}", case.name);
        }
    });
}

#[test]
fn the_table_has_every_test() {
    assert_eq!(all().count() + 1, cases().len());
    for case in all() {
        assert!(Least::known(case.name).is_some(), "least.toml lacks {}: run `write_least`", case.name);
    }
}

/// What every run of a test has if some have it: others depend on what the seed draws.
const IN_EVERY_RUN: [&str; 10] = [
    "led_terms",
    "agreed_positions",
    "checked_operations",
    "applied",
    "operation_ended",
    "submitted",
    "follows",
    "knows",
    "decided",
    "delivered",
];

/// The bound of an amount that runs have at least and at most. 0: none.
///
/// How much a client does in a given time depends on the solution, and a slow one is right too. So only what
/// is the same in all runs has a bound above 1, and no bound is above 3.
fn bound(case: &Case, name: &str, least: u64, most: u64) -> u64 {
    if least > 0 && least == most && !case.adversarial {
        return (least / 4).clamp(1, 3);
    }
    u64::from(least > 0 && IN_EVERY_RUN.contains(&name))
}

/// Writes `least.toml` anew: `cargo test -p evidence --lib write_least -- --ignored`.
#[test]
#[ignore = "it writes a file of the source, after a change of the tests"]
fn write_least() {
    let rows: Mutex<BTreeMap<&str, String>> = Mutex::default();
    let flaws = Mutex::new(String::new());
    for_each(|case| {
        let mut all: Vec<BTreeMap<&str, u64>> = Vec::new();
        for seed in 100..106 {
            let recorded = Recorded::of_case(case, seed);
            match recorded.amounts() {
                Ok(amounts) => all.push(amounts.0),
                Err(flaw) => {
                    let failure = &recorded.report.failure;
                    let flaws = &mut *flaws.lock().expect("a text");
                    writeln!(flaws, "{} with seed {seed}: {flaw} {failure:?}", case.name).expect("a text");
                }
            }
        }
        let mut bounds = Vec::new();
        for name in all.first().into_iter().flat_map(BTreeMap::keys) {
            let amounts = || all.iter().map(|amounts| amounts.get(name).copied().unwrap_or_default());
            let (least, most) = (amounts().min().unwrap_or_default(), amounts().max().unwrap_or_default());
            let bound = bound(case, name, least, most);
            if bound > 0 {
                bounds.push(format!("{name} = {bound}"));
            }
        }
        let row = format!("{} = {{ {} }}\n", case.name, bounds.join(", "));
        rows.lock().expect("rows").insert(case.name, row);
    });
    let rows = rows.into_inner().expect("rows");
    let table: String = all().filter_map(|case| rows.get(case.name).cloned()).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/least.toml");
    let title = "# How much a run of each test has at least; see least.rs.\n";
    std::fs::write(path, title.to_owned() + &table).expect("written");
    let flaws = flaws.into_inner().expect("a text");
    assert!(flaws.is_empty(), "{flaws}");
}

/// Prints what evidence costs: `cargo test -p evidence --lib cost_of_evidence -- --ignored --nocapture`.
#[test]
#[ignore = "it measures"]
#[cfg(target_os = "linux")]
fn cost_of_evidence() {
    use rustix::time::{ClockId, clock_gettime};
    use tester::{Detail, RunOptions, run};

    #[expect(clippy::cast_precision_loss, reason = "it is printed")]
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
    };
    let (mut all_first, mut all_second) = (0.0, 0.0);
    for case in all() {
        let begin = now();
        drop(run(case, &lab::COMPILED_IN[0], &RunOptions { detail: Detail::Bare, ..RunOptions::new(5) }));
        let first = now() - begin;
        let begin = now();
        let recorded = Recorded::of_case(case, 5);
        if let Err(flaw) = recorded.check() {
            println!("{}: {flaw}", case.name);
        }
        let second = now() - begin;
        println!(
            "{:50} {first:9.1} ms, again {second:9.1} ms ({:.1}), {} events",
            case.name,
            second / first,
            recorded.lines.len()
        );
        (all_first, all_second) = (all_first + first, all_second + second);
    }
    println!("all: {all_first:.1} ms, again {all_second:.1} ms ({:.2})", all_second / all_first);
}
