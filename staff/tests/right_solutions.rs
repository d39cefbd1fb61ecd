//! Correct variants of the references, one in each file of a lab's folder `right`, pass the tests; and an
//! unedited copy of a reference, built in the same way, makes exactly the same runs. A grading has evidence
//! of all runs that pass.
//!
//! `cargo test -p staff --test right_solutions [LAB][::NAME]`
//!
//! With `-- --ignored` the evidence is taken over more seeds.

mod trial;

use std::collections::BTreeSet;
use std::process::ExitCode;

use libtest_mimic::Failed;
use staff::build::writable_sections;
use staff::mutants::evidence::refused_of;
use staff::mutants::{RightSolution, Scratch};
use tester::{Case, Lab};

use trial::{Body, Fixture, OfLab};

/// Runs of each test.
const RUNS: u64 = 5;

/// Runs of each test of which the evidence is taken. That takes some four times as long as a run.
const RUNS_WITH_EVIDENCE: u32 = 1;

/// The same, of the lab's own tests, when this is asked for.
const MORE_RUNS_WITH_EVIDENCE: u32 = 5;

fn main() -> ExitCode {
    trial::run(|family| {
        let (lab, name) = (family.lab, family.copy());
        let copied = name.clone();
        let copy: Body = Box::new(move |fixture| makes_the_same_runs(fixture.scratch()?, lab, &copied));
        let trials_of = |right: &RightSolution| {
            let (name, right) = (right.name.clone(), right.clone());
            let body: Body = Box::new(move |fixture| passes(fixture, lab, &right));
            let (of_passed, evidence_of) = (name.clone(), format!("evidence_of_{name}"));
            let all: Body = Box::new(move |fixture| {
                let (scratch, own) = (fixture.scratch()?, cases_of(lab).collect());
                has_evidence(scratch, &of_passed, own, MORE_RUNS_WITH_EVIDENCE)?;
                let others = labs_with(lab).filter(|it| it.krate != lab.krate).flat_map(cases_of);
                has_evidence(scratch, &of_passed, others.collect(), RUNS_WITH_EVIDENCE)
            });
            [OfLab::new(name, body), OfLab { ignored: true, ..OfLab::new(evidence_of, all) }]
        };
        let right = family.right.iter().flat_map(trials_of);
        [OfLab::new(name, copy)].into_iter().chain(right).collect()
    })
}

/// The lab, and those that depend on it.
fn labs_with(lab: &'static Lab) -> impl Iterator<Item = &'static Lab> {
    tester::labs().iter().filter(|it| it.krate == lab.krate || it.needs.contains(&lab.krate))
}

fn cases_of(lab: &Lab) -> impl Iterator<Item = &'static Case> {
    tester::cases().iter().filter(|case| lab.has_part(case.part))
}

/// A grading refuses no run that passes.
fn has_evidence(
    scratch: &Scratch,
    solution: &str,
    cases: Vec<&'static Case>,
    runs: u32,
) -> Result<(), Failed> {
    if cases.is_empty() {
        return Ok(());
    }
    let jobs = std::thread::available_parallelism().map_or(1, |it| u32::try_from(it.get()).unwrap_or(1));
    let (passed, refused) = refused_of(&scratch.program(), solution, cases, runs, jobs)?;
    println!("{solution}: the evidence of {passed} runs");
    if passed > 0 && refused.is_empty() { Ok(()) } else { Err(refused.join("\n").into()) }
}

fn passes(fixture: &Fixture, lab: &'static Lab, right: &RightSolution) -> Result<(), Failed> {
    fixture.family(lab.krate).edited(&right.edits)?;
    has_no_static_memory(fixture.scratch()?, lab, &right.name)?;
    let mut failed = BTreeSet::new();
    let mut all_printed = String::new();
    // The lab's own tests, and those of the labs that depend on it.
    for lab in labs_with(lab) {
        let (results, printed) = fixture.scratch()?.test(&right.name, &lab.part_names(), RUNS)?;
        let noticed = results.tests.into_iter().filter(|test| !test.failures.is_empty());
        failed.extend(noticed.map(|test| test.name));
        all_printed += &printed;
    }
    let expected = right.too_slow_for.iter().cloned().collect();
    if failed == expected {
        let own = cases_of(lab).collect();
        return has_evidence(fixture.scratch()?, &right.name, own, RUNS_WITH_EVIDENCE);
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
