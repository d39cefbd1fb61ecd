//! [`KillMatrix`]: the wrong solutions and the tests that catch them, as `lab mutants --json` writes it.
//!
//! The format is stable: fields may be added, none is renamed. Seeds are strings (`"0x1f"`), because a JSON
//! number need not hold 64 bits.

use std::collections::BTreeMap;

use labrt::world::Policy;
use serde::{Deserialize, Serialize};

/// The version of the format.
const SCHEMA: u32 = 1;

/// The result of one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KillMatrix {
    /// The version of the format, 1.
    pub schema: u32,
    /// The sources of the framework and of the references.
    pub build: String,
    /// The first seed of each test.
    pub first_seed: String,
    /// The runs of each test that were planned, over consecutive seeds.
    pub runs: u32,
    /// Whether all planned runs were made, but for those of tests of which several had hung. Otherwise those
    /// of a wrong solution ended when it was caught, and those of a right one when it failed.
    pub whole: bool,
    /// Whether runs that break a rule of the paper failed in all tests.
    pub strict: bool,
    /// The scheduling policy of the runs, by its name.
    pub policy: String,
    /// The number of solutions that ran at a time.
    pub jobs: u32,
    /// The labs of the chosen solutions, in their order.
    pub labs: Vec<LabMatrix>,
}

/// The solutions of one lab.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabMatrix {
    /// The lab, by the name of its crate.
    pub lab: String,
    /// Real seconds that the build took.
    pub build_seconds: f64,
    /// Real seconds that the runs took.
    pub test_seconds: f64,
    /// The wrong solutions, by name.
    pub wrong: Vec<WrongRow>,
    /// The right solutions, by name.
    pub right: Vec<RightRow>,
    /// The number of wrong solutions that were caught.
    pub totals: Totals,
}

/// A wrong solution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrongRow {
    /// Its name.
    pub name: String,
    /// The solution that it edits: `reference`, or the name of another base.
    pub base: String,
    /// Whether its file says that it was written before tests were made for such mistakes.
    pub frozen: bool,
    /// The first failed run in the order in which they were made; `null` if it has escaped.
    pub first: Option<Caught>,
    /// The tests that caught it, in the course's order. Unless the matrix is [whole](KillMatrix::whole), the
    /// first that did, alone.
    pub tests: Vec<CatchingTest>,
    /// The median, over the starting seeds, of the CPU seconds up to the first failed run if all tests run
    /// with one seed, then all with the next: what a student's `cargo test` takes. Of a whole matrix only.
    pub cpu_seconds_to_catch: Option<f64>,
    /// Number of runs.
    pub runs: u64,
    /// CPU seconds of all runs.
    pub cpu_seconds: f64,
}

/// A failed run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caught {
    /// The test.
    pub test: String,
    /// The seed.
    pub seed: String,
    /// The kind of failure, such as `assertion`.
    pub kind: String,
    /// The violated expectation.
    pub message: String,
    /// The id of the rule that the run broke first, if any.
    pub first_broken: Option<String>,
}

/// A test that catches a wrong solution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CatchingTest {
    /// The test.
    pub test: String,
    /// Number of its runs.
    pub runs: u64,
    /// Those that failed. Divided by `runs` it is the probability that a run catches the mistake.
    pub failed: u64,
    /// The kinds of failure, in the order of first occurrence.
    pub kinds: Vec<String>,
    /// The median, over the starting seeds, of the CPU seconds of this test's runs up to the first that
    /// fails.
    pub cpu_seconds_to_catch: f64,
}

/// A right solution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RightRow {
    /// Its name.
    pub name: String,
    /// Number of runs.
    pub runs: u64,
    /// CPU seconds of all runs.
    pub cpu_seconds: f64,
    /// The runs that failed, of which there must be none.
    pub failed: Vec<Caught>,
}

/// How many wrong solutions were caught.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Of all.
    pub all: Share,
    /// Of those that are frozen.
    pub frozen: Share,
    /// Of those of each base.
    pub bases: BTreeMap<String, Share>,
}

/// A part of some solutions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Those that were caught.
    pub caught: usize,
    /// All.
    pub of: usize,
}

impl WrongRow {
    /// Whether a run failed.
    #[must_use]
    pub fn is_caught(&self) -> bool {
        self.first.is_some()
    }
}

impl Share {
    fn count(&mut self, row: &WrongRow) {
        self.of += 1;
        self.caught += usize::from(row.is_caught());
    }
}

impl Totals {
    /// The totals of these solutions.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a WrongRow>) -> Self {
        let mut totals = Self::default();
        for row in rows {
            totals.all.count(row);
            totals.bases.entry(row.base.clone()).or_default().count(row);
            if row.frozen {
                totals.frozen.count(row);
            }
        }
        totals
    }
}

impl KillMatrix {
    /// A matrix without labs.
    pub(super) fn new(build: String, first_seed: u64, runs: u32, jobs: u32) -> Self {
        Self {
            schema: SCHEMA,
            build,
            first_seed: tester::seed::format(first_seed),
            runs,
            whole: false,
            strict: false,
            policy: Policy::default().name().to_owned(),
            jobs,
            labs: Vec::new(),
        }
    }

    /// The wrong solutions that no run caught, as `lab::name`.
    #[must_use]
    pub fn escaped(&self) -> Vec<String> {
        let of_lab = |lab: &'_ LabMatrix| {
            let escaped = lab.wrong.iter().filter(|row| !row.is_caught());
            escaped.map(|row| format!("{}::{}", lab.lab, row.name)).collect::<Vec<_>>()
        };
        self.labs.iter().flat_map(of_lab).collect()
    }

    /// The right solutions of which a run failed, as `lab::name`.
    #[must_use]
    pub fn failing(&self) -> Vec<String> {
        let of_lab = |lab: &'_ LabMatrix| {
            let failing = lab.right.iter().filter(|row| !row.failed.is_empty());
            failing.map(|row| format!("{}::{}", lab.lab, row.name)).collect::<Vec<_>>()
        };
        self.labs.iter().flat_map(of_lab).collect()
    }

    /// The matrix as JSON, with a line break at the end.
    ///
    /// # Panics
    ///
    /// Never: texts and numbers have a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts and numbers have a JSON form") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{caught, escaped, matrix, right};
    use super::*;

    #[test]
    fn totals_count_bases_and_frozen_ones_apart() {
        let frozen = WrongRow { frozen: true, base: "plain".to_owned(), ..escaped("late") };
        let totals = Totals::of(&[caught("a"), escaped("b"), frozen]);
        assert_eq!(totals.all, Share { caught: 1, of: 3 });
        assert_eq!(totals.frozen, Share { caught: 0, of: 1 });
        let bases = [("plain", Share { caught: 0, of: 1 }), ("reference", Share { caught: 1, of: 2 })];
        assert_eq!(totals.bases, bases.map(|(name, share)| (name.to_owned(), share)).into());
    }

    #[test]
    fn the_escaped_and_the_failing_are_named_with_their_labs() {
        let good = matrix(vec![caught("a")], vec![right("slow", true)]);
        assert!(good.escaped().is_empty() && good.failing().is_empty());
        let bad = matrix(vec![caught("a"), escaped("b")], vec![right("slow", true), right("fast", false)]);
        assert_eq!(bad.escaped(), ["raft::b"]);
        assert_eq!(bad.failing(), ["raft::fast"]);
    }

    #[test]
    fn a_matrix_is_read_as_it_was_written() {
        let matrix = matrix(vec![caught("a"), escaped("b")], vec![right("fast", false)]);
        assert_eq!(serde_json::from_str::<KillMatrix>(&matrix.to_json()).unwrap(), matrix);
    }
}
