//! `junit.xml`: a suite a part, a case a test and column.

use labreport::junit::{Case, Document, Reason, Status};
use labreport::text::{cut, end, one_line};
use labreport::{Detail, within};

use super::size::{REPORT, first_lines, full};
use super::{Graded, Outcome};
use crate::score::{Column, ColumnRuns, GradedTest};

/// Causes of a test that are told.
const CAUSES: usize = 100;

/// The text of `junit.xml`: two megabytes at most, at the cost of detail. A submission whose tests did not
/// run, or not all of them, has a suite `submission` with what kept them.
#[must_use]
pub fn junit_xml(graded: &Graded) -> String {
    within(REPORT, full(CAUSES), |detail| xml(graded, detail))
}

fn xml(graded: &Graded, detail: &Detail) -> String {
    let mut document = Document::new(&graded.name, detail.message);
    if graded.outcome != Outcome::Graded {
        document.suite("submission", [whole(graded, detail)]);
    }
    let mut parts: Vec<&str> = graded.tests.iter().map(|test| &*test.part).collect();
    parts.dedup();
    for part in parts {
        let tests = graded.tests.iter().filter(|test| test.part == part);
        document.suite(part, tests.flat_map(|test| cases(test, detail)));
    }
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

fn cases(test: &GradedTest, detail: &Detail) -> Vec<Case> {
    let case = |name: String, status| Case {
        name,
        class: test.part.clone(),
        time: None,
        properties: vec![
            ("title", test.title.clone()),
            ("score", test.score.to_string()),
            ("max_score", test.max.to_string()),
        ],
        status,
    };
    if test.columns.is_empty() {
        return vec![case(test.name.clone(), Status::Skipped)];
    }
    let of_column = |runs: &ColumnRuns| {
        let name = match runs.column {
            Column::Own => test.name.clone(),
            Column::Reference => format!("{} {}", test.name, runs.column.title()),
        };
        case(name, status(runs, detail))
    };
    test.columns.iter().map(of_column).collect()
}

fn status(runs: &ColumnRuns, detail: &Detail) -> Status {
    if runs.runs == 0 {
        return Status::Skipped;
    }
    if runs.failed() == 0 {
        return Status::Passed;
    }
    let mut description = format!("{} of {} runs failed\n", runs.failed(), runs.runs);
    for cause in runs.causes.iter().take(detail.causes) {
        description += &format!(
            "{} times {}: {}\n  {}\n",
            cause.count,
            one_line(&cause.kind, detail.message),
            cut(&cause.message, detail.message),
            one_line(&cause.replay, detail.message)
        );
    }
    if runs.causes.len() > detail.causes {
        description += &format!("and {} causes more\n", runs.causes.len() - detail.causes);
    }
    let (kind, message) =
        runs.causes.first().map(|first| (first.kind.clone(), first.message.clone())).unwrap_or_default();
    Status::Failed(Reason { kind, message, description })
}
