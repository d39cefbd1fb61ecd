//! The scores of a submission as GitHub Classroom's autograding reporter takes them.
//!
//! The reporter, <https://github.com/classroom-resources/autograding-grading-reporter>, reads the result of
//! each earlier step as such a text in Base64.

use labreport::text::one_line;
use serde::Serialize;

use crate::report::{Graded, Outcome};
use crate::score::{ColumnRuns, GradedTest, Points};

/// Characters of a name or a message.
const LINE: usize = 4_000;

#[derive(Serialize)]
struct Results {
    version: u32,
    status: &'static str,
    max_score: Points,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    status: &'static str,
    score: Points,
    /// `None` if it passed.
    message: Option<String>,
    test_code: String,
    // The reporter prints them where a test has a line.
    filename: &'static str,
    line_no: u32,
}

const PASS: &str = "pass";
const FAIL: &str = "fail";
/// The tests say nothing, for they did not run or do not count.
const ERROR: &str = "error";

/// The text of `result.json`.
///
/// # Panics
///
/// Never: texts and numbers have a JSON form.
pub(super) fn text(graded: &Graded) -> String {
    let tests: Vec<Test> = graded.tests.iter().map(|test| form(graded, test)).collect();
    let status = match graded.outcome {
        Outcome::Graded | Outcome::Unfinished(_) if tests.iter().all(|test| test.status == PASS) => PASS,
        Outcome::Graded | Outcome::Unfinished(_) => FAIL,
        _ => ERROR,
    };
    let results = Results { version: 1, status, max_score: graded.max(), tests };
    serde_json::to_string_pretty(&results).expect("texts and numbers have a JSON form") + "\n"
}

fn form(graded: &Graded, test: &GradedTest) -> Test {
    let (status, message) = match &graded.outcome {
        Outcome::Graded | Outcome::Unfinished(_) => {
            let passed = test.score == test.max && test.counted.is_some();
            if passed { (PASS, None) } else { (FAIL, Some(runs(test))) }
        }
        outcome => (ERROR, Some(outcome.sentence())),
    };
    Test {
        name: one_line(&format!("{}: {}", test.name, test.title), LINE),
        status,
        score: test.score,
        message: message.map(|message| one_line(&message, LINE)),
        test_code: one_line(&format!("cargo lab test {}", test.name), LINE),
        filename: "",
        line_no: 0,
    }
}

/// The runs of a test, in words.
fn runs(test: &GradedTest) -> String {
    let column =
        |runs: &ColumnRuns| format!("{}: {} of {} runs passed", runs.column.title(), runs.passed, runs.runs);
    let columns: Vec<String> = test.columns.iter().filter(|runs| runs.runs > 0).map(column).collect();
    if columns.is_empty() { "not run".to_owned() } else { columns.join("; ") }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rules::Findings;
    use crate::score::Column;

    /// A submission with a test that passed, one that did not, and one that did not run.
    pub(in super::super) fn graded() -> Graded {
        let test = |name: &str, part: &str, score: u32, max: u32, columns: Vec<ColumnRuns>| GradedTest {
            name: name.to_owned(),
            part: part.to_owned(),
            title: format!("Test ({part}): {name}"),
            score: Points::hundredths(score),
            max: Points::hundredths(max),
            counted: columns.last().map(|runs| runs.column),
            columns,
        };
        let runs = |column, passed| ColumnRuns { column, runs: 20, passed, causes: Vec::new() };
        Graded {
            name: "ann".to_owned(),
            folder: "/submissions/ann".to_owned(),
            outcome: Outcome::Graded,
            ignored: Vec::new(),
            ignored_besides: 0,
            findings: Findings::default(),
            objections: Vec::new(),
            build_log: String::new(),
            notes: Vec::new(),
            tests: vec![
                test("a_3a", "3A", 250, 250, vec![runs(Column::Own, 20)]),
                test("b_4b", "4B", 0, 300, vec![runs(Column::Own, 3), runs(Column::Reference, 17)]),
                test("c_4b", "4B", 0, 100, Vec::new()),
            ],
        }
    }

    fn read(graded: &Graded) -> Value {
        serde_json::from_str(&text(graded)).unwrap()
    }

    #[test]
    fn the_reporter_s_form_is_met() {
        let expected = json!({
            "version": 1, "status": "fail", "max_score": 6.5,
            "tests": [
                {
                    "name": "a_3a: Test (3A): a_3a", "status": "pass", "score": 2.5, "message": null,
                    "test_code": "cargo lab test a_3a", "filename": "", "line_no": 0
                },
                {
                    "name": "b_4b: Test (4B): b_4b", "status": "fail", "score": 0.0,
                    "message": "own: 3 of 20 runs passed; on the reference's Raft: 17 of 20 runs passed",
                    "test_code": "cargo lab test b_4b", "filename": "", "line_no": 0
                },
                {
                    "name": "c_4b: Test (4B): c_4b", "status": "fail", "score": 0.0, "message": "not run",
                    "test_code": "cargo lab test c_4b", "filename": "", "line_no": 0
                }
            ]
        });
        assert_eq!(read(&graded()), expected);
    }

    #[test]
    fn a_submission_that_does_not_build_is_an_error_and_one_that_passes_all_is_a_pass() {
        let does_not_build = Graded { outcome: Outcome::DoesNotBuild, ..graded() };
        let read_back = read(&does_not_build);
        assert_eq!(
            (&read_back["status"], &read_back["tests"][0]["status"]),
            (&json!("error"), &json!("error"))
        );
        assert_eq!(read_back["tests"][1]["message"], Outcome::DoesNotBuild.sentence());
        let mut passed = graded();
        passed.tests.truncate(1);
        assert_eq!(read(&passed)["status"], "pass");
    }
}
