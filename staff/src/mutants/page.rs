//! The page of a lab's wrong and right solutions, and which tests notice the wrong ones.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::matrix::{CatchingTest, Share, Totals, WrongRow};
use super::{Family, RightSolution, WrongSolution};

/// The number of tests that are named for one wrong solution.
const TESTS_SHOWN: usize = 3;

/// The path of the page, from the top of the workspace: `docs/wrong-raft.md`.
#[must_use]
pub fn path(family: &Family) -> PathBuf {
    format!("docs/wrong-{}.md", family.lab.krate).into()
}

/// The beginning of the page: `wrong/README.md` of the lab, in the workspace at `workspace`.
///
/// # Errors
///
/// The file cannot be read.
pub fn introduction(family: &Family, workspace: &Path) -> io::Result<String> {
    fs::read_to_string(workspace.join(family.lab.folder).join("wrong/README.md"))
}

/// The end of the page: `right/README.md` of the lab, and a row for each right solution.
///
/// # Errors
///
/// The file cannot be read.
pub fn end(family: &Family, workspace: &Path) -> io::Result<String> {
    let text = fs::read_to_string(workspace.join(family.lab.folder).join("right/README.md"))?;
    let rows: String = family.right.iter().map(right_row).collect();
    Ok(format!("\n{}\n{rows}", text.trim()))
}

/// The page with the measured rows of some wrong solutions, over `runs` runs of each test.
///
/// # Errors
///
/// A file of the lab cannot be read.
pub(super) fn text(
    family: &Family,
    workspace: &Path,
    measured: &[(&WrongSolution, &WrongRow)],
    runs: u32,
) -> io::Result<String> {
    let mut page = introduction(family, workspace)?;
    let totals = Totals::of(measured.iter().map(|(_, row)| *row));
    let Share { caught, of } = totals.all;
    let share = 100 * caught / of.max(1);
    let mut line = |text: &str| writeln!(page, "{text}").expect("a string takes any text");
    line(&format!("\nThe tests notice {caught} of {of} wrong solutions ({share} %) in {runs} seeds.\n"));
    line(&format!("| name | what the student thought | the rule | noticed by, in how many of {runs} runs |"));
    line("| --- | --- | --- | --- |");
    for (wrong, measured) in measured {
        line(&format!("{} {} |", row(wrong), noticed_by(&measured.tests)));
    }
    Ok(page + &end(family, workspace)?)
}

/// The beginning of a wrong solution's row, from its file.
#[must_use]
pub fn row(wrong: &WrongSolution) -> String {
    format!("| `{}` | {} | {} |", wrong.name, wrong.thought, wrong.rule)
}

/// A right solution's row, with a line break.
#[must_use]
pub fn right_row(right: &RightSolution) -> String {
    format!("| `{}` | {} | {} |\n", right.name, right.difference, right.why_right)
}

/// The tests that notice, in descending order of failures.
fn noticed_by(tests: &[CatchingTest]) -> String {
    let mut tests: Vec<&CatchingTest> = tests.iter().collect();
    tests.sort_by_key(|test| std::cmp::Reverse(test.failed));
    let mut text = if tests.is_empty() { "no test".to_owned() } else { String::new() };
    for test in tests.iter().take(TESTS_SHOWN) {
        let separator = if text.is_empty() { "" } else { ", " };
        let (name, count, kinds) = (&test.test, test.failed, test.kinds.join(", "));
        write!(text, "{separator}`{name}` {count} ({kinds})").expect("a string takes any text");
    }
    if tests.len() > TESTS_SHOWN {
        write!(text, ", {} more", tests.len() - TESTS_SHOWN).expect("a string takes any text");
    }
    text
}
