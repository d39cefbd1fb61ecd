//! `--junit`: the results as JUnit XML, with a suite per part and a case per test.

use std::time::Duration;

use labreport::junit::{Case, Document, Reason, Status};
use labreport::text::cut;
use labreport::{Detail, within};
use tester::seed;

use super::failure::Failure;
use super::summary::{Summary, TestSummary};

/// The size limit of the file, in bytes. Details are left out to keep it.
const MAX_SIZE: usize = 4 << 20;

/// Full detail: characters of a message, and failed runs of a test that are listed.
const FULL: Detail = Detail { message: 20_000, log: 0, causes: 20, lines: 0 };

/// The content of the file. `replay` gives the command that replays a failure.
pub(crate) fn text(summary: &Summary, replay: &dyn Fn(&Failure) -> String) -> String {
    within(MAX_SIZE, FULL, |detail| {
        let mut document = Document::new("lab", detail.message);
        for tests in summary.tests.chunk_by(|a, b| a.case.part == b.case.part) {
            document.suite(tests[0].case.part, tests.iter().map(|test| case(test, replay, detail)));
        }
        document.text()
    })
}

fn case(test: &TestSummary, replay: &dyn Fn(&Failure) -> String, detail: &Detail) -> Case {
    let tally = &test.tally;
    Case {
        name: test.case.name.to_owned(),
        class: test.case.part.to_owned(),
        time: Some(Duration::from_secs_f64(tally.cpu_seconds)),
        properties: vec![
            ("title", test.case.title.to_owned()),
            ("runs", tally.runs.to_string()),
            ("passed", tally.passed.to_string()),
            ("virtual_seconds", tally.virtual_seconds.to_string()),
        ],
        status: status(test, replay, detail),
    }
}

fn status(test: &TestSummary, replay: &dyn Fn(&Failure) -> String, detail: &Detail) -> Status {
    if test.tally.runs == 0 {
        return Status::Skipped;
    }
    let Some(first) = test.failures.first() else {
        return Status::Passed;
    };
    let failed = test.tally.runs - test.tally.passed;
    let mut description = format!("{failed} of {} runs failed\n", test.tally.runs);
    for failure in test.failures.iter().take(detail.causes) {
        description += &format!(
            "seed {}: {}\n  {}\n",
            seed::format(failure.seed),
            cut(&failure.statement("  "), detail.message),
            replay(failure)
        );
    }
    Status::Failed(Reason { kind: first.kind.clone(), message: first.message.clone(), description })
}
