//! `--junit`: the results as JUnit XML, a suite a part and a case a test.

use std::time::Duration;

use labreport::junit::Document;
use labreport::{Detail, FailureReport, TestReport, within};
use tester::seed;

use super::failure::Failure;
use super::summary::{Summary, TestSummary};

/// Bytes of the file, which becomes less detailed where it would be larger.
const SIZE: usize = 4 << 20;

/// Characters of a message, and failed runs of one test that are told of one by one.
const FULL: Detail = Detail { message: 20_000, log: 0, causes: 20, lines: 0 };

/// The text of the file. `replay` gives the command that runs a failure again.
pub(crate) fn text(summary: &Summary, replay: &dyn Fn(&Failure) -> String) -> String {
    let tests: Vec<TestReport> = summary.tests.iter().map(|test| report(test, replay)).collect();
    within(SIZE, FULL, |detail| {
        let mut document = Document::new("lab", detail.message);
        document.tests(&tests, detail);
        document.text()
    })
}

fn report(test: &TestSummary, replay: &dyn Fn(&Failure) -> String) -> TestReport {
    let tally = &test.tally;
    let failures = test.failures.iter().take(FULL.causes).map(|failure| FailureReport {
        heading: format!("seed {}", seed::format(failure.seed)),
        kind: failure.kind.clone(),
        message: failure.message.clone(),
        replay: replay(failure),
    });
    TestReport {
        name: test.case.name.to_owned(),
        part: test.case.part.to_owned(),
        runs: tally.runs,
        failed: tally.runs - tally.passed,
        failures: failures.collect(),
        time: Some(Duration::from_secs_f64(tally.cpu_seconds)),
        properties: vec![
            ("title", test.case.title.to_owned()),
            ("runs", tally.runs.to_string()),
            ("passed", tally.passed.to_string()),
            ("virtual_seconds", tally.virtual_seconds.to_string()),
        ],
    }
}
