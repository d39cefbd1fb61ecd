//! `docs/wrong-rafts.md`: every wrong Raft, and which tests notice it.

use std::fmt::Write;

use crate::{Results, RightRaft, TestResult, WrongRaft};

/// What stands at the top of the page.
pub const INTRODUCTION: &str = include_str!("page.md");

/// What stands above the right ones.
const RIGHT: &str = "
## Right Rafts

The other half of the question: are the tests quiet when nothing is wrong? These do something otherwise that the paper leaves
open, and must pass. `cargo test -p grader` runs every test on each over five seeds, and

    cargo run -p grader --bin rafts -- right --runs 1000

over a thousand: 28,000 runs each, in six minutes of CPU time. Five have done that so far, and passed all: `longer_election_timeouts`,
`pre_vote`, `replicates_with_heartbeats_alone`, `slower_heartbeats` and `small_batches`.

| name | what it does otherwise | why that is right |
| --- | --- | --- |
";

/// How many tests are named for one wrong Raft; more would hide the others.
const TESTS_SHOWN: usize = 3;

/// The page for what was measured, over `runs` runs of each test.
#[must_use]
pub fn page(measured: &[(&WrongRaft, Results)], runs: u64, right: &[RightRaft]) -> String {
    let mut page = INTRODUCTION.to_owned();
    let seen = measured.iter().filter(|(_, results)| results.noticed() > 0).count();
    let share = 100 * seen / measured.len().max(1);
    let mut line = |text: &str| writeln!(page, "{text}").expect("a string takes any text");
    line(&format!(
        "\nOf {} wrong Rafts the tests notice {seen} ({share} %) in {runs} seeds.\n",
        measured.len()
    ));
    line(&format!("| name | what the student thought | the rule | noticed by, in how many of {runs} runs |"));
    line("| --- | --- | --- | --- |");
    for (wrong, results) in measured {
        line(&format!("{} {} |", row(wrong), noticed_by(results)));
    }
    page + RIGHT + &right.iter().map(right_row).collect::<String>()
}

/// The beginning of a wrong Raft's row: what is in its file.
#[must_use]
pub fn row(wrong: &WrongRaft) -> String {
    format!("| `{}` | {} | {} |", wrong.name, wrong.thought, wrong.rule)
}

/// A right Raft's row, with the line's end.
#[must_use]
pub fn right_row(right: &RightRaft) -> String {
    format!("| `{}` | {} | {} |\n", right.name, right.difference, right.why_right)
}

/// The tests that notice, those that do so most often first.
fn noticed_by(results: &Results) -> String {
    let mut tests: Vec<&TestResult> = results.tests.iter().filter(|test| !test.failures.is_empty()).collect();
    tests.sort_by_key(|test| std::cmp::Reverse(test.failures.len()));
    let mut text = if tests.is_empty() { "no test".to_owned() } else { String::new() };
    for test in tests.iter().take(TESTS_SHOWN) {
        let separator = if text.is_empty() { "" } else { ", " };
        let (name, count, kinds) = (&test.name, test.failures.len(), kinds(test));
        write!(text, "{separator}`{name}` {count} ({kinds})").expect("a string takes any text");
    }
    if tests.len() > TESTS_SHOWN {
        write!(text, ", {} more", tests.len() - TESTS_SHOWN).expect("a string takes any text");
    }
    text
}

/// The kinds of a test's failures, the first one first.
fn kinds(test: &TestResult) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for failure in &test.failures {
        if !kinds.contains(&failure.kind.as_str()) {
            kinds.push(&failure.kind);
        }
    }
    kinds.join(", ")
}
