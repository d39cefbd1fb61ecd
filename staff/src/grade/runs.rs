//! The runs of a submission, test by test.

use std::time::Instant;

use crate::build::Workspace;
use crate::score::{Column, Figures, NOT_RUN};
use labreport::results::{FailedRun, Rule};
use tester::{Case, seed};

use super::checkpoint::{Checkpoint, Sampled, TestEntry};
use super::{Grading, evidence};
use lab::error::CommandError;
use lab::report::failure;
use lab::report::json::{fingerprint, of_failure};
use lab::run::{Analyse, Observer, Outcome, Plan, Run, Settings, pool};

/// The number of hanging runs of a test after which the remaining runs are skipped.
const HANGING: u32 = 3;

/// Bytes of a failure's message that are kept.
const MESSAGE: usize = 4096;

/// The message of runs that were not made because the time was up or the grading was stopped.
pub(super) const CUT_OFF: &str = "the grading had ended";

/// The submission whose runs are made, and its program.
pub(super) struct Runs<'a> {
    pub(super) grading: &'a Grading,
    pub(super) name: &'a str,
    pub(super) program: &'a Workspace,
    /// The deadline of the runs.
    pub(super) until: Option<Instant>,
    /// Called whenever a test is added to the checkpoint.
    pub(super) on_test: &'a dyn Fn(&Checkpoint) -> Result<(), CommandError>,
}

/// Runs these tests and adds each to the checkpoint when all of its runs are complete. If the deadline passes
/// in the middle of a test, or the command is interrupted, returns the incomplete entry of that test, which
/// is not in the checkpoint.
pub(super) fn carry_out(
    runs: &Runs<'_>,
    solution: &'static str,
    column: Column,
    cases: Vec<&'static Case>,
    checkpoint: &mut Checkpoint,
) -> Result<Option<TestEntry>, CommandError> {
    let Runs { grading, name, program, until, on_test } = *runs;
    if cases.is_empty() {
        return Ok(None);
    }
    let of_all = grading.results.settings();
    let settings = Settings { cut_off: until, ..settings(grading, program, solution)? };
    let plan = Plan::new(cases, of_all.runs, of_all.first_seed());
    let sources = format!("{}/", program.sources().display());
    let mut recorder = RunRecorder {
        grading,
        name,
        on_test,
        sources,
        column,
        checkpoint,
        test: None,
        passed: Vec::new(),
        hanging: 0,
        failed: None,
    };
    pool::carry_out(plan, &settings, &mut recorder)?;
    if let Some(cause) = recorder.failed {
        return Err(cause);
    }
    recorder.fail_missing_runs(CUT_OFF);
    recorder.draw_sample();
    Ok(recorder.test.map(|(_, test)| test))
}

/// The settings of runs of a submission.
pub(super) fn settings(
    grading: &Grading,
    program: &Workspace,
    solution: &'static str,
) -> Result<Settings, CommandError> {
    let starter = grading.build_env.starter(&program.program())?;
    let (jobs, wall_limit) = (grading.shares.one(), grading.results.settings().wall_limit());
    let settings = Settings::untrusted(solution, starter, jobs, wall_limit);
    Ok(Settings { analyse: Analyse::Failures, ..settings })
}

/// Records runs in a checkpoint.
struct RunRecorder<'a> {
    grading: &'a Grading,
    name: &'a str,
    on_test: &'a dyn Fn(&Checkpoint) -> Result<(), CommandError>,
    /// The folder of the submission's sources, which is removed from messages so that they do not depend on
    /// it.
    sources: String,
    column: Column,
    checkpoint: &'a mut Checkpoint,
    /// The test whose runs are arriving.
    test: Option<(&'static Case, TestEntry)>,
    /// Its runs that passed.
    passed: Vec<Sampled>,
    /// The number of its runs that hung.
    hanging: u32,
    /// The error of saving the checkpoint.
    failed: Option<CommandError>,
}

impl Observer for RunRecorder<'_> {
    fn next(&mut self, run: Run) {
        let case = run.job.case;
        if self.checkpoint.test(case.name, self.column).is_some() {
            // The test was completed without this run.
            return;
        }
        let column = self.column;
        let (_, test) = self.test.get_or_insert_with(|| {
            let (name, figures) = (case.name.to_owned(), Some(Figures::default()));
            let (runs, failures, sample) = (0, Vec::new(), Vec::new());
            (case, TestEntry { name, column, runs, failures, figures, sample })
        });
        test.runs += 1;
        if let (Outcome::Reported(report), Some(figures)) = (&run.outcome, &mut test.figures) {
            figures.add(report);
        }
        if let Some((failure, _)) = failure::Failure::of(&run) {
            self.hanging += u32::from(failure.hung());
            test.failures.push(kept(&failure, &self.sources));
        }
        if let Outcome::Reported(report) = &run.outcome {
            self.passed.extend(Sampled::of(report));
        }
        let runs = u64::from(self.grading.results.settings().runs);
        if self.has_seen_enough_of_it() {
            self.fail_missing_runs(&format!("{HANGING} runs before it had hung"));
        }
        if self.test.as_ref().is_some_and(|(_, test)| test.runs == runs) {
            self.complete();
        }
    }

    fn has_seen_enough(&self) -> bool {
        self.test.is_none()
    }
}

impl RunRecorder<'_> {
    fn has_seen_enough_of_it(&self) -> bool {
        self.hanging == HANGING
    }

    /// Counts the missing runs of the test as failed.
    fn fail_missing_runs(&mut self, why: &str) {
        let settings = self.grading.results.settings();
        let runs = u64::from(settings.runs);
        let Some((_, test)) = &mut self.test else { return };
        for number in test.runs..runs {
            test.failures.push(FailedRun {
                seed: seed::format(settings.first_seed().wrapping_add(number)),
                kind: NOT_RUN.to_owned(),
                message: why.to_owned(),
                fingerprint: fingerprint(0),
                ..FailedRun::default()
            });
        }
        test.runs = runs;
    }

    fn draw_sample(&mut self) {
        let passed = std::mem::take(&mut self.passed);
        if let Some((_, test)) = &mut self.test {
            test.sample = evidence::sample_of(&test.name, passed);
        }
    }

    fn complete(&mut self) {
        self.hanging = 0;
        self.draw_sample();
        let Some((_, test)) = self.test.take() else { return };
        self.grading.progress.tested(self.name, &test);
        self.checkpoint.tests.push(test);
        let kept = self.checkpoint.save(&self.grading.results, self.name);
        if let Err(cause) = kept.and_then(|()| (self.on_test)(self.checkpoint)) {
            self.failed = Some(cause);
        }
    }
}

fn kept(failure: &failure::Failure, sources: &str) -> FailedRun {
    let mut message = failure.message.replace(sources, "");
    if message.len() > MESSAGE {
        let end = (0..=MESSAGE).rev().find(|&end| message.is_char_boundary(end)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    let of_results = of_failure(failure);
    FailedRun {
        rule: of_results.rule.map(|rule| without_folder(rule, sources)),
        before: of_results.before.map(|rule| without_folder(rule, sources)),
        ..FailedRun::brief(of_results.seed, of_results.kind, message, of_results.fingerprint)
    }
}

/// The rule without the folder of the submission's sources.
fn without_folder(rule: Rule, sources: &str) -> Rule {
    Rule { location: rule.location.map(|location| location.replace(sources, "")), ..rule }
}
