//! [`Summary`]: the counts of the results, updated with each run.

use std::collections::BTreeMap;

use labrt::world::truncated;
use tester::lines::Tally;
use tester::{BrokenRule, Case, FailureCause};

use super::causes::Causes;
use super::coverage::Coverage;
use super::failure::{Evidence, Failure};
use crate::run::{Outcome, Run};

/// Different warnings of a test that are kept.
const MAX_WARNINGS: usize = 20;

/// Failed runs, of all tests together, that are kept one by one.
const MAX_FAILURES: usize = 50_000;

/// Bytes of their messages and of the events of broken rules, up to which they are kept in full.
const MAX_MESSAGE_BYTES: usize = 8 << 20;

/// Bytes of a message after that.
const SHORT_MESSAGE: usize = 200;

/// All results so far. Their memory is bounded, and so are the files made of them, however many runs fail.
#[derive(Debug)]
pub(crate) struct Summary {
    /// The chosen tests, in the course's order.
    pub(crate) tests: Vec<TestSummary>,
    pub(crate) causes: Causes,
    /// The situations that runs came to, if they are counted.
    pub(crate) coverage: Option<Coverage>,
    /// Failures that are kept.
    kept: usize,
    /// Bytes of their messages.
    message_bytes: usize,
}

/// The results of one test.
#[derive(Debug)]
pub(crate) struct TestSummary {
    pub(crate) case: &'static Case,
    pub(crate) tally: Tally,
    pub(crate) failures: Vec<Failure>,
    /// Failures that are counted and not kept one by one.
    pub(crate) failures_besides: u64,
    /// The hash of the runs' fingerprints, in the order of their seeds.
    pub(crate) fingerprint: u64,
    /// Suspicious observations that are not failures.
    pub(crate) warnings: BTreeMap<String, Warning>,
    /// The first seed of a run that passed.
    pub(crate) first_passed: Option<u64>,
    /// The rules that were broken in the run with that seed.
    pub(crate) findings: Vec<Finding>,
    /// What the analyses of that run did not recognise.
    pub(crate) unseen: Vec<String>,
    /// Runs that were planned and not made, because the runs so far failed for the same cause.
    pub(crate) not_made: u64,
    /// The cause of the last failures, and their number in a row.
    streak: Option<(FailureCause, u32)>,
}

/// A rule that was broken in a run that passed.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) rule: BrokenRule,
    /// The seed of the run.
    pub(crate) seed: u64,
}

/// Failures in a row with one cause, after which a test is not run again if no run of it passed.
const EQUAL_FAILURES: u32 = 20;

/// The number of runs with a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) runs: u64,
    /// The first seed with the warning.
    pub(crate) seed: u64,
}

impl Summary {
    pub(crate) fn new(cases: &[&'static Case]) -> Self {
        let tests = cases.iter().map(|case| TestSummary::new(case)).collect();
        Self { tests, causes: Causes::default(), coverage: None, kept: 0, message_bytes: 0 }
    }

    /// As [`new`](Self::new); the situations that runs come to are counted. All runs must be watched.
    pub(crate) fn with_coverage(cases: &[&'static Case]) -> Self {
        Self { coverage: Some(Coverage::default()), ..Self::new(cases) }
    }

    /// Adds a run. Runs come in the order of the plan.
    pub(crate) fn add(&mut self, run: &Run) {
        let name = run.job.case.name;
        let test = self.tests.iter_mut().find(|test| test.case.name == name).expect("a run of a chosen test");
        test.add(run);
        if let (Some(coverage), Outcome::Reported(report)) = (&mut self.coverage, &run.outcome) {
            coverage.add(test.case, report);
        }
        if let Some((mut failure, evidence)) = Failure::of(run) {
            test.count_failure(&failure);
            self.causes.add(&failure, evidence);
            if self.message_bytes + failure.text_bytes() > MAX_MESSAGE_BYTES {
                failure.message = truncated(failure.message, SHORT_MESSAGE);
                failure.forget_events();
            }
            if self.kept < MAX_FAILURES {
                self.kept += 1;
                self.message_bytes += failure.text_bytes();
                test.failures.push(failure);
            } else {
                test.failures_besides += 1;
            }
        }
    }

    /// Puts a failure in the place of the one with the same test and seed, if it has the same cause: that of
    /// a smaller fault plan.
    pub(crate) fn replace(&mut self, failure: &Failure, evidence: Evidence) {
        let is_same = |other: &Failure| {
            (other.case.name, other.seed) == (failure.case.name, failure.seed)
                && other.cause() == failure.cause()
        };
        let kept = self.tests.iter_mut().flat_map(|test| &mut test.failures);
        kept.filter(|other| is_same(other)).for_each(|other| *other = failure.clone());
        if let Some(cause) = self.causes.iter_mut().find(|cause| is_same(&cause.first)) {
            cause.first = failure.clone();
            cause.evidence = evidence;
        }
    }

    /// Leaves out the remaining runs of a test, of this many, if they would show nothing new.
    pub(crate) fn leave_out_hopeless(&mut self, case: &Case, runs: u64) {
        let test = self.tests.iter_mut().find(|test| test.case.name == case.name);
        if let Some(test) = test.filter(|test| test.is_hopeless()) {
            test.not_made = runs.saturating_sub(test.tally.runs);
        }
    }

    /// The results of a test.
    pub(crate) fn test(&self, case: &Case) -> &TestSummary {
        self.tests.iter().find(|test| test.case.name == case.name).expect("a chosen test")
    }

    /// Runs that were not made.
    pub(crate) fn not_made(&self) -> u64 {
        self.tests.iter().map(|test| test.not_made).sum()
    }

    /// The failures of all tests.
    pub(crate) fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.tests.iter().flat_map(|test| &test.failures)
    }

    /// The sum over all tests.
    pub(crate) fn total(&self) -> Tally {
        let mut total = Tally::default();
        for Tally {
            runs,
            passed,
            not_implemented,
            peers: _,
            virtual_seconds,
            cpu_seconds,
            rpcs,
            bytes,
            commands,
            operations,
        } in self.tests.iter().map(|test| &test.tally)
        {
            total.runs += runs;
            total.passed += passed;
            total.not_implemented += not_implemented;
            total.virtual_seconds += virtual_seconds;
            total.cpu_seconds += cpu_seconds;
            total.rpcs += rpcs;
            total.bytes += bytes;
            total.commands += commands;
            total.operations += operations;
        }
        total
    }
}

impl TestSummary {
    fn new(case: &'static Case) -> Self {
        Self {
            case,
            tally: Tally { peers: case.servers, ..Tally::default() },
            failures: Vec::new(),
            failures_besides: 0,
            fingerprint: 0,
            warnings: BTreeMap::new(),
            first_passed: None,
            findings: Vec::new(),
            unseen: Vec::new(),
            not_made: 0,
            streak: None,
        }
    }

    /// Whether further runs would show nothing new: no run passed, and the last 20 failed for the same cause.
    fn is_hopeless(&self) -> bool {
        self.tally.passed == 0
            && self.streak.as_ref().is_some_and(|(_, failures)| *failures >= EQUAL_FAILURES)
    }

    fn count_failure(&mut self, failure: &Failure) {
        let cause = failure.cause();
        match &mut self.streak {
            Some((same, failures)) if *same == cause => *failures += 1,
            streak => *streak = Some((cause, 1)),
        }
    }

    fn add(&mut self, run: &Run) {
        let first = self.tally.runs == 0;
        let fingerprint = match &run.outcome {
            Outcome::Reported(report) => {
                self.tally.add(report);
                if report.passed() {
                    self.first_passed.get_or_insert(run.job.seed);
                }
                for text in &report.warnings {
                    self.warn(text, run.job.seed);
                }
                report.fingerprint
            }
            Outcome::Lost(_) => {
                self.tally.runs += 1;
                0
            }
        };
        self.fingerprint = if first { fingerprint } else { join(self.fingerprint, fingerprint) };
    }

    fn warn(&mut self, text: &str, seed: u64) {
        if let Some(warning) = self.warnings.get_mut(text) {
            warning.runs += 1;
        } else if self.warnings.len() < MAX_WARNINGS {
            self.warnings.insert(text.to_owned(), Warning { runs: 1, seed });
        }
    }
}

/// The hash of two fingerprints, which depends on their order.
fn join(earlier: u64, later: u64) -> u64 {
    (earlier.rotate_left(23) ^ later).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::super::causes::Cause;

    use super::*;
    use crate::report::sample;

    fn run(seed: u64, fingerprint: u64, failure: Option<&str>) -> Run {
        let mut run = sample::run(seed, failure, None);
        if let Outcome::Reported(report) = &mut run.outcome {
            report.fingerprint = fingerprint;
        }
        run
    }

    fn fingerprint(fingerprints: &[u64]) -> u64 {
        let mut test = TestSummary::new(&tester::cases()[0]);
        for (seed, fingerprint) in (0..).zip(fingerprints) {
            test.add(&run(seed, *fingerprint, None));
        }
        test.fingerprint
    }

    #[test]
    fn a_single_run_keeps_its_fingerprint_and_several_are_joined_in_order() {
        assert_eq!(fingerprint(&[7]), 7);
        assert_ne!(fingerprint(&[7, 8]), fingerprint(&[8, 7]));
        assert_ne!(fingerprint(&[0, 7]), fingerprint(&[7]));
        assert_ne!(fingerprint(&[7, 0]), fingerprint(&[7]));
    }

    #[test]
    fn the_memory_of_results_is_bounded() {
        let mut summary = Summary::new(&[&tester::cases()[0]]);
        let long = "x".repeat(MAX_MESSAGE_BYTES / 100);
        let runs = MAX_FAILURES as u64 + 3;
        for seed in 0..runs {
            summary.add(&run(seed, 1, Some(if seed < 120 { &long } else { &long[..300] })));
        }
        let test = &summary.tests[0];
        assert_eq!((test.tally.runs, test.failures_besides), (runs, 3));
        assert_eq!(test.failures[0].message, long, "there is room for the first ones");
        let bytes: usize = test.failures.iter().map(|failure| failure.message.len()).sum();
        assert!(bytes < MAX_MESSAGE_BYTES + MAX_FAILURES * (SHORT_MESSAGE + 40), "{bytes}");
        let counted: u64 = summary.causes.iter().map(Cause::runs).sum();
        assert_eq!(counted, runs, "all are counted");
    }

    /// The runs that are not made, of 100, after these: `Ok` if a run passed, and the rule that explains the
    /// failure otherwise.
    fn not_made(runs: impl IntoIterator<Item = Result<(), &'static str>>) -> Vec<u64> {
        let case = &tester::cases()[0];
        let mut summary = Summary::new(&[case]);
        let runs = runs.into_iter().zip(0..).map(|(outcome, seed)| {
            let failure = outcome.is_err().then_some("lost 3");
            summary.add(&sample::run(seed, failure, outcome.err()));
            summary.leave_out_hopeless(case, 100);
            summary.not_made()
        });
        runs.collect()
    }

    #[test]
    fn a_test_is_not_run_again_after_20_equal_failures() {
        let not_made_after = not_made(vec![Err("AE1"); 20]);
        assert_eq!(not_made_after[18..], [0, 80]);
        // Another cause before those plays no role.
        let later = not_made([vec![Err("RV1"); 3], vec![Err("AE1"); 20]].concat());
        assert_eq!(later[21..], [0, 77]);
    }

    #[test]
    fn a_test_is_run_again_if_a_run_passed_or_causes_differ() {
        let passed = [vec![Err("AE1"); 5], vec![Ok(())], vec![Err("AE1"); 30]].concat();
        assert_eq!(not_made(passed).last(), Some(&0));
        let mixed = (0..60).map(|number| Err(if number % 19 == 0 { "RV1" } else { "AE1" }));
        assert_eq!(not_made(mixed).last(), Some(&0));
    }

    #[test]
    fn the_first_run_that_passed_is_known() {
        let mut summary = Summary::new(&[&tester::cases()[0]]);
        for run in
            [sample::run(4, Some("lost 3"), None), sample::run(5, None, None), sample::run(6, None, None)]
        {
            summary.add(&run);
        }
        assert_eq!(summary.tests[0].first_passed, Some(5));
    }

    #[test]
    fn runs_failures_and_warnings_are_counted() {
        let mut summary = Summary::new(&[&tester::cases()[0]]);
        summary.add(&run(4, 1, None));
        summary.add(&run(5, 1, Some("index 7 out of range")));
        summary.add(&run(6, 1, Some("index 8 out of range")));
        let test = &summary.tests[0];
        assert_eq!((test.tally.runs, test.tally.passed, test.failures.len()), (3, 1, 2));
        assert_eq!(test.warnings["a lock was held across a wait"], Warning { runs: 3, seed: 4 });
        assert_eq!(summary.causes.len(), 1);
        let total = summary.total();
        assert_eq!((total.runs, total.passed, total.rpcs), (3, 1, 30));
    }
}
