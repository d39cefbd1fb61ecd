//! The tests notice solutions that are wrong on purpose, one in each file of a lab's folder `wrong`: the
//! tests named in the file fail as it says, name the rule that it breaks first, and fail again when they are
//! replayed. A wrong solution listed as unnoticed passes all tests; its rule is among the findings.
//!
//! `cargo test -p staff --test wrong_solutions [LAB][::NAME]`

mod trial;

use std::collections::BTreeSet;
use std::process::ExitCode;

use labreport::results::FailedRun;
use libtest_mimic::Failed;
use staff::mutants::{CaughtBy, Scratch, WrongSolution};
use tester::Lab;

use trial::{Body, Fixture, OfLab};

/// Runs of each test, all of which an unnoticed wrong solution must pass.
const UNSEEN_RUNS: u64 = 5;

fn main() -> ExitCode {
    trial::run(|family| {
        let trial = |wrong: &WrongSolution| {
            let (lab, name, wrong) = (family.lab, wrong.name.clone(), wrong.clone());
            let body: Body = Box::new(move |fixture| try_one(fixture, lab, &wrong));
            OfLab::new(name, body)
        };
        family.wrong.iter().map(trial).collect()
    })
}

fn try_one(fixture: &Fixture, lab: &'static Lab, wrong: &WrongSolution) -> Result<(), Failed> {
    fixture.family(lab.krate).edited(&wrong.edits)?;
    match (&wrong.caught_by[..], &wrong.not_seen) {
        ([], None) => Err("the file names no test that notices, and no reason why none does".into()),
        ([], Some(_)) => is_not_seen(fixture.scratch()?, lab, wrong),
        (caught_by, None) => {
            caught_by.iter().try_for_each(|caught_by| is_caught(fixture.scratch()?, wrong, caught_by))
        }
        (_, Some(_)) => Err("the file says that tests notice, and that none does".into()),
    }
}

fn is_caught(scratch: &Scratch, wrong: &WrongSolution, caught_by: &CaughtBy) -> Result<(), Failed> {
    let CaughtBy { test, kind, within, says, first_broken } = caught_by;
    let first_broken = first_broken.as_ref().or(wrong.first_broken.as_ref()).map(String::as_str);
    if !(1..=10).contains(within) {
        return Err(
            format!("{test}: expected a mistake to be noticed within 1 to 10 seeds, not {within}").into()
        );
    }
    let (results, printed) = scratch.test(&wrong.name, &[test], *within)?;
    let [result] = &results.tests[..] else {
        return Err(format!("`{test}` does not name one test").into());
    };
    let Some(failure) = result.failures.first() else {
        return Err(format!("{test} noticed nothing in {within} runs:\n{printed}").into());
    };
    if failure.kind != *kind || !failure.message.contains(says.as_str()) {
        return Err(
            format!("{test}: expected a failure of kind {kind} that says `{says}`, saw {failure:?}").into()
        );
    }
    let broken = failure.first_broken().map(|rule| rule.id.as_str());
    if broken != first_broken {
        return Err(format!(
            "{test}: expected {first_broken:?} to be broken first, saw {broken:?} in:\n{printed}"
        )
        .into());
    }
    let line = format!("cargo lab replay {test} --seed {} --solution {}", failure.seed, wrong.name);
    // The option with the fault plan may follow.
    let Some(line) = printed.lines().find_map(|printed| printed.find(&line).map(|at| &printed[at..])) else {
        return Err(format!("expected the line `{line}` in:\n{printed}").into());
    };
    replays(scratch, line, failure)
}

/// The printed replay command shows the same failure again, and reports the same run if runs can be compared.
fn replays(scratch: &Scratch, line: &str, failure: &FailedRun) -> Result<(), Failed> {
    let words: Vec<&str> = line.split(' ').skip("cargo lab".split(' ').count()).collect();
    let (status, printed) = scratch.lab(&words)?;
    let same_run = printed.lines().any(|line| line.starts_with("reproduced")) || !failure.is_comparable();
    if status.code() != Some(1) || !printed.contains(&failure.kind_in_words()) || !same_run {
        return Err(format!("expected `{line}` to reproduce the failure ({status}):\n{printed}").into());
    }
    Ok(())
}

/// No test notices the mistake. Otherwise the file and the docs understate the tests.
fn is_not_seen(scratch: &Scratch, lab: &Lab, wrong: &WrongSolution) -> Result<(), Failed> {
    let (results, printed) = scratch.test(&wrong.name, &lab.part_names(), UNSEEN_RUNS)?;
    if results.failed_tests() > 0 {
        return Err(format!("expected the tests to see nothing, but they do:\n{printed}").into());
    }
    let findings = results.tests.iter().flat_map(|test| &test.findings);
    let found: BTreeSet<&str> = findings.map(|finding| finding.rule.id.as_str()).collect();
    match wrong.first_broken.as_deref() {
        Some(rule) if !found.contains(rule) => {
            Err(format!("expected {rule} among the findings, saw {found:?} in:\n{printed}").into())
        }
        _ => Ok(()),
    }
}
