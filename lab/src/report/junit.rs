//! `--junit`: the results as JUnit XML, a suite a part and a case a test.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use tester::seed;

use super::failure::Failure;
use super::summary::{Summary, TestSummary};

/// Failed runs of one test that are told of one by one.
const FAILURES_TOLD: usize = 20;

/// The text of the file. `replay` gives the command that runs a failure again.
pub(crate) fn text(summary: &Summary, replay: &dyn Fn(&Failure) -> String) -> String {
    let mut report = Report::new("lab");
    for tests in summary.tests.chunk_by(|a, b| a.case.part == b.case.part) {
        let mut suite = TestSuite::new(tests[0].case.part);
        for test in tests {
            suite.add_test_case(case(test, replay));
        }
        report.add_test_suite(suite);
    }
    report.to_string().expect("a report that is made here has an XML form")
}

fn case(test: &TestSummary, replay: &dyn Fn(&Failure) -> String) -> TestCase {
    let tally = &test.tally;
    let mut case = TestCase::new(test.case.name, status(test, replay));
    case.set_classname(test.case.part);
    case.set_time(Duration::from_secs_f64(tally.cpu_seconds));
    case.add_property(("title", test.case.title));
    case.add_property(("runs", &*tally.runs.to_string()));
    case.add_property(("passed", &*tally.passed.to_string()));
    case.add_property(("virtual_seconds", &*tally.virtual_seconds.to_string()));
    case
}

fn status(test: &TestSummary, replay: &dyn Fn(&Failure) -> String) -> TestCaseStatus {
    if test.tally.runs == 0 {
        return TestCaseStatus::skipped();
    }
    let Some(first) = test.failures.first() else {
        return TestCaseStatus::success();
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(first.kind.as_str());
    status.set_message(first.message.as_str());
    let mut description = format!("{} of {} runs failed\n", test.failures.len(), test.tally.runs);
    for failure in test.failures.iter().take(FAILURES_TOLD) {
        description += &format!(
            "seed {}: {}\n  {}\n",
            seed::format(failure.seed),
            failure.statement("  "),
            replay(failure)
        );
    }
    status.set_description(description);
    status
}
