//! The score of a checkpoint, and the notes for the submission's author.

use std::path::Path;

use crate::report::{Graded, Outcome};
use crate::rubric::Reveal;
use crate::rules::Findings;
use crate::score::{Column, ColumnRuns, NOT_RUN, TestRuns};
use crate::submission::{Staged, crate_of};
use labreport::results::FailedRun;
use tester::Case;

use super::Grading;
use super::checkpoint::{BuildEntry, Checkpoint, TestEntry};
use super::judge::not_compiled;
use super::runs::CUT_OFF;
use super::submission::{needs, not_handed_in};

/// Scores a submission from its checkpoint.
pub(super) fn score(grading: &Grading, staged: &Staged, checkpoint: &Checkpoint, graded: &mut Graded) {
    for name in not_handed_in(grading, staged) {
        graded.notes.push(format!("{name} was not handed in: its tests were not run."));
    }
    graded.outcome = match &checkpoint.build {
        Some(build @ BuildEntry { crates, errors, .. }) => {
            graded.notes.extend(not_compiled(staged, build));
            for (name, text) in errors {
                graded.notes.push(format!("{name} does not build: its tests were not run."));
                graded.build_log += text;
            }
            let checked = grading.despite_rules || !has_unparsed(&graded.findings, crates);
            outcome_of(crates, checked)
        }
        None => Outcome::NotGraded("it was not built".to_owned()),
    };
    if graded.outcome == Outcome::Graded {
        let crates: Vec<&str> = match &checkpoint.build {
            Some(BuildEntry { crates, .. }) => crates.iter().map(String::as_str).collect(),
            None => Vec::new(),
        };
        let reveal = grading.rubric.reveal();
        let runs: Vec<TestRuns> =
            tester::cases().iter().filter_map(|case| test_runs(case, checkpoint, &crates, reveal)).collect();
        graded.tests = grading.rubric.grade(&runs);
        let is_graded = |test: &&TestEntry| graded.tests.iter().any(|it| it.name == test.name);
        let notes: Vec<String> = checkpoint.tests.iter().filter(is_graded).filter_map(not_made).collect();
        graded.notes.extend(notes);
    }
}

/// Whether the rules could not parse a file of a crate that was built.
fn has_unparsed(findings: &Findings, crates: &[String]) -> bool {
    let built =
        |file: &str| crate_of(Path::new(file)).is_some_and(|krate| crates.iter().any(|name| name == krate));
    findings.unparsed.iter().any(|it| built(&it.file))
}

/// The outcome of a submission of which these crates were built. `checked`: all built files were parsed, or
/// `--despite-rules` was given.
fn outcome_of(crates: &[String], checked: bool) -> Outcome {
    match (crates.is_empty(), checked) {
        (_, false) => Outcome::Unchecked,
        (true, true) => Outcome::DoesNotBuild,
        (false, true) => Outcome::Graded,
    }
}

/// The note about runs of a test that were not made; `None` if all were made.
fn not_made(test: &TestEntry) -> Option<String> {
    let mut not_run = test.failures.iter().filter(|it| it.kind == NOT_RUN);
    let first = not_run.next()?;
    let not_made = 1 + not_run.count();
    let why = if first.message == CUT_OFF { CUT_OFF } else { "runs before them had hung" };
    let column = match test.column {
        Column::Own => String::new(),
        Column::Reference => format!(" ({})", test.column.title()),
    };
    Some(format!(
        "{not_made} of {} runs of {}{column} were not made, because {why}; they count as failed.",
        test.runs, test.name
    ))
}

/// The runs of a test, if any of the crates that it needs was built.
fn test_runs(case: &Case, checkpoint: &Checkpoint, crates: &[&str], reveal: Reveal) -> Option<TestRuns> {
    let mut columns = Vec::new();
    for column in [Column::Own, Column::Reference] {
        let Some(needs) = needs(case, column) else { continue };
        match checkpoint.test(case.name, column) {
            Some(test) => columns.push(column_runs(test, reveal)),
            // The key/value service was built, and the Raft was not.
            None if needs.iter().any(|name| crates.contains(name)) => {
                columns.push(ColumnRuns { column, runs: 0, passed: 0, causes: Vec::new() });
            }
            None => {}
        }
    }
    (!columns.is_empty()).then(|| TestRuns { name: case.name.to_owned(), columns })
}

fn column_runs(test: &TestEntry, reveal: Reveal) -> ColumnRuns {
    let on_reference = match test.column {
        Column::Own => "",
        Column::Reference => " --submission DIR --raft reference",
    };
    let replay =
        |failure: &FailedRun| format!("cargo lab replay {} --seed {}{on_reference}", test.name, failure.seed);
    ColumnRuns::of_failures(test.column, test.runs, &reveal.of(&test.failures), &replay)
}

#[cfg(test)]
mod tests {
    use labreport::results::Rule;

    use crate::rules::Unparsed;

    use super::*;

    #[test]
    fn a_built_crate_with_unparsed_files_does_not_count() {
        let unparsed = Unparsed {
            file: "raft/src/a.rs".to_owned(),
            line: 1,
            column: 1,
            message: "expected `;`".to_owned(),
        };
        let findings = Findings { unparsed: vec![unparsed], ..Findings::default() };
        for (crates, expected) in [
            (&["raft", "kvsrv"][..], Outcome::Unchecked),
            // The compiler could not parse it either.
            (&["kvsrv"], Outcome::Graded),
            (&[], Outcome::DoesNotBuild),
        ] {
            let crates: Vec<String> = crates.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(outcome_of(&crates, !has_unparsed(&findings, &crates)), expected, "{crates:?}");
        }
    }

    #[test]
    fn reports_obey_the_rubric_and_scores_do_not_depend_on_it() {
        let rule = |id: &str| {
            let (id, text) = (id.to_owned(), "reply false".to_owned());
            Some(Rule { id, text, headline: "server 2 accepted it".to_owned(), ..Rule::default() })
        };
        let failure = |message: &str, id: &str| FailedRun {
            kind: "assertion".to_owned(),
            message: message.to_owned(),
            rule: rule(id),
            ..FailedRun::default()
        };
        let test = TestEntry {
            name: "a_3a".to_owned(),
            column: Column::Own,
            runs: 5,
            failures: vec![failure("lost 3", "AE1"), failure("two leaders", "AE1"), failure("lost 4", "RV1")],
            figures: None,
            sample: Vec::new(),
        };
        let of = |reveal| {
            let column = column_runs(&test, reveal);
            let causes = column.causes.iter().map(|cause| (cause.count, cause.rule_lines().concat()));
            (column.passed, causes.collect::<Vec<_>>())
        };
        let none = String::new;
        assert_eq!(of(Reveal::Message), (2, vec![(2, none()), (1, none())]));
        let (passed, causes) = of(Reveal::Rule);
        assert_eq!((passed, causes.len()), (2, 2));
        assert_eq!(causes[0], (2, "broken rule [AE1]: reply false".to_owned()));
        assert!(of(Reveal::Events).1[0].1.contains("server 2 accepted it"));
    }

    #[test]
    fn runs_that_were_not_made_are_noted() {
        let failure = |kind: &str| FailedRun {
            seed: "0x1".to_owned(),
            kind: kind.to_owned(),
            message: String::new(),
            fingerprint: "0x0".to_owned(),
            ..FailedRun::default()
        };
        let mut test = TestEntry {
            name: "a_3a".to_owned(),
            column: Column::Own,
            runs: 5,
            failures: vec![failure("timeout")],
            figures: None,
            sample: Vec::new(),
        };
        assert_eq!(not_made(&test), None);
        test.failures.extend([failure(NOT_RUN), failure(NOT_RUN)]);
        let note = not_made(&test).expect("a note");
        assert!(
            note.starts_with("2 of 5 runs of a_3a were not made, because runs before them had"),
            "{note}"
        );
        test.failures[1].message = CUT_OFF.to_owned();
        let note = not_made(&test).expect("a note");
        assert!(note.contains("because the grading had ended; they count as failed"), "{note}");
    }
}
