//! `report.html`: one file, with nothing in it that is loaded from elsewhere or runs.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::text::{self, LOG, MESSAGE, one_line, visible};
use super::{Graded, Outcome};
use crate::rules::{Finding, Findings};
use crate::score::{Cause, ColumnRuns, GradedTest, Points, by_part, wilson};

const STYLE: &str = include_str!("page.css");

/// Should anything slip through all else, the browser neither runs nor loads it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Causes of a test that are told.
const CAUSES: usize = 20;

/// The text of `report.html`.
#[must_use]
pub fn report_html(graded: &Graded) -> String {
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
                p.score.(class(graded.score(), graded.max())) { (graded.score()) " of " (graded.max()) " points" }
                p { (visible(&graded.outcome.sentence(), MESSAGE)) }
                @for note in &graded.notes { p { (visible(note, MESSAGE)) } }
                @if let Outcome::Refused(refusals) = &graded.outcome {
                    h2 { "Refused" }
                    ul { @for refusal in refusals { li { code { (line(&refusal.path)) } " " (line(&refusal.reason.to_string())) } } }
                }
                (findings(&graded.findings))
                @if !graded.objections.is_empty() {
                    h2 { "What was built breaks rules" }
                    ul { @for objection in &graded.objections { li { (line(objection)) } } }
                }
                @if !graded.build_log.is_empty() {
                    h2 { "Build" }
                    pre { (text::end(&graded.build_log, LOG)) }
                }
                (parts(graded))
                (tests(&graded.tests))
                (failures(&graded.tests))
                (ignored(graded))
            }
        }
    };
    page.into_string() + "\n"
}

fn line(text: &str) -> String {
    one_line(text, MESSAGE)
}

fn class(score: Points, max: Points) -> &'static str {
    match score {
        score if score == max => "passed",
        Points::ZERO => "failed",
        _ => "partly",
    }
}

fn findings(findings: &Findings) -> Markup {
    let table = |title: &str, findings: &[Finding]| {
        html! {
            @if !findings.is_empty() {
                h2 { (title) }
                table {
                    thead { tr { th { "place" } th { "rule" } th { "found" } th { "instead" } } }
                    tbody {
                        @for finding in findings {
                            tr {
                                td { code { (line(&finding.file)) ":" (finding.line) ":" (finding.column) } }
                                td { (line(&finding.rule.to_string())) }
                                td { code { (line(&finding.found)) } }
                                td { (line(&finding.advice)) }
                            }
                        }
                    }
                }
            }
        }
    };
    html! {
        (table("Broken rules", &findings.violations))
        (table("Warnings", &findings.warnings))
        @if findings.besides > 0 { p.faint { "And " (findings.besides) " more." } }
    }
}

fn parts(graded: &Graded) -> Markup {
    html! {
        @if !graded.tests.is_empty() {
            h2 { "Score" }
            table {
                thead { tr { th { "part" } th.number { "points" } th.number { "of" } th.number { "runs passed" } th.number { "of" } } }
                tbody {
                    @for part in by_part(&graded.tests) {
                        tr {
                            td { (line(&part.part)) }
                            td.number.(class(part.score, part.max)) { (part.score) }
                            td.number { (part.max) }
                            td.number { (part.passed) }
                            td.number { (part.runs) }
                        }
                    }
                }
            }
        }
    }
}

fn tests(tests: &[GradedTest]) -> Markup {
    html! {
        @if !tests.is_empty() {
            h2 { "Tests" }
            table {
                thead {
                    tr { th { "test" } th.number { "points" } th.number { "of" } th { "Raft" } th.number { "passed" } th.number { "runs" } th.number { "pass rate" } th.number { "95 % interval" } }
                }
                tbody {
                    @for test in tests {
                        @if test.columns.is_empty() {
                            tr { (of_test(test)) td.faint colspan="5" { "not run" } }
                        }
                        @for (number, runs) in test.columns.iter().enumerate() {
                            tr {
                                @if number == 0 { (of_test(test)) } @else { td colspan="3" {} }
                                (of_column(test, runs))
                            }
                        }
                    }
                }
            }
            p.faint { "Points are those of the column in bold. The interval is Wilson's score interval of the pass rate." }
        }
    }
}

fn of_test(test: &GradedTest) -> Markup {
    html! {
        td { code { (line(&test.name)) } br; span.faint { (line(&test.title)) } }
        td.number.(class(test.score, test.max)) { (test.score) }
        td.number { (test.max) }
    }
}

fn of_column(test: &GradedTest, runs: &ColumnRuns) -> Markup {
    let title = runs.column.title();
    html! {
        td { @if test.counted == Some(runs.column) { strong { (title) } } @else { (title) } }
        @if runs.runs == 0 {
            td.faint colspan="4" { "not run" }
        } @else {
            td.number { (runs.passed) }
            td.number { (runs.runs) }
            td.number { (rate(runs)) }
            td.number { (interval(runs)) }
        }
    }
}

/// Rounded down, so that 100 % means all.
fn rate(runs: &ColumnRuns) -> String {
    let tenths = u128::from(runs.passed) * 1000 / u128::from(runs.runs.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn interval(runs: &ColumnRuns) -> String {
    // Runs that were not made say nothing of what others would come to.
    if runs.not_made() > 0 {
        return "not all were made".to_owned();
    }
    let interval = wilson(runs.passed, runs.runs);
    format!("{:.1} to {:.1} %", interval.low * 100.0, interval.high * 100.0)
}

fn failures(tests: &[GradedTest]) -> Markup {
    let failed = || {
        let columns = tests.iter().flat_map(|test| test.columns.iter().map(move |runs| (test, runs)));
        columns.filter(|(_, runs)| !runs.causes.is_empty())
    };
    html! {
        @if failed().next().is_some() {
            h2 { "Failures" }
            @for (test, runs) in failed() {
                h3 { (line(&test.name)) ", " (runs.column.title()) }
                @for it in runs.causes.iter().take(CAUSES) { (cause(it, runs.runs)) }
                @if runs.causes.len() > CAUSES { p.faint { "And " (runs.causes.len() - CAUSES) " causes more." } }
            }
        }
    }
}

fn cause(cause: &Cause, runs: u64) -> Markup {
    html! {
        div.cause {
            p {
                strong.failed { (line(&cause.kind).replace('_', " ")) } " in " (cause.count) " of " (runs) " runs; first with seed "
                code { (line(&cause.seed)) } ", fingerprint " code { (line(&cause.fingerprint)) }
            }
            pre { (visible(&cause.message, MESSAGE)) }
            p { "Again: " code { (line(&cause.replay)) } }
        }
    }
}

fn ignored(graded: &Graded) -> Markup {
    html! {
        @if !graded.ignored.is_empty() {
            h2 { "Left out" }
            p { "Only " code { "src/**/*.rs" } " of the crates is graded. This was in the submission too, and made no difference:" }
            ul { @for path in &graded.ignored { li { code { (line(path)) } } } }
            @if graded.ignored_besides > 0 { p.faint { "And " (graded.ignored_besides) " more." } }
        }
    }
}
