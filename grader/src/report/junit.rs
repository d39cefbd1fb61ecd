//! `junit.xml`: a suite a part, a case a test and column.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::text::{self, LOG, MESSAGE, one_line, visible};
use super::{Graded, Outcome};
use crate::score::{Column, ColumnRuns, GradedTest};

/// The text of `junit.xml`. A submission whose tests did not run has a suite `submission` with what kept them.
///
/// # Panics
///
/// Never: every report has a form in XML.
#[must_use]
pub fn junit_xml(graded: &Graded) -> String {
    let mut report = Report::new(one_line(&graded.name, MESSAGE));
    if graded.outcome != Outcome::Graded {
        let mut suite = TestSuite::new("submission");
        suite.add_test_case(whole(graded));
        report.add_test_suite(suite);
    }
    let mut parts: Vec<&str> = graded.tests.iter().map(|test| &*test.part).collect();
    parts.dedup();
    for part in parts {
        let mut suite = TestSuite::new(one_line(part, MESSAGE));
        for test in graded.tests.iter().filter(|test| test.part == part) {
            cases(test, &mut suite);
        }
        report.add_test_suite(suite);
    }
    report.to_string().expect("a report that is made here has a form in XML")
}

fn whole(graded: &Graded) -> TestCase {
    let kind = match graded.outcome {
        Outcome::NotGraded(_) => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(graded.outcome.name());
    status.set_message(visible(&graded.outcome.sentence(), MESSAGE));
    let mut lines = Vec::new();
    if let Outcome::Refused(refusals) = &graded.outcome {
        lines.extend(refusals.iter().map(|refusal| one_line(&refusal.to_string(), MESSAGE)));
    }
    lines.extend(graded.findings.violations.iter().map(|it| one_line(&it.to_string(), MESSAGE)));
    lines.extend(graded.objections.iter().map(|it| one_line(it, MESSAGE)));
    lines.push(text::end(&graded.build_log, LOG));
    status.set_description(lines.join("\n"));
    TestCase::new("submission", status)
}

fn cases(test: &GradedTest, suite: &mut TestSuite) {
    let mut add = |name: String, status| {
        let mut case = TestCase::new(name, status);
        case.set_classname(one_line(&test.part, MESSAGE));
        case.add_property(("title", &*one_line(&test.title, MESSAGE)));
        case.add_property(("score", &*test.score.to_string()));
        case.add_property(("max_score", &*test.max.to_string()));
        suite.add_test_case(case);
    };
    let name = one_line(&test.name, MESSAGE);
    if test.columns.is_empty() {
        add(name, TestCaseStatus::skipped());
        return;
    }
    for runs in &test.columns {
        let name = match runs.column {
            Column::Own => name.clone(),
            Column::Reference => format!("{name} {}", runs.column.title()),
        };
        add(name, status(runs));
    }
}

fn status(runs: &ColumnRuns) -> TestCaseStatus {
    if runs.runs == 0 {
        return TestCaseStatus::skipped();
    }
    if runs.passed == runs.runs {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    if let Some(first) = runs.causes.first() {
        status.set_type(one_line(&first.kind, MESSAGE));
        status.set_message(visible(&first.message, MESSAGE));
    }
    let mut description =
        format!("{} of {} runs failed\n", runs.runs - runs.passed.min(runs.runs), runs.runs);
    for cause in &runs.causes {
        description += &format!(
            "{} times {}: {}\n  {}\n",
            cause.count,
            one_line(&cause.kind, MESSAGE),
            visible(&cause.message, MESSAGE),
            one_line(&cause.replay, MESSAGE)
        );
    }
    status.set_description(description);
    status
}
