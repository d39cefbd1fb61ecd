//! `results.json`: the format that Gradescope takes from an autograder.
//!
//! The format is documented at <https://gradescope-autograders.readthedocs.io/en/latest/specs/>.

use labreport::text::{cut, end, one_line};
use labreport::{Detail, within};
use serde::Serialize;

use super::size::{LINE, RESULTS, first_lines, full};
use super::{Graded, Outcome};
use crate::score::{ColumnRuns, GradedTest, Points, by_part, wilson};

#[derive(Serialize)]
struct Results {
    score: Points,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    visibility: &'static str,
    stdout_visibility: &'static str,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    score: Points,
    max_score: Points,
    status: &'static str,
    name: String,
    number: String,
    output: String,
    tags: Vec<String>,
    visibility: &'static str,
}

/// The number of causes that are listed for a test.
const CAUSES: usize = 10;

/// The text of `results.json`: a megabyte at most, at the cost of detail.
///
/// # Panics
///
/// Never: the values have a form in JSON.
#[must_use]
pub fn results_json(graded: &Graded) -> String {
    within(RESULTS, full(CAUSES), |detail| json(graded, detail))
}

fn json(graded: &Graded, detail: &Detail) -> String {
    let results = Results {
        score: graded.score(),
        output: output(graded, detail),
        output_format: "text",
        test_output_format: "text",
        test_name_format: "text",
        visibility: "visible",
        // The grader's own output is for the instructor.
        stdout_visibility: "hidden",
        tests: tests(&graded.tests, detail),
    };
    serde_json::to_string_pretty(&results).expect("texts, numbers and lists have a form in JSON") + "\n"
}

/// The output for the whole submission.
fn output(graded: &Graded, detail: &Detail) -> String {
    let mut lines = vec![cut(&graded.outcome.sentence(), detail.message)];
    lines.extend(first_lines(graded.notes.iter().map(|note| cut(note, detail.message)), detail.lines));
    for part in by_part(&graded.tests) {
        lines.push(format!("{}: {} of {} points", one_line(&part.part, LINE), part.score, part.max));
    }
    if let Outcome::Refused(refusals) = &graded.outcome {
        let refusals = refusals.iter().map(|refusal| one_line(&refusal.to_string(), detail.message));
        lines.extend(first_lines(refusals, detail.lines));
    }
    let findings = &graded.findings;
    let violations = findings.violations.iter().map(|it| one_line(&it.to_string(), detail.message));
    lines.extend(first_lines(violations, detail.lines));
    let objections = graded.objections.iter().map(|it| one_line(it, detail.message));
    lines.extend(first_lines(objections, detail.lines));
    let warnings = findings.warnings.iter().map(ToString::to_string);
    let warnings = warnings.map(|it| format!("warning: {}", one_line(&it, detail.message)));
    lines.extend(first_lines(warnings, detail.lines));
    if findings.besides > 0 {
        lines.push(format!("and {} more of these", findings.besides));
    }
    if !graded.build_log.is_empty() {
        lines.push(end(&graded.build_log, detail.log));
    }
    lines.join("\n")
}

/// The tests, numbered by part: `3A.1`.
fn tests(tests: &[GradedTest], detail: &Detail) -> Vec<Test> {
    let number = |at: usize| tests[..=at].iter().filter(|test| test.part == tests[at].part).count();
    let form = |(at, test): (usize, &GradedTest)| Test {
        score: test.score,
        max_score: test.max,
        status: if test.score == test.max && test.counted.is_some() { "passed" } else { "failed" },
        name: one_line(&format!("{}: {}", test.name, test.title), LINE),
        number: format!("{}.{}", one_line(&test.part, LINE), number(at)),
        output: if test.columns.is_empty() {
            "not run".to_owned()
        } else {
            test.columns.iter().map(|runs| column(runs, detail)).collect::<Vec<_>>().join("\n")
        },
        tags: vec![one_line(&test.part, LINE)],
        visibility: "visible",
    };
    tests.iter().enumerate().map(form).collect()
}

fn column(runs: &ColumnRuns, detail: &Detail) -> String {
    let title = runs.column.title();
    if runs.runs == 0 {
        return format!("{title}: not run");
    }
    let mut text = format!("{title}: {} of {} runs passed", runs.passed, runs.runs);
    text += &match runs.not_made() {
        0 => {
            let interval = wilson(runs.passed, runs.runs);
            let (low, high) = (interval.low * 100.0, interval.high * 100.0);
            format!(" (95 % interval of the pass rate: {low:.1} to {high:.1} %)")
        }
        // No interval: missing runs say nothing about the pass rate.
        not_made => format!(" ({not_made} were not made, and count as failed)"),
    };
    for cause in runs.causes.iter().take(detail.causes) {
        text += &format!(
            "\n\n{} times {}: {}\n",
            cause.count,
            one_line(&cause.kind, detail.message),
            cut(&cause.message, detail.message),
        );
        for line in cause.rule_lines() {
            text += &format!("  {}\n", one_line(&line, detail.message));
        }
        text += &format!("  {}", one_line(&cause.replay, detail.message));
    }
    if runs.causes.len() > detail.causes {
        text += &format!("\n\nand {} causes more", runs.causes.len() - detail.causes);
    }
    text
}
