//! Streams of the reference.

use std::collections::BTreeMap;
use std::fmt::Write;

use tester::{Case, cases};

use super::super::Least;
use super::recorded::Recorded;

/// The tests that take much longer than the others.
fn is_long(case: &Case) -> bool {
    case.name.starts_with("mem_put")
}

#[test]
fn streams_of_the_reference_are_evidence() {
    for case in cases().iter().filter(|case| !is_long(case)) {
        for seed in 1..=2 {
            let recorded = Recorded::of_case(case, seed);
            assert!(recorded.report.passed(), "{} {seed}: {:?}", case.name, recorded.report.failure);
            assert_eq!(recorded.check(), Ok(()), "{} with seed {seed}", case.name);
        }
    }
}

#[test]
fn the_table_has_every_test() {
    for case in cases() {
        assert!(Least::known(case.name).is_some(), "least.toml lacks {}: run `write_least`", case.name);
    }
}

/// Writes `least.toml` anew: `cargo test -p staff --lib write_least -- --ignored`.
#[test]
#[ignore = "it writes a file of the source, after a change of the tests"]
fn write_least() {
    let mut flaws = String::new();
    let mut table = String::from("# A quarter of the least in runs of the reference; see least.rs.\n");
    for case in cases() {
        let mut least: Option<BTreeMap<&str, u64>> = None;
        for seed in 100..if is_long(case) { 101 } else { 110 } {
            let recorded = Recorded::of_case(case, seed);
            let amounts = match recorded.amounts() {
                Ok(amounts) => amounts.0,
                Err(flaw) => {
                    writeln!(flaws, "{} with seed {seed}: {flaw}", case.name).expect("a text");
                    continue;
                }
            };
            least = Some(match least {
                None => amounts,
                Some(before) => before
                    .into_iter()
                    .map(|(name, least)| (name, least.min(amounts.get(name).copied().unwrap_or_default())))
                    .collect(),
            });
        }
        write!(table, "\n[{}]\n", case.name).expect("a text");
        for (name, amount) in least.unwrap_or_default().into_iter().filter(|(_, amount)| *amount > 0) {
            writeln!(table, "{name} = {}", (amount / 4).max(1)).expect("a text");
        }
    }
    assert!(flaws.is_empty(), "{flaws}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/evidence/least.toml");
    std::fs::write(path, table).expect("written");
}
