//! [`Rubric`]: the points of the tests, from an instructor's file.
//!
//! The file is TOML. [`DEFAULT`] is an example, and explains each key.

mod error;
mod file;
mod reveal;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::score::{Column, ColumnRuns, GradedTest, Points, TestRuns};
pub use error::{RubricError, RubricMistake};
use file::Overrides;
pub use reveal::Reveal;

/// The rubric that applies if none is given.
pub const DEFAULT: &str = include_str!("../rubric.toml");

/// A test of the labs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownTest {
    /// Its name.
    pub name: String,
    /// The part of the lab, such as `3B`.
    pub part: String,
    /// The title that the course prints when the test begins.
    pub title: String,
    /// Its points if the rubric gives none.
    pub points: u32,
}

/// The way runs become points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// All points if the pass rate is reached, none otherwise.
    AllOrNothing,
    /// The share of the points that equals the share of passed runs.
    Proportional,
}

/// The column that counts, for a test with several.
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

/// The points of each test, and how much reports reveal.
#[derive(Clone, Debug, PartialEq)]
pub struct Rubric {
    tests: Vec<(KnownTest, Worth)>,
    reveal: Reveal,
}

/// The points of a test, and the way to earn them.
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
        let tests = tests.iter().map(|test| (test.clone(), worth(test))).collect();
        Self { tests, reveal: Reveal::default() }
    }

    /// How much reports show of what explains a failure.
    #[must_use]
    pub fn reveal(&self) -> Reveal {
        self.reveal
    }

    /// The tests that are graded, in their order.
    pub fn tests(&self) -> impl Iterator<Item = &KnownTest> {
        self.tests.iter().map(|(test, _)| test)
    }

    /// The sum of all points.
    #[must_use]
    pub fn max(&self) -> Points {
        self.tests.iter().map(|(_, worth)| worth.points).sum()
    }

    /// Grades runs. The result has every graded test in the rubric's order, those that were not run included.
    /// Runs of other tests are ignored.
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
