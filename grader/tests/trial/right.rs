//! Trials of right solutions, which must pass; and of the references when they are built as those are, which must then
//! do exactly what they always do.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use grader::build::writable_sections;
use grader::page::Page;
use grader::{Corpus, Reference, RightSolution, Scratch};
use libtest_mimic::{Failed, Trial};

use super::Built;

/// Runs of each test.
const RUNS: u64 = 5;

/// Tries all right solutions of a page, and copies of these references.
pub fn run(page: &Page, references: &[Reference]) -> ExitCode {
    let corpus = Corpus::here().expect("files of the right form");
    let built = Arc::new(Built::new(corpus));
    let family = page.family(built.corpus());
    assert!(!family.right.is_empty(), "there are right ones to try");
    let copies = references.iter().map(|&reference| {
        let built = built.clone();
        Trial::test(reference.copy(), move || does_the_same(built.scratch()?, reference))
    });
    let trials = family.right.iter().map(|right| {
        let (built, right) = (built.clone(), right.clone());
        Trial::test(right.name.clone(), move || passes(&built, &right))
    });
    super::run(copies.chain(trials).collect())
}

fn passes(built: &Built, right: &RightSolution) -> Result<(), Failed> {
    built.corpus().edited(right.reference, &right.edits)?;
    brings_no_memory(built.scratch()?, right.reference, &right.name)?;
    let mut failed = BTreeSet::new();
    let mut all_printed = String::new();
    for reference in tried_by(right.reference) {
        let (results, printed) = built.scratch()?.test(&right.name, reference.parts(), RUNS)?;
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

/// The references whose tests a solution must pass that differs from this one. Lab 4 stands on Raft.
fn tried_by(edited: Reference) -> &'static [Reference] {
    match edited {
        Reference::Raft => &[Reference::Raft, Reference::KvRaft],
        Reference::KvSrv => &[Reference::KvSrv],
        Reference::KvRaft => &[Reference::KvRaft],
        Reference::Bully => &[Reference::Bully],
    }
}

/// Who looks at object code for memory that servers share finds none where none is.
fn brings_no_memory(scratch: &Scratch, reference: Reference, solution: &str) -> Result<(), Failed> {
    match writable_sections(&scratch.library(reference, solution))? {
        none if none.is_empty() => Ok(()),
        some => Err(format!("{some:?}").into()),
    }
}

/// What is tried here is what is tried where people work: to be a crate of its own, compiled with other options, makes no
/// difference to any run.
fn does_the_same(scratch: &Scratch, reference: Reference) -> Result<(), Failed> {
    brings_no_memory(scratch, reference, reference.copy())?;
    let fingerprints = |solution| -> Result<Vec<_>, Failed> {
        let (results, printed) = scratch.test(solution, reference.parts(), 3)?;
        if results.noticed() > 0 || results.tests.is_empty() {
            return Err(printed.into());
        }
        Ok(results.tests.into_iter().map(|test| (test.name, test.fingerprint)).collect())
    };
    let (original, copy) = (fingerprints("raft")?, fingerprints(reference.copy())?);
    if original != copy {
        return Err(format!("expected the same runs; saw {original:?} and {copy:?}").into());
    }
    Ok(())
}
