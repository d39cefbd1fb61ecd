//! The tests let solutions pass that are right and do something otherwise, one a file of a lab's folder `right`;
//! and the references do exactly what they always do when they are built as those are.
//!
//! `cargo test -p staff --test right_solutions [LAB][::NAME]`

mod trial;

use std::collections::BTreeSet;
use std::process::ExitCode;

use libtest_mimic::Failed;
use staff::build::writable_sections;
use staff::mutants::{RightSolution, Scratch};
use tester::Lab;

use trial::{Body, Fixture, parts};

/// Runs of each test.
const RUNS: u64 = 5;

fn main() -> ExitCode {
    trial::run(|family| {
        let (lab, name) = (family.lab, family.copy());
        let copied = name.clone();
        let copy: Body = Box::new(move |fixture| does_the_same(fixture.scratch()?, lab, &copied));
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
    brings_no_memory(fixture.scratch()?, lab, &right.name)?;
    let mut failed = BTreeSet::new();
    let mut all_printed = String::new();
    // Its own tests, and those of the labs that stand on it.
    for lab in tester::labs().iter().filter(|it| it.krate == lab.krate || it.needs.contains(&lab.krate)) {
        let (results, printed) = fixture.scratch()?.test(&right.name, &parts(lab), RUNS)?;
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

/// A search of object code for memory that servers share finds none where none is.
fn brings_no_memory(scratch: &Scratch, lab: &Lab, solution: &str) -> Result<(), Failed> {
    match writable_sections(&scratch.library(lab, solution))? {
        none if none.is_empty() => Ok(()),
        some => Err(format!("{some:?}").into()),
    }
}

/// A variant is compiled as a crate of its own, with other options. That makes no difference to any run.
fn does_the_same(scratch: &Scratch, lab: &Lab, copy: &str) -> Result<(), Failed> {
    brings_no_memory(scratch, lab, copy)?;
    let fingerprints = |solution: &str| -> Result<Vec<_>, Failed> {
        let (results, printed) = scratch.test(solution, &parts(lab), 3)?;
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
