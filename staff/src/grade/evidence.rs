//! The evidence of runs that passed: a secret sample of them is made again, and their events are checked.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::BufReader;

use evidence::{Claim, can_be_taken, check};
use lab::error::CommandError;
use lab::report::json::fingerprint;
use lab::run::{Analyse, Observer, Outcome, OutlineFolder, Plan, Record, Run, Settings, pool};
use labreport::results::FailedRun;
use labrt::world::Policy;
use tester::{Case, Report, seed};

use super::checkpoint::{Sampled, TestEntry};
use super::runs::{self, Runs};
use crate::score::Column;

/// Of so many runs of a test that passed, one is made again. That adds 9 % to the processor time of a grading
/// of two references with 20 runs of all tests (a release build).
const ONE_IN: u64 = 40;

/// How often a run is made again whose process dies. That may be the machine's fault, once.
const TRIES: u32 = 3;

/// The factor of the limit on CPU time. Recording a run takes time, which must not fail it.
const MORE_TIME: u32 = 10;

/// The kind of failure of all runs of a test of which one has no evidence.
const NO_EVIDENCE: &str = "no_evidence";

/// A random number below `bound`, which is not 0. It does not depend on the seed of the runs, and nobody
/// outside of this process can know it.
fn random(bound: u64) -> u64 {
    // std's hash maps get their keys from the system's randomness.
    RandomState::new().hash_one(bound) % bound
}

/// Draws a sample of the runs of a test that passed: on average one in [`ONE_IN`].
pub(super) fn sample_of(test: &str, mut passed: Vec<Sampled>) -> Vec<Sampled> {
    passed.retain(|_| can_be_taken(test) && random(ONE_IN) == 0);
    passed
}

/// Makes the runs of the samples again, and checks their events. A test with a run that has no evidence has
/// no run that passed. Samples that have been checked are dropped; if the command is interrupted, the others
/// are kept.
pub(super) fn take(
    runs: &Runs<'_>,
    solution: &'static str,
    mut tests: Vec<&mut TestEntry>,
) -> Result<(), CommandError> {
    tests.retain(|test| !test.sample.is_empty());
    if tests.is_empty() {
        // A submission of which nothing is written has no program that could be started.
        return Ok(());
    }
    let settings = runs::settings(runs.grading, runs.program, solution)?;
    inspect(settings, runs.grading.results.settings().first_seed(), tests)
}

/// As [`take`], with the settings of first runs, and the first seed of all tests.
fn inspect(settings: Settings, first_seed: u64, mut tests: Vec<&mut TestEntry>) -> Result<(), CommandError> {
    for _ in 0..TRIES {
        tests.retain(|test| !test.sample.is_empty());
        let jobs: Vec<(&'static Case, u64)> = tests
            .iter()
            .flat_map(|test| test.sample.iter().filter_map(|run| Some((case_of(&test.name)?, run.seed))))
            .collect();
        if jobs.is_empty() {
            return Ok(());
        }
        let folder = OutlineFolder::new()
            .map_err(|cause| CommandError::new(format!("events of runs cannot be kept: {cause}")))?;
        let settings = Settings {
            record: Record::Outlines(folder.path().to_owned()),
            analyse: Analyse::Nothing,
            wall_limit: settings.wall_limit * MORE_TIME,
            ..settings.clone()
        };
        let mut inspector = Inspector { folder, solution: settings.solution, tests: &mut tests, first_seed };
        pool::carry_out(Plan::one_each(jobs), &settings, &mut inspector)?;
    }
    if !lab::interrupt::has_come() {
        for test in tests {
            if let Some(run) = test.sample.first() {
                let (seed, why) = (run.seed, "its process died each time that it was made again");
                fail(test, seed, why, first_seed);
            }
        }
    }
    Ok(())
}

/// The evidence of all runs of some tests that passed.
#[derive(Debug, Default)]
pub(crate) struct OfAll {
    /// The number of runs that passed.
    pub(crate) passed: usize,
    /// For each test of which a run has no evidence, its name and the reason.
    pub(crate) refused: Vec<(&'static str, String)>,
}

/// Makes runs of these tests, as a grading does, and takes the evidence of all that pass.
pub(crate) fn of_all(
    settings: Settings,
    cases: Vec<&'static Case>,
    runs: u32,
    first_seed: u64,
) -> Result<OfAll, CommandError> {
    let cases: Vec<&'static Case> = cases.into_iter().filter(|case| can_be_taken(case.name)).collect();
    let mut passed = Passed(Vec::new());
    pool::carry_out(Plan::new(cases, runs, first_seed), &settings, &mut passed)?;
    let Passed(mut tests) = passed;
    let passed = tests.iter().map(|test| test.sample.len()).sum();
    inspect(settings, first_seed, tests.iter_mut().collect())?;
    let refused = tests.iter().filter_map(|test| {
        let why = &test.failures.first()?.message;
        Some((case_of(&test.name)?.name, why.clone()))
    });
    Ok(OfAll { passed, refused: refused.collect() })
}

/// Samples that have all runs that passed.
struct Passed(Vec<TestEntry>);

impl Observer for Passed {
    fn next(&mut self, run: Run) {
        let Self(tests) = self;
        let name = run.job.case.name;
        if tests.last().is_none_or(|test| test.name != name) {
            let (name, column) = (name.to_owned(), Column::Own);
            let (failures, figures, sample) = (Vec::new(), None, Vec::new());
            tests.push(TestEntry { name, column, runs: 0, failures, figures, sample });
        }
        let Some(test) = tests.last_mut() else { return };
        test.runs += 1;
        if let Outcome::Reported(report) = &run.outcome {
            test.sample.extend(Sampled::of(report));
        }
    }
}

fn case_of(name: &str) -> Option<&'static Case> {
    tester::cases().iter().find(|case| case.name == name)
}

/// Checks the events of each run that is made again.
struct Inspector<'a, 'b> {
    folder: OutlineFolder,
    solution: &'static str,
    tests: &'a mut Vec<&'b mut TestEntry>,
    first_seed: u64,
}

impl Observer for Inspector<'_, '_> {
    fn next(&mut self, run: Run) {
        let Run { job, outcome, .. } = &run;
        let file = self.folder.take(job);
        let is_of = |test: &&mut &mut TestEntry| test.name == job.case.name;
        let Some(test) = self.tests.iter_mut().find(is_of) else { return };
        let Outcome::Reported(report) = outcome else { return };
        let Some(place) = test.sample.iter().position(|it| it.seed == job.seed) else { return };
        let first = test.sample.remove(place);
        let verdict = match file {
            Ok(Some(file)) if Sampled::of(report).is_some_and(|second| second == first) => {
                check_events(file, self.solution, job.case, report)
            }
            Ok(Some(_)) => Err("made again, it has another report".to_owned()),
            Ok(None) => Err("it has sent no events".to_owned()),
            // The fault of the machine: the run is made again.
            Err(_) => return test.sample.push(first),
        };
        if let Err(why) = verdict {
            fail(test, job.seed, &why, self.first_seed);
        }
    }
}

fn check_events(events: File, solution: &str, case: &Case, report: &Report) -> Result<(), String> {
    let policy = Policy::default().to_string();
    let claim = Claim { case, solution, policy: &policy, report };
    check(BufReader::new(events), &claim).map_err(|flaw| flaw.to_string())
}

/// Counts all runs of a test as failed, since the run of this seed has no evidence.
fn fail(test: &mut TestEntry, seed: u64, why: &str, first_seed: u64) {
    test.sample.clear();
    let message = format!("the evidence of run {} does not fit its report: {why}", seed::format(seed));
    let failure = |seed| FailedRun::brief(seed, NO_EVIDENCE.to_owned(), message.clone(), fingerprint(0));
    let failed: Vec<String> = test.failures.iter().map(|it| it.seed.clone()).collect();
    for number in 0..test.runs {
        let seed = seed::format(first_seed.wrapping_add(number));
        if !failed.contains(&seed) {
            test.failures.push(failure(seed));
        }
    }
}

#[cfg(test)]
mod tests;
