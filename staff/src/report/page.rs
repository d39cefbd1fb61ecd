//! `report.html`: one self-contained file that loads and runs nothing.
//!
//! On a phone a table's row becomes a block, whose cells are labelled by `data-head`.

use labreport::text::{cut, end, one_line};
use labreport::{Detail, within};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::size::{LINE, REPORT, full};
use super::{Graded, Outcome};
use crate::rules::{Finding, Findings};
use crate::score::{Cause, Column, ColumnRuns, GradedTest, NOT_RUN, PartScore, Points, by_part, wilson};

pub(crate) const STYLE: &str = include_str!("page.css");

/// A second line of defence: the browser loads and runs nothing, even if markup gets through.
pub(crate) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The number of causes that are listed for a test.
const CAUSES: usize = 20;

/// The text of `report.html`: two megabytes at most, at the cost of detail.
#[must_use]
pub fn report_html(graded: &Graded) -> String {
    within(REPORT, full(CAUSES), |detail| page(graded, detail))
}

fn page(graded: &Graded, detail: &Detail) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (line(&graded.name)) ": " (graded.score()) " of " (graded.max()) " points" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (line(&graded.name)) }
                p.score.(class(graded.score(), graded.max())) {
                    (graded.score()) " of " (graded.max()) " points"
                }
                p { (cut(&graded.outcome.sentence(), detail.message)) }
                @for note in graded.notes.iter().take(detail.lines) { p { (cut(note, detail.message)) } }
                (besides(graded.notes.len(), detail.lines))
                @if let Outcome::Refused(refusals) = &graded.outcome {
                    h2 { "Refused" }
                    ul {
                        @for refusal in refusals.iter().take(detail.lines) {
                            li { code { (line(&refusal.path)) } " " (line(&refusal.reason.to_string())) }
                        }
                    }
                    (besides(refusals.len(), detail.lines))
                }
                (findings(&graded.findings, detail))
                @if !graded.objections.is_empty() {
                    h2 { "What was built breaks rules" }
                    ul { @for objection in &graded.objections { li { (line(objection)) } } }
                }
                @if !graded.build_log.is_empty() {
                    h2 { "Build" }
                    pre.log { (end(&graded.build_log, detail.log)) }
                }
                (parts(graded))
                (tests(&graded.tests))
                (failures(&graded.tests, detail))
                (ignored(graded, detail))
            }
        }
    };
    page.into_string() + "\n"
}

fn line(text: &str) -> String {
    one_line(text, LINE)
}

/// The number of further entries of a truncated list.
fn besides(all: usize, shown: usize) -> Markup {
    html! { @if all > shown { p.faint { "And " (all - shown) " more." } } }
}

fn class(score: Points, max: Points) -> &'static str {
    match score {
        score if score == max => "passed",
        Points::ZERO => "failed",
        _ => "partly",
    }
}

fn findings(findings: &Findings, detail: &Detail) -> Markup {
    let table = |title: &str, findings: &[Finding]| {
        html! {
            @if !findings.is_empty() {
                h2 { (title) }
                table.rows {
                    thead { tr { th { "place" } th { "rule" } th { "found" } th { "instead" } } }
                    tbody {
                        @for finding in findings.iter().take(detail.lines) {
                            tr {
                                td { code { (line(&finding.file)) ":" (finding.line) ":" (finding.column) } }
                                td data-head="rule" { (line(&finding.rule.to_string())) }
                                td data-head="found" { code { (one_line(&finding.found, detail.message)) } }
                                td data-head="instead" { (one_line(&finding.advice, detail.message)) }
                            }
                        }
                    }
                }
                (besides(findings.len(), detail.lines))
            }
        }
    };
    html! {
        (table("Broken rules", &findings.violations))
        (table("Warnings", &findings.warnings))
        @if findings.besides > 0 { p.faint { "And " (findings.besides) " more." } }
    }
}

/// The parts that ran, one row each, and the others in one row: a lab that is not due yet is of little
/// interest.
fn parts(graded: &Graded) -> Markup {
    let (ran, others): (Vec<_>, Vec<_>) = by_part(&graded.tests).into_iter().partition(|part| part.runs > 0);
    let row = |name: &str, part: &PartScore| {
        html! {
            tr {
                td { (line(name)) }
                td.number.(class(part.score, part.max)) { (part.score) " of " (part.max) }
                td.number {
                    @if part.runs > 0 { (part.passed) " of " (part.runs) } @else { span.faint { "not run" } }
                }
            }
        }
    };
    html! {
        @if !graded.tests.is_empty() {
            h2 { "Score" }
            table {
                thead { tr { th { "part" } th.number { "points" } th.number { "runs passed" } } }
                tbody {
                    @for part in &ran { (row(&part.part, part)) }
                    @if !others.is_empty() { (row(&names(&others), &sum(&others))) }
                }
            }
        }
    }
}

fn names(parts: &[PartScore]) -> String {
    parts.iter().map(|part| part.part.as_str()).collect::<Vec<_>>().join(", ")
}

fn sum(parts: &[PartScore]) -> PartScore {
    let mut sum =
        PartScore { part: String::new(), score: Points::ZERO, max: Points::ZERO, runs: 0, passed: 0 };
    for part in parts {
        sum.score += part.score;
        sum.max += part.max;
    }
    sum
}

/// The anchor of a test's failures in a column. It has a position, not a name, because names come from
/// solutions.
fn anchor(test: usize, column: Column) -> String {
    let column = match column {
        Column::Own => "own",
        Column::Reference => "reference",
    };
    format!("failures-{test}-{column}")
}

fn tests(tests: &[GradedTest]) -> Markup {
    let did_run = |test: &GradedTest| test.columns.iter().any(|column| column.runs > 0);
    let (ran, others): (Vec<_>, Vec<_>) = tests.iter().enumerate().partition(|(_, test)| did_run(test));
    html! {
        @if !ran.is_empty() {
            h2 { "Tests" }
            (table(&ran))
            p.faint {
                @if ran.iter().any(on_reference) { "Points are those of the Raft in bold. " }
                "The interval is Wilson's score interval of the pass rate."
            }
        }
        @if !others.is_empty() {
            details {
                summary { (others.len()) " tests were not run" }
                (table(&others))
            }
        }
    }
}

/// Whether a test has a column on the reference's Raft.
fn on_reference((_, test): &(usize, &GradedTest)) -> bool {
    test.columns.iter().any(|runs| runs.column == Column::Reference)
}

fn table(tests: &[(usize, &GradedTest)]) -> Markup {
    // Labs 2 and 3 have one column only.
    let rafts = tests.iter().any(on_reference);
    html! {
        table.rows.flow {
            thead {
                tr {
                    th { "test" } th.number { "points" } @if rafts { th { "Raft" } }
                    th.number { "passed" } th.number { "pass rate" } th.number { "95 % interval" }
                }
            }
            tbody {
                @for &(at, test) in tests {
                    @if test.columns.is_empty() {
                        tr id=(format!("test-{at}")) {
                            (of_test(at, test))
                            td.faint colspan=(if rafts { 4 } else { 3 }) { "not run" }
                        }
                    }
                    @for (number, runs) in test.columns.iter().enumerate() {
                        @if number == 0 {
                            tr id=(format!("test-{at}")) {
                                (of_test(at, test)) (of_column(at, test, runs, rafts))
                            }
                        } @else {
                            tr { td {} td {} (of_column(at, test, runs, rafts)) }
                        }
                    }
                }
            }
        }
    }
}

fn of_test(at: usize, test: &GradedTest) -> Markup {
    let name = html! { code { (line(&test.name)) } };
    let failed = test.columns.iter().find(|runs| !runs.causes.is_empty());
    html! {
        td {
            @if let Some(runs) = failed {
                a href=(format!("#{}", anchor(at, runs.column))) { (name) }
            } @else { (name) }
            span.title { (line(&test.title)) }
        }
        td.number.(class(test.score, test.max)) data-head="points" { (test.score) " of " (test.max) }
    }
}

fn of_column(at: usize, test: &GradedTest, runs: &ColumnRuns, rafts: bool) -> Markup {
    let title = runs.column.title();
    let passed = html! { (runs.passed) " of " (runs.runs) };
    html! {
        @if rafts {
            td.raft data-head="Raft" {
                @if test.counted == Some(runs.column) { strong { (title) } } @else { (title) }
            }
        }
        @if runs.runs == 0 {
            td.faint colspan="3" { "not run" }
        } @else {
            td.number data-head="passed" {
                @if runs.causes.is_empty() { (passed) } @else {
                    a href=(format!("#{}", anchor(at, runs.column))) { (passed) }
                }
            }
            td.number data-head="rate" { (rate(runs)) }
            td.number data-head="interval" { (interval(runs)) }
        }
    }
}

/// The pass rate, rounded down so that 100 % means all runs.
fn rate(runs: &ColumnRuns) -> String {
    let tenths = u128::from(runs.passed.min(runs.runs)) * 1000 / u128::from(runs.runs.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn interval(runs: &ColumnRuns) -> String {
    // No interval: missing runs say nothing about the pass rate.
    if runs.not_made() > 0 {
        return "not all were made".to_owned();
    }
    let interval = wilson(runs.passed.min(runs.runs), runs.runs);
    format!("{:.1} to {:.1} %", interval.low * 100.0, interval.high * 100.0)
}

fn failures(tests: &[GradedTest], detail: &Detail) -> Markup {
    let failed = || {
        let all = tests.iter().enumerate();
        let columns = all.flat_map(|(at, test)| test.columns.iter().map(move |runs| (at, test, runs)));
        columns.filter(|(_, _, runs)| !runs.causes.is_empty())
    };
    html! {
        @if failed().next().is_some() {
            h2 { "Failures" }
            @for (at, test, runs) in failed() {
                h3 id=(anchor(at, runs.column)) {
                    a href=(format!("#test-{at}")) { (line(&test.name)) } ", " (runs.column.title())
                }
                @for it in runs.causes.iter().take(detail.causes) { (cause(it, runs.runs, detail)) }
                @if runs.causes.len() > detail.causes {
                    p.faint { "And " (runs.causes.len() - detail.causes) " causes more." }
                }
            }
        }
    }
}

fn cause(cause: &Cause, runs: u64, detail: &Detail) -> Markup {
    let is_run = cause.kind != NOT_RUN;
    html! {
        div.cause {
            p {
                strong.failed { (line(&cause.kind).replace('_', " ")) }
                " in " (cause.count) " of " (runs) " runs"
                @if is_run {
                    "; first with seed " code { (line(&cause.seed)) }
                    ", fingerprint " code { (line(&cause.fingerprint)) }
                }
            }
            (broken_rule(cause, detail))
            pre { (cut(&cause.message, detail.message)) }
            @if is_run { p { "Again: " code { (one_line(&cause.replay, detail.message)) } } }
        }
    }
}

/// The rule that explains a cause, with the events that show it.
fn broken_rule(cause: &Cause, detail: &Detail) -> Markup {
    let lines: Vec<String> = cause.rule_lines().iter().map(|line| one_line(line, detail.message)).collect();
    html! { @if !lines.is_empty() { pre.rule { (lines.join("\n")) } } }
}

fn ignored(graded: &Graded, detail: &Detail) -> Markup {
    html! {
        @if !graded.ignored.is_empty() {
            h2 { "Left out" }
            p {
                "Only " code { "src/**/*.rs" } " of the crates is graded. "
                "This was in the submission too, and made no difference:"
            }
            ul { @for path in graded.ignored.iter().take(detail.lines) { li { code { (line(path)) } } } }
            @let more = graded.ignored_besides + graded.ignored.len().saturating_sub(detail.lines);
            @if more > 0 { p.faint { "And " (more) " more." } }
        }
    }
}
