//! `--json`: the results for programs, in the form of [`Results`].

use std::time::Duration;

use labreport::Results;
use labreport::results::{CauseOfFailures, FailedRun, Finding, Rule, TestResult, Total, Warning};
use labrt::world::Backend;
use serde_json::Value;
use tester::lines::Tally;
use tester::{Explanation, seed};

use super::causes::Cause;
use super::coverage::Coverage;
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
    /// Whether the files have what was measured, which differs from machine to machine: real time, CPU time,
    /// and the number of jobs. Where it is 0, `times.json` has it.
    pub(crate) measured: bool,
    /// Whether all runs have ended.
    pub(crate) finished: bool,
}

/// The content of the file. `replay` gives the command that replays a cause's first failure.
pub(crate) fn text(summary: &Summary, about: &About<'_>, replay: &dyn Fn(&Cause) -> String) -> String {
    let total = summary.total();
    let cpu_seconds = |tally: &Tally| if about.measured { tally.cpu_seconds } else { 0.0 };
    let results = Results {
        build: about.build.to_owned(),
        backend: about.backend.name().to_owned(),
        solution: about.solution.to_owned(),
        policy: about.policy.to_owned(),
        first_seed: seed::format(about.first_seed),
        jobs: if about.measured { about.jobs } else { 0 },
        tests: summary.tests.iter().map(|test| of_test(test, cpu_seconds(&test.tally))).collect(),
        causes: summary.causes.iter().map(|cause| of_cause(cause, replay(cause))).collect(),
        coverage: summary.coverage.iter().flat_map(Coverage::of_labs).collect(),
        failures_of_other_causes: summary.causes.failures_of_others(),
        total: Total {
            runs: total.runs,
            passed: total.passed,
            failed: total.runs - total.passed,
            not_implemented: total.not_implemented,
            not_made: summary.not_made(),
            wall_seconds: if about.measured { about.wall.as_secs_f64() } else { 0.0 },
            cpu_seconds: cpu_seconds(&total),
            virtual_seconds: total.virtual_seconds,
        },
        finished: about.finished,
        ..Results::default()
    };
    results.to_json()
}

/// A fingerprint with all 16 digits, so that two are easily compared.
#[must_use]
pub fn fingerprint(fingerprint: u64) -> String {
    format!("{fingerprint:#018x}")
}

fn of_test(test: &TestSummary, cpu_seconds: f64) -> TestResult {
    let tally = &test.tally;
    let warnings = test.warnings.iter().map(|(message, warning)| Warning {
        message: message.clone(),
        runs: warning.runs,
        seed: seed::format(warning.seed),
    });
    TestResult {
        name: test.case.name.to_owned(),
        part: test.case.part.to_owned(),
        title: test.case.title.to_owned(),
        points: test.case.points,
        runs: tally.runs,
        passed: tally.passed,
        failed: tally.runs - tally.passed,
        failures: test.failures.iter().map(of_failure).collect(),
        failures_besides: test.failures_besides,
        warnings: warnings.collect(),
        not_made: test.not_made,
        findings: test.findings.iter().map(of_finding).collect(),
        unseen: test.unseen.clone(),
        virtual_seconds: tally.virtual_seconds,
        cpu_seconds,
        rpcs: tally.rpcs,
        bytes: tally.bytes,
        commands: tally.commands,
        operations: tally.operations,
        fingerprint: fingerprint(test.fingerprint),
    }
}

fn of_finding(finding: &super::summary::Finding) -> Finding {
    Finding { seed: seed::format(finding.seed), rule: finding.rule.to_results() }
}

/// A failure in the model of results.
#[must_use]
pub fn of_failure(failure: &Failure) -> FailedRun {
    let origin = failure.origin.as_ref();
    FailedRun {
        seed: seed::format(failure.seed),
        kind: failure.kind.clone(),
        message: failure.message.clone(),
        fingerprint: fingerprint(failure.fingerprint),
        node: origin.map(|origin| origin.node.clone()),
        thread: origin.map(|origin| origin.thread.clone()),
        at_seconds: origin.map(|origin| origin.at_seconds),
        location: failure.location.clone(),
        rule: rule_of(failure),
        before: rule_before(failure),
        plan: plan_of(failure),
        faults: if failure.plan.is_some() { failure.plan_lines() } else { Vec::new() },
    }
}

/// The fault plan of a failure, if it is not the one that the seed draws.
fn plan_of(failure: &Failure) -> Option<Value> {
    let plan = failure.plan.as_deref()?;
    Some(serde_json::to_value(plan).expect("numbers, texts and lists have a JSON form"))
}

/// The rule that explains a failure, or else the one that was broken before it.
pub(crate) fn broken_rule(failure: &Failure) -> Option<Rule> {
    rule_of(failure).or_else(|| rule_before(failure))
}

/// The rule that explains a failure.
fn rule_of(failure: &Failure) -> Option<Rule> {
    match &failure.explanation {
        Explanation::Cause(rule) => Some(rule.to_results()),
        Explanation::Alike { id, text } => {
            Some(Rule { id: id.clone(), text: text.clone(), ..Rule::default() })
        }
        Explanation::Missing | Explanation::NoRule { .. } | Explanation::Before(_) => None,
    }
}

/// The rule that was broken before an exact failure.
fn rule_before(failure: &Failure) -> Option<Rule> {
    match &failure.explanation {
        Explanation::Before(rule) => Some(rule.to_results()),
        _ => None,
    }
}

fn of_cause(cause: &Cause, replay: String) -> CauseOfFailures {
    CauseOfFailures {
        kind: cause.first.kind.clone(),
        message: cause.first.message.clone(),
        location: cause.first.location.clone(),
        runs: cause.runs(),
        tests: cause.tests.iter().map(|(name, _)| (*name).to_owned()).collect(),
        test: cause.first.case.name.to_owned(),
        seed: seed::format(cause.first.seed),
        replay,
        rule: rule_of(&cause.first),
        before: rule_before(&cause.first),
        plan: plan_of(&cause.first),
        faults: cause.first.plan_lines(),
    }
}
