//! `--json`: the results for programs.
//!
//! The format is stable: fields may be added, none is renamed. Seeds and fingerprints are strings (`"0x1f"`),
//! because JSON readers may keep fewer than 64 bits of a number. Figures are sums over the runs.

use std::time::Duration;

use labrt::world::Backend;
use serde::Serialize;
use tester::seed;

use super::causes::Cause;
use super::failure::Failure;
use super::summary::{Summary, TestSummary};

/// The settings of the command, which results do not contain.
#[derive(Debug, Clone)]
pub(crate) struct About<'a> {
    /// The hash of the sources, of [`tester::replay::build_id`].
    pub(crate) build: &'a str,
    pub(crate) backend: Backend,
    pub(crate) solution: &'a str,
    pub(crate) policy: &'a str,
    pub(crate) first_seed: u64,
    pub(crate) jobs: u32,
    pub(crate) wall: Duration,
    /// Whether all runs have ended.
    pub(crate) finished: bool,
}

#[derive(Serialize)]
struct Results<'a> {
    schema: u32,
    build: &'a str,
    backend: &'static str,
    solution: &'a str,
    policy: &'a str,
    first_seed: String,
    jobs: u32,
    tests: Vec<Test<'a>>,
    causes: Vec<CauseOfFailures<'a>>,
    /// Failures of causes beyond the limit, which are not listed.
    failures_of_other_causes: u64,
    total: Total,
    /// Whether all runs have ended; `false` in the results of an interrupted command.
    finished: bool,
}

#[derive(Serialize)]
struct Test<'a> {
    name: &'a str,
    part: &'a str,
    title: &'a str,
    points: u32,
    runs: u64,
    passed: u64,
    failed: u64,
    failures: Vec<FailedRun<'a>>,
    /// Failed runs beyond the limit, which are not listed.
    failures_besides: u64,
    warnings: Vec<Warning<'a>>,
    virtual_seconds: f64,
    cpu_seconds: f64,
    rpcs: u64,
    bytes: u64,
    commands: u64,
    operations: u64,
    fingerprint: String,
}

#[derive(Serialize)]
struct FailedRun<'a> {
    seed: String,
    kind: &'a str,
    message: &'a str,
    /// `0x0000000000000000` if the run's process died before it reported one.
    fingerprint: String,
    /// `None` if the process died, as are virtual time and thread.
    node: Option<&'a str>,
    thread: Option<&'a str>,
    at_seconds: Option<f64>,
    location: Option<&'a str>,
}

#[derive(Serialize)]
struct Warning<'a> {
    message: &'a str,
    runs: u64,
    seed: String,
}

#[derive(Serialize)]
struct CauseOfFailures<'a> {
    kind: &'a str,
    message: &'a str,
    location: Option<&'a str>,
    runs: u64,
    tests: Vec<&'a str>,
    /// The first test that failed, and its smallest seed that failed.
    test: &'a str,
    seed: String,
    replay: String,
}

#[derive(Serialize)]
struct Total {
    runs: u64,
    passed: u64,
    failed: u64,
    not_implemented: u64,
    wall_seconds: f64,
    cpu_seconds: f64,
    virtual_seconds: f64,
}

/// The content of the file. `replay` gives the command that replays a cause's first failure.
pub(crate) fn text(summary: &Summary, about: &About<'_>, replay: &dyn Fn(&Cause) -> String) -> String {
    let total = summary.total();
    let results = Results {
        schema: 1,
        build: about.build,
        backend: about.backend.name(),
        solution: about.solution,
        policy: about.policy,
        first_seed: seed::format(about.first_seed),
        jobs: about.jobs,
        tests: summary.tests.iter().map(Test::from).collect(),
        causes: summary.causes.iter().map(|cause| of_cause(cause, replay(cause))).collect(),
        failures_of_other_causes: summary.causes.failures_of_others(),
        total: Total {
            runs: total.runs,
            passed: total.passed,
            failed: total.runs - total.passed,
            not_implemented: total.not_implemented,
            wall_seconds: about.wall.as_secs_f64(),
            cpu_seconds: total.cpu_seconds,
            virtual_seconds: total.virtual_seconds,
        },
        finished: about.finished,
    };
    serde_json::to_string_pretty(&results).expect("texts and numbers have a JSON form") + "\n"
}

/// A fingerprint with all 16 digits, so that two are easily compared.
#[must_use]
pub fn fingerprint(fingerprint: u64) -> String {
    format!("{fingerprint:#018x}")
}

impl<'a> From<&'a TestSummary> for Test<'a> {
    fn from(test: &'a TestSummary) -> Self {
        let tally = &test.tally;
        Self {
            name: test.case.name,
            part: test.case.part,
            title: test.case.title,
            points: test.case.points,
            runs: tally.runs,
            passed: tally.passed,
            failed: tally.runs - tally.passed,
            failures: test.failures.iter().map(FailedRun::from).collect(),
            failures_besides: test.failures_besides,
            warnings: test
                .warnings
                .iter()
                .map(|(message, warning)| Warning {
                    message,
                    runs: warning.runs,
                    seed: seed::format(warning.seed),
                })
                .collect(),
            virtual_seconds: tally.virtual_seconds,
            cpu_seconds: tally.cpu_seconds,
            rpcs: tally.rpcs,
            bytes: tally.bytes,
            commands: tally.commands,
            operations: tally.operations,
            fingerprint: fingerprint(test.fingerprint),
        }
    }
}

impl<'a> From<&'a Failure> for FailedRun<'a> {
    fn from(failure: &'a Failure) -> Self {
        let origin = failure.origin.as_ref();
        Self {
            seed: seed::format(failure.seed),
            kind: &failure.kind,
            message: &failure.message,
            fingerprint: fingerprint(failure.fingerprint),
            node: origin.map(|origin| origin.node.as_str()),
            thread: origin.map(|origin| origin.thread.as_str()),
            at_seconds: origin.map(|origin| origin.at_seconds),
            location: failure.location.as_deref(),
        }
    }
}

fn of_cause(cause: &Cause, replay: String) -> CauseOfFailures<'_> {
    CauseOfFailures {
        kind: &cause.first.kind,
        message: &cause.first.message,
        location: cause.first.location.as_deref(),
        runs: cause.runs(),
        tests: cause.tests.iter().map(|(name, _)| *name).collect(),
        test: cause.first.case.name,
        seed: seed::format(cause.first.seed),
        replay,
    }
}
