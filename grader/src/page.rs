//! [`Page`]: every wrong solution of a family, and which tests notice it.

use std::fmt::Write;

use crate::{Corpus, Family, Results, RightSolution, TestResult, WrongSolution};

/// One page of the docs.
#[derive(Debug)]
pub struct Page {
    /// Its name in `docs`.
    pub file: &'static str,
    /// What stands at its top.
    pub introduction: &'static str,
    /// What its solutions are.
    things: &'static str,
    /// The heading above the right ones, with the text below it and the head of their table.
    pub right: &'static str,
    family: fn(&Corpus) -> &Family,
}

/// The Rafts.
pub const RAFTS: Page = Page {
    file: "wrong-rafts.md",
    introduction: include_str!("page/rafts.md"),
    things: "Rafts",
    right: include_str!("page/right_rafts.md"),
    family: |corpus| &corpus.rafts,
};

/// The key/value services.
pub const SERVICES: Page = Page {
    file: "wrong-services.md",
    introduction: include_str!("page/services.md"),
    things: "services",
    right: include_str!("page/right_services.md"),
    family: |corpus| &corpus.services,
};

/// The Bully algorithm's.
pub const BULLIES: Page = Page {
    file: "wrong-bullies.md",
    introduction: include_str!("page/bullies.md"),
    things: "Bullies",
    right: include_str!("page/right_bullies.md"),
    family: |corpus| &corpus.bullies,
};

/// All of them.
pub const ALL: [Page; 3] = [RAFTS, SERVICES, BULLIES];

/// How many tests are named for one wrong solution; more would hide the others.
const TESTS_SHOWN: usize = 3;

impl Page {
    /// The solutions that it lists.
    #[must_use]
    pub fn family<'a>(&self, corpus: &'a Corpus) -> &'a Family {
        (self.family)(corpus)
    }

    /// The page for what was measured, over `runs` runs of each test.
    #[must_use]
    pub fn text(&self, measured: &[(&WrongSolution, Results)], runs: u64, right: &[RightSolution]) -> String {
        let mut page = self.introduction.to_owned();
        let seen = measured.iter().filter(|(_, results)| results.noticed() > 0).count();
        let (all, things) = (measured.len(), self.things);
        let share = 100 * seen / all.max(1);
        let mut line = |text: &str| writeln!(page, "{text}").expect("a string takes any text");
        line(&format!("\nOf {all} wrong {things} the tests notice {seen} ({share} %) in {runs} seeds.\n"));
        line(&format!(
            "| name | what the student thought | the rule | noticed by, in how many of {runs} runs |"
        ));
        line("| --- | --- | --- | --- |");
        for (wrong, results) in measured {
            line(&format!("{} {} |", row(wrong), noticed_by(results)));
        }
        page + self.right + &right.iter().map(right_row).collect::<String>()
    }
}

/// The beginning of a wrong solution's row: what is in its file.
#[must_use]
pub fn row(wrong: &WrongSolution) -> String {
    format!("| `{}` | {} | {} |", wrong.name, wrong.thought, wrong.rule)
}

/// A right solution's row, with the line's end.
#[must_use]
pub fn right_row(right: &RightSolution) -> String {
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
