//! The runs of a submission, test by test.

use grader::Failure;
use grader::build::Workspace;
use grader::score::{Column, NOT_RUN};
use labrt::world::{Backend, FailureKind, Policy};
use tester::{Case, seed};

use super::Grading;
use super::ledger::{Ledger, TestEntry};
use crate::error::CommandError;
use crate::report::failure;
use crate::report::json::fingerprint;
use crate::run::{Observer, Output, PATIENCE, Plan, Record, Run, Settings, pool};

/// So many runs of a test may hang before the others are not tried.
const HANGING: u32 = 3;

/// Bytes of a failure's message that are kept.
const MESSAGE: usize = 4096;

/// Runs these tests and enters them in the ledger, each when all of its runs are over.
pub(super) fn carry_out(
    grading: &Grading,
    name: &str,
    program: &Workspace,
    solution: &'static str,
    column: Column,
    cases: Vec<&'static Case>,
    ledger: &mut Ledger,
) -> Result<(), CommandError> {
    if cases.is_empty() {
        return Ok(());
    }
    let of_all = grading.place.settings();
    let settings = Settings {
        backend: Backend::Simulation,
        jobs: grading.shares.one(),
        solution,
        policy: Policy::default(),
        record: Record::Nothing,
        patience: PATIENCE,
        wall_limit: of_all.wall_limit(),
        deadline: None,
        fail_fast: false,
        is_strange: true,
        output: Output::Kept,
        starter: grading.workshop.starter(&program.program())?,
    };
    let plan = Plan::new(cases, of_all.runs, of_all.first_seed());
    let sources = format!("{}/", program.sources().display());
    let mut clerk = Clerk { grading, name, sources, column, ledger, test: None, hanging: 0, failed: None };
    pool::carry_out(plan, &settings, &mut clerk)?;
    clerk.failed.map_or(Ok(()), Err)
}

/// Enters runs in a ledger.
struct Clerk<'a> {
    grading: &'a Grading,
    name: &'a str,
    /// Where its source is: what is told of it must not depend on that.
    sources: String,
    column: Column,
    ledger: &'a mut Ledger,
    /// The test whose runs are arriving.
    test: Option<(&'static Case, TestEntry)>,
    /// How many of its runs hung.
    hanging: u32,
    /// Why the ledger cannot be kept.
    failed: Option<CommandError>,
}

impl Observer for Clerk<'_> {
    fn next(&mut self, run: Run) {
        let case = run.job.case;
        if self.ledger.test(case.name, self.column).is_some() {
            // There was enough to see without it.
            return;
        }
        let column = self.column;
        let (_, test) = self.test.get_or_insert_with(|| {
            let entry = TestEntry { name: case.name.to_owned(), column, runs: 0, failures: Vec::new() };
            (case, entry)
        });
        test.runs += 1;
        if let Some((failure, _)) = failure::Failure::of(&run) {
            self.hanging += u32::from(hung(&failure));
            test.failures.push(kept(&failure, &self.sources));
        }
        let runs = u64::from(self.grading.place.settings().runs);
        if self.has_seen_enough_of_it() {
            self.give_up(run.job.seed);
        }
        if self.test.as_ref().is_some_and(|(_, test)| test.runs == runs) {
            self.enter();
        }
    }

    fn has_seen_enough(&self) -> bool {
        self.test.is_none()
    }
}

impl Clerk<'_> {
    fn has_seen_enough_of_it(&self) -> bool {
        self.hanging == HANGING
    }

    /// Counts the runs after this seed as failed.
    fn give_up(&mut self, last: u64) {
        let runs = u64::from(self.grading.place.settings().runs);
        let Some((_, test)) = &mut self.test else { return };
        for number in 1..=runs - test.runs {
            test.failures.push(Failure {
                seed: seed::format(last.wrapping_add(number)),
                kind: NOT_RUN.to_owned(),
                message: format!("{HANGING} runs before it had hung"),
                fingerprint: fingerprint(0),
            });
        }
        test.runs = runs;
    }

    fn enter(&mut self) {
        self.hanging = 0;
        let Some((_, test)) = self.test.take() else { return };
        self.grading.progress.tested(self.name, &test);
        self.ledger.tests.push(test);
        if let Err(cause) = self.ledger.save(&self.grading.place, self.name) {
            self.failed = Some(cause);
        }
    }
}

/// Whether a failed run took long to be given up: another one will take as long.
fn hung(failure: &failure::Failure) -> bool {
    let is = |kind: FailureKind| failure.kind == kind.name();
    // A time-out that nobody can repeat came from the machine's clocks, not from the run's.
    is(FailureKind::Blocked) || is(FailureKind::Timeout) && failure.fingerprint == 0
}

fn kept(failure: &failure::Failure, sources: &str) -> Failure {
    let mut message = failure.message.replace(sources, "");
    if message.len() > MESSAGE {
        let end = (0..=MESSAGE).rev().find(|&end| message.is_char_boundary(end)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    Failure {
        seed: seed::format(failure.seed),
        kind: failure.kind.clone(),
        message,
        fingerprint: fingerprint(failure.fingerprint),
    }
}
