//! What a ledger is worth, and what else its author should know.

use grader::Failure;
use grader::report::{Graded, Outcome};
use grader::score::{Column, ColumnRuns, TestRuns, causes};
use grader::submission::Staged;
use tester::Case;

use super::Grading;
use super::ledger::{BuildEntry, Ledger, TestEntry};
use super::submission::{needs, not_handed_in};

/// Marks a submission by its ledger.
pub(super) fn mark(grading: &Grading, staged: &Staged, ledger: &Ledger, graded: &mut Graded) {
    for name in not_handed_in(staged) {
        graded.notes.push(format!("{name} was not handed in: its tests were not run."));
    }
    graded.outcome = match &ledger.build {
        Some(BuildEntry::Stopped(why)) => Outcome::Stopped(why.clone()),
        Some(BuildEntry::Built { crates, errors }) => {
            for (name, said) in errors {
                graded.notes.push(format!("{name} does not build: its tests were not run."));
                graded.build_log += said;
            }
            let unread = graded
                .findings
                .unparsed
                .iter()
                .any(|file| crates.iter().any(|name| file.file.starts_with(&format!("{name}/"))));
            if unread && !grading.despite_rules {
                let why = "The compiler reads what the rules cannot: a person must look at it.";
                graded.notes.push(why.to_owned());
                Outcome::BreaksRules
            } else if crates.is_empty() {
                Outcome::DoesNotBuild
            } else {
                Outcome::Graded
            }
        }
        None => Outcome::NotGraded("it was not built".to_owned()),
    };
    if graded.outcome == Outcome::Graded {
        let crates: Vec<&str> = match &ledger.build {
            Some(BuildEntry::Built { crates, .. }) => crates.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        let runs: Vec<TestRuns> =
            tester::cases().iter().filter_map(|case| test_runs(case, ledger, &crates)).collect();
        graded.tests = grading.rubric.grade(&runs);
    }
}

/// The runs of a test, if any of the crates that it is about is there.
fn test_runs(case: &Case, ledger: &Ledger, crates: &[&str]) -> Option<TestRuns> {
    let mut columns = Vec::new();
    for column in [Column::Own, Column::Reference] {
        let Some(needs) = needs(case, column) else { continue };
        match ledger.test(case.name, column) {
            Some(test) => columns.push(column_runs(test)),
            // Its key/value service is there, and its Raft is not.
            None if needs.iter().any(|name| crates.contains(name)) => {
                columns.push(ColumnRuns { column, runs: 0, passed: 0, causes: Vec::new() });
            }
            None => {}
        }
    }
    (!columns.is_empty()).then(|| TestRuns { name: case.name.to_owned(), columns })
}

fn column_runs(test: &TestEntry) -> ColumnRuns {
    let on_reference = match test.column {
        Column::Own => "",
        Column::Reference => " --submission DIR --raft reference",
    };
    let replay =
        |failure: &Failure| format!("cargo lab replay {} --seed {}{on_reference}", test.name, failure.seed);
    ColumnRuns {
        column: test.column,
        runs: test.runs,
        passed: test.runs - test.failures.len() as u64,
        causes: causes(&test.failures, &replay),
    }
}
