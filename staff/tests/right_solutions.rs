//! Correct variants of the references, one in each file of a lab's folder `right`, pass the tests; and an
//! unedited copy of a reference, built in the same way, makes exactly the same runs.
//!
//! `cargo test -p staff --test right_solutions [LAB][::NAME]`

mod trial;

use std::collections::BTreeSet;
use std::process::ExitCode;

use libtest_mimic::Failed;
use staff::build::writable_sections;
use staff::mutants::{RightSolution, Scratch};
use tester::Lab;

use trial::{Body, Fixture};

/// Runs of each test.
const RUNS: u64 = 5;

fn main() -> ExitCode {
    trial::run(|family| {
        let (lab, name) = (family.lab, family.copy());
        let copied = name.clone();
        let copy: Body = Box::new(move |fixture| makes_the_same_runs(fixture.scratch()?, lab, &copied));
        let right = family.right.iter().map(|right| {
            let (name, right) = (right.name.clone(), right.clone());
            let body: Body = Box::new(move |fixture| passes(fixture, lab, &right));
            (name, body)
        });
        [(name, copy)].into_iter().chain(right).collect()
    })
}

fn passes(fixture: &Fixture, lab: &'static Lab, right: &RightSolution) -> Result<(), Failed> {
    fixture.family(lab.krate).edited(&right.edits)?;
    has_no_static_memory(fixture.scratch()?, lab, &right.name)?;
    let mut failed = BTreeSet::new();
    let mut all_printed = String::new();
    // The lab's own tests, and those of the labs that depend on it.
    for lab in tester::labs().iter().filter(|it| it.krate == lab.krate || it.needs.contains(&lab.krate)) {
        let (results, printed) = fixture.scratch()?.test(&right.name, &lab.part_names(), RUNS)?;
        let noticed = results.tests.into_iter().filter(|test| !test.failures.is_empty());
        failed.extend(noticed.map(|test| test.name));
        all_printed += &printed;
    }
    let expected = right.too_slow_for.iter().cloned().collect();
    if failed == expected {
        return Ok(());
    }
    Err(format!("expected these tests to fail: {expected:?}; saw {failed:?}\n{all_printed}").into())
}

/// A correct solution has no writable static memory.
fn has_no_static_memory(scratch: &Scratch, lab: &Lab, solution: &str) -> Result<(), Failed> {
    match writable_sections(&scratch.library(lab, solution))? {
        none if none.is_empty() => Ok(()),
        some => Err(format!("{some:?}").into()),
    }
}

/// A variant is compiled as a separate crate with other options. That must not change any run.
fn makes_the_same_runs(scratch: &Scratch, lab: &Lab, copy: &str) -> Result<(), Failed> {
    has_no_static_memory(scratch, lab, copy)?;
    let fingerprints = |solution: &str| -> Result<Vec<_>, Failed> {
        let (results, printed) = scratch.test(solution, &lab.part_names(), 3)?;
        if results.failed_tests() > 0 || results.tests.is_empty() {
            return Err(printed.into());
        }
        Ok(results.tests.into_iter().map(|test| (test.name, test.fingerprint)).collect())
    };
    let (original, copy) = (fingerprints("reference")?, fingerprints(copy)?);
    if original != copy {
        return Err(format!("expected the same runs; saw {original:?} and {copy:?}").into());
    }
    Ok(())
}
