//! [`Summary`]: the results, counted as they arrive.

use std::collections::BTreeMap;

use labrt::world::truncated;
use tester::Case;
use tester::lines::Tally;

use super::causes::Causes;
use super::failure::Failure;
use crate::run::{Outcome, Run};

/// Different warnings that are remembered of one test.
const WARNINGS: usize = 20;

/// Failed runs of all tests together that are remembered one by one.
const FAILURES: usize = 50_000;

/// Bytes of their messages that are remembered in full, and of each one after that.
const MESSAGES: usize = 8 << 20;
const SHORT_MESSAGE: usize = 200;

/// All results so far. They take no more memory, and fill no larger files, however much fails.
#[derive(Debug)]
pub(crate) struct Summary {
    /// One for each chosen test, in the course's order.
    pub(crate) tests: Vec<TestSummary>,
    pub(crate) causes: Causes,
    /// Failures that are remembered, and the bytes of their messages.
    remembered: usize,
    messages: usize,
}

/// The results of one test.
#[derive(Debug)]
pub(crate) struct TestSummary {
    pub(crate) case: &'static Case,
    pub(crate) tally: Tally,
    pub(crate) failures: Vec<Failure>,
    /// Failures that are counted and not remembered one by one.
    pub(crate) failures_besides: u64,
    /// Joins the fingerprints of the runs, in the order of their seeds.
    pub(crate) fingerprint: u64,
    /// What was suspicious without being a failure.
    pub(crate) warnings: BTreeMap<String, Warning>,
}

/// How often a warning was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) runs: u64,
    /// The first seed that gave it.
    pub(crate) seed: u64,
}

impl Summary {
    pub(crate) fn new(cases: &[&'static Case]) -> Self {
        let tests = cases.iter().map(|case| TestSummary::new(case)).collect();
        Self { tests, causes: Causes::default(), remembered: 0, messages: 0 }
    }

    /// Counts a run and returns its test's results. Runs come in the order of the plan.
    pub(crate) fn add(&mut self, run: &Run) -> &TestSummary {
        let name = run.job.case.name;
        let test = self.tests.iter_mut().find(|test| test.case.name == name).expect("a run of a chosen test");
        test.add(run);
        if let Some((mut failure, evidence)) = Failure::of(run) {
            self.causes.add(&failure, evidence);
            if self.messages + failure.message.len() > MESSAGES {
                failure.message = truncated(failure.message, SHORT_MESSAGE);
            }
            if self.remembered < FAILURES {
                self.remembered += 1;
                self.messages += failure.message.len();
                test.failures.push(failure);
            } else {
                test.failures_besides += 1;
            }
        }
        test
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
        }
    }

    fn add(&mut self, run: &Run) {
        let first = self.tally.runs == 0;
        let fingerprint = match &run.outcome {
            Outcome::Reported(report) => {
                self.tally.add(report);
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
        } else if self.warnings.len() < WARNINGS {
            self.warnings.insert(text.to_owned(), Warning { runs: 1, seed });
        }
    }
}

/// One fingerprint of two, which depends on their order. A single run's is left as it is.
fn join(earlier: u64, later: u64) -> u64 {
    (earlier.rotate_left(23) ^ later).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use tester::{Report, ReportedFailure};

    use super::super::causes::Cause;

    use super::*;
    use crate::run::Job;

    fn run(seed: u64, fingerprint: u64, failure: Option<&str>) -> Run {
        let case = &tester::cases()[0];
        let failure = failure.map(|message| ReportedFailure {
            kind: "panic".to_owned(),
            message: message.to_owned(),
            at_seconds: 1.0,
            node: "server 1".to_owned(),
            thread: "ticker".to_owned(),
            location: None,
            backtrace: None,
        });
        let report = Report {
            test: case.name.to_owned(),
            seed,
            failure,
            fingerprint,
            reliable: true,
            peers: 3,
            virtual_seconds: 2.0,
            cpu_seconds: 0.5,
            rpcs: 10,
            bytes: 100,
            commands: 1,
            operations: 0,
            warnings: vec!["a lock was held across a wait".to_owned()],
            recording: None,
            log: Vec::new(),
        };
        Run { job: Job { position: seed, case, seed }, outcome: Outcome::Reported(Box::new(report)) }
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
    fn what_is_remembered_has_an_end() {
        let mut summary = Summary::new(&[&tester::cases()[0]]);
        let long = "x".repeat(MESSAGES / 100);
        let runs = FAILURES as u64 + 3;
        for seed in 0..runs {
            summary.add(&run(seed, 1, Some(if seed < 120 { &long } else { &long[..300] })));
        }
        let test = &summary.tests[0];
        assert_eq!((test.tally.runs, test.failures_besides), (runs, 3));
        assert_eq!(test.failures[0].message, long, "there is room for the first ones");
        let bytes: usize = test.failures.iter().map(|failure| failure.message.len()).sum();
        assert!(bytes < MESSAGES + FAILURES * (SHORT_MESSAGE + 40), "{bytes}");
        let told: u64 = summary.causes.iter().map(Cause::runs).sum();
        assert_eq!(told, runs, "all are counted");
    }

    #[test]
    fn runs_failures_and_warnings_are_counted() {
        let mut summary = Summary::new(&[&tester::cases()[0]]);
        summary.add(&run(4, 1, None));
        summary.add(&run(5, 1, Some("index 7 out of range")));
        let test = summary.add(&run(6, 1, Some("index 8 out of range")));
        assert_eq!((test.tally.runs, test.tally.passed, test.failures.len()), (3, 1, 2));
        assert_eq!(test.warnings["a lock was held across a wait"], Warning { runs: 3, seed: 4 });
        assert_eq!(summary.causes.len(), 1);
        let total = summary.total();
        assert_eq!((total.runs, total.passed, total.rpcs), (3, 1, 30));
    }
}
