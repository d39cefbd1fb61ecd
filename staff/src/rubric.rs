//! [`Rubric`]: what the tests are worth, as an instructor's file says it.
//!
//! The file is TOML. [`DEFAULT`] is one, and explains each key.

mod error;
mod file;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::score::{Column, ColumnRuns, GradedTest, Points, TestRuns};
pub use error::{RubricError, RubricMistake};
use file::Overrides;

/// The rubric that holds if there is no other.
pub const DEFAULT: &str = include_str!("../rubric.toml");

/// A test that there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownTest {
    /// Its name.
    pub name: String,
    /// The part of the lab, such as `3B`.
    pub part: String,
    /// What the course prints when it begins.
    pub title: String,
    /// What it is worth if the rubric does not say.
    pub points: u32,
}

/// How runs become points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// All points from some pass rate on, none below.
    AllOrNothing,
    /// The points' share of runs that passed.
    Proportional,
}

/// Which column counts, of a test that was run in several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// The run on the solution's own Raft.
    Own,
    /// The run on the reference's Raft, where there is one.
    Reference,
    /// The one with more points.
    Best,
}

/// What each test is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Rubric {
    tests: Vec<(KnownTest, Worth)>,
}

/// What a test is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Worth {
    points: Points,
    scoring: Scoring,
    pass_rate: f64,
    column: Counted,
}

impl Rubric {
    /// Reads a rubric for these tests.
    ///
    /// # Errors
    ///
    /// The first mistake in the file, with its line.
    pub fn parse(text: &str, tests: &[KnownTest]) -> Result<Self, RubricError> {
        file::parse(text, tests)
    }

    fn new(
        tests: &[KnownTest],
        base: &Overrides,
        parts: &BTreeMap<String, Overrides>,
        single: &BTreeMap<String, (Overrides, Option<Points>)>,
    ) -> Self {
        let worth = |test: &KnownTest| {
            let part = parts.get(&test.part).copied().unwrap_or_default();
            let (own, points) = single.get(&test.name).copied().unwrap_or_default();
            let all = own.or(part).or(*base);
            Worth {
                points: points.unwrap_or_else(|| Points::hundredths(test.points.saturating_mul(100))),
                scoring: all.scoring.unwrap_or(Scoring::AllOrNothing),
                pass_rate: all.pass_rate.unwrap_or(1.0),
                column: all.column.unwrap_or(Counted::Own),
            }
        };
        Self { tests: tests.iter().map(|test| (test.clone(), worth(test))).collect() }
    }

    /// The tests that are graded, in their order.
    pub fn tests(&self) -> impl Iterator<Item = &KnownTest> {
        self.tests.iter().map(|(test, _)| test)
    }

    /// The points that can be earned.
    #[must_use]
    pub fn max(&self) -> Points {
        self.tests.iter().map(|(_, worth)| worth.points).sum()
    }

    /// Grades runs: every test that is graded, in its order, also those that were not run. Runs of other
    /// tests are left out.
    #[must_use]
    pub fn grade(&self, runs: &[TestRuns]) -> Vec<GradedTest> {
        let graded = self.tests.iter().map(|(test, worth)| {
            let columns = runs.iter().find(|it| it.name == test.name).map(|it| it.columns.clone());
            let columns = columns.unwrap_or_default();
            let counted = worth.counted(&columns);
            GradedTest {
                name: test.name.clone(),
                part: test.part.clone(),
                title: test.title.clone(),
                score: counted.map_or(Points::ZERO, |column| worth.score(column)),
                max: worth.points,
                counted: counted.map(|column| column.column),
                columns,
            }
        });
        graded.collect()
    }
}

impl Worth {
    fn counted<'a>(&self, columns: &'a [ColumnRuns]) -> Option<&'a ColumnRuns> {
        let of = |wanted| columns.iter().find(|column| column.column == wanted);
        let (own, reference) = (of(Column::Own), of(Column::Reference));
        match self.column {
            Counted::Own => own,
            // Labs 2 and 3 have no such column.
            Counted::Reference => reference.or(own),
            Counted::Best => match (own, reference) {
                (Some(own), Some(reference)) => {
                    let better = |column| (self.score(column), column.passed);
                    Some(if better(reference) > better(own) { reference } else { own })
                }
                (own, reference) => own.or(reference),
            },
        }
    }

    fn score(&self, column: &ColumnRuns) -> Points {
        let ColumnRuns { runs, passed, .. } = *column;
        let enough = runs > 0 && column.pass_rate() >= self.pass_rate;
        match self.scoring {
            Scoring::AllOrNothing if enough => self.points,
            Scoring::AllOrNothing => Points::ZERO,
            Scoring::Proportional => self.points.share(passed, runs),
        }
    }
}
