//! `--junit`: the results as JUnit XML, with a suite per part and a case per test.

use std::time::Duration;

use labreport::junit::Document;
use labreport::{Detail, FailureReport, TestReport, within};
use tester::seed;

use super::failure::Failure;
use super::json::broken_rule;
use super::summary::{Summary, TestSummary};

/// The size limit of the file, in bytes. Details are left out to keep it.
const MAX_SIZE: usize = 4 << 20;

/// Full detail: characters of a message, and failed runs of a test that are listed.
const FULL: Detail = Detail { message: 20_000, log: 0, causes: 20, lines: 0 };

/// The content of the file. `measured` says whether it has CPU times, which differ from machine to machine.
/// `replay` gives the command that replays a failure.
pub(crate) fn text(summary: &Summary, measured: bool, replay: &dyn Fn(&Failure) -> String) -> String {
    let tests: Vec<TestReport> = summary.tests.iter().map(|test| report(test, measured, replay)).collect();
    within(MAX_SIZE, FULL, |detail| {
        let mut document = Document::new("lab", detail.message);
        document.tests(&tests, detail);
        document.text()
    })
}

fn report(test: &TestSummary, measured: bool, replay: &dyn Fn(&Failure) -> String) -> TestReport {
    let tally = &test.tally;
    let failures = test.failures.iter().take(FULL.causes).map(|failure| FailureReport {
        heading: format!("seed {}", seed::format(failure.seed)),
        kind: failure.kind.clone(),
        message: failure.message.clone(),
        rule: broken_rule(failure).map(|rule| rule.lines()).unwrap_or_default(),
        faults: if failure.plan.is_some() { failure.plan_lines() } else { Vec::new() },
        replay: replay(failure),
    });
    TestReport {
        name: test.case.name.to_owned(),
        part: test.case.part.to_owned(),
        runs: tally.runs,
        failed: tally.runs - tally.passed,
        not_made: test.not_made,
        failures: failures.collect(),
        time: measured.then(|| Duration::from_secs_f64(tally.cpu_seconds)),
        properties: vec![
            ("title", test.case.title.to_owned()),
            ("runs", tally.runs.to_string()),
            ("passed", tally.passed.to_string()),
            ("virtual_seconds", tally.virtual_seconds.to_string()),
        ],
    }
}
