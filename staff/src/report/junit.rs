//! `junit.xml`: a suite for each part, a case for each test and column.

use labreport::junit::{Case, Document, Reason, Status};
use labreport::text::{end, one_line};
use labreport::{Detail, FailureReport, TestReport, within};

use super::size::{REPORT, first_lines, full};
use super::{Graded, Outcome};
use crate::score::{Cause, Column, ColumnRuns, GradedTest};

/// The number of causes that are listed for a test.
const CAUSES: usize = 100;

/// The text of `junit.xml`: two megabytes at most, at the cost of detail. A submission whose tests did not
/// all run has a suite `submission` with the reason.
#[must_use]
pub fn junit_xml(graded: &Graded) -> String {
    within(REPORT, full(CAUSES), |detail| xml(graded, detail))
}

fn xml(graded: &Graded, detail: &Detail) -> String {
    let mut document = Document::new(&graded.name, detail.message);
    if graded.outcome != Outcome::Graded {
        document.suite("submission", [whole(graded, detail)]);
    }
    let tests: Vec<TestReport> = graded.tests.iter().flat_map(reports).collect();
    document.tests(&tests, detail);
    document.text()
}

fn whole(graded: &Graded, detail: &Detail) -> Case {
    let mut lines = Vec::new();
    let lines_of =
        |all: Vec<String>| first_lines(all.iter().map(|it| one_line(it, detail.message)), detail.lines);
    if let Outcome::Refused(refusals) = &graded.outcome {
        lines.extend(lines_of(refusals.iter().map(ToString::to_string).collect()));
    }
    lines.extend(lines_of(graded.findings.violations.iter().map(ToString::to_string).collect()));
    lines.extend(lines_of(graded.objections.clone()));
    lines.push(end(&graded.build_log, detail.log));
    let reason = Reason {
        kind: graded.outcome.name().to_owned(),
        message: graded.outcome.sentence(),
        description: lines.join("\n"),
    };
    let status = match graded.outcome {
        Outcome::NotGraded(_) => Status::Error(reason),
        _ => Status::Failed(reason),
    };
    let name = "submission".to_owned();
    Case { name, class: String::new(), time: None, properties: Vec::new(), status }
}

/// A report for each column of a test.
fn reports(test: &GradedTest) -> Vec<TestReport> {
    let report = |name: String, runs: Option<&ColumnRuns>| TestReport {
        name,
        part: test.part.clone(),
        runs: runs.map_or(0, |runs| runs.runs),
        failed: runs.map_or(0, ColumnRuns::failed),
        // Those that were not made count as failed.
        not_made: 0,
        failures: runs.iter().flat_map(|runs| &runs.causes).map(failure_report).collect(),
        time: None,
        properties: vec![
            ("title", test.title.clone()),
            ("score", test.score.to_string()),
            ("max_score", test.max.to_string()),
        ],
    };
    if test.columns.is_empty() {
        return vec![report(test.name.clone(), None)];
    }
    let of_column = |runs: &ColumnRuns| {
        let name = match runs.column {
            Column::Own => test.name.clone(),
            Column::Reference => format!("{} {}", test.name, runs.column.title()),
        };
        report(name, Some(runs))
    };
    test.columns.iter().map(of_column).collect()
}

fn failure_report(cause: &Cause) -> FailureReport {
    FailureReport {
        heading: format!("{} times", cause.count),
        kind: cause.kind.clone(),
        message: cause.message.clone(),
        rule: cause.rule_lines(),
        faults: Vec::new(),
        replay: cause.replay.clone(),
    }
}
