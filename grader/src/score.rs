//! What the runs of a test become: points, and causes of failure.

mod causes;
mod points;

use serde::{Deserialize, Serialize};

pub use causes::{Cause, causes};
pub use points::{Points, PointsError};
pub use tester::interval::{Interval, wilson};

/// On which Raft a test ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The solution's own, or none at all (labs 2 and 3).
    Own,
    /// The reference (lab 4).
    Reference,
}

impl Column {
    /// As a reader of a report knows it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Reference => "on the reference's Raft",
        }
    }
}

/// The runs of a test in one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnRuns {
    /// On which Raft.
    pub column: Column,
    /// Number of runs. Zero: the test could not be run.
    pub runs: u64,
    /// How many of them passed.
    pub passed: u64,
    /// Why the others did not, each cause once.
    pub causes: Vec<Cause>,
}

/// The kind of failure that stands for a run which was not made: so many before it had hung.
pub const NOT_RUN: &str = "not_run";

impl ColumnRuns {
    /// How many of the runs were not made, and count as failed.
    #[must_use]
    pub fn not_made(&self) -> u64 {
        self.causes.iter().filter(|cause| cause.kind == NOT_RUN).map(|cause| cause.count).sum()
    }
}

/// The runs of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRuns {
    /// The test's name.
    pub name: String,
    /// Each column in which it ran, or was to run.
    pub columns: Vec<ColumnRuns>,
}

/// A test with its runs and what they are worth. [`Rubric::grade`](crate::rubric::Rubric::grade) makes these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradedTest {
    /// The test's name.
    pub name: String,
    /// The part of the lab, such as `3B`.
    pub part: String,
    /// What the course prints when the test begins.
    pub title: String,
    /// The points that it earned.
    pub score: Points,
    /// The points that it could earn.
    pub max: Points,
    /// The column that was counted; `None` if none was run.
    pub counted: Option<Column>,
    /// Each column in which it ran, or was to run.
    pub columns: Vec<ColumnRuns>,
}

/// The sum of the tests of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartScore {
    /// Such as `3B`.
    pub part: String,
    /// The points that its tests earned.
    pub score: Points,
    /// The points that they could earn.
    pub max: Points,
    /// Number of runs in the columns that were counted.
    pub runs: u64,
    /// How many of them passed.
    pub passed: u64,
}

/// The sums by part, in the order in which the parts are met.
#[must_use]
pub fn by_part(tests: &[GradedTest]) -> Vec<PartScore> {
    let mut parts: Vec<PartScore> = Vec::new();
    for test in tests {
        let at = parts.iter().position(|part| part.part == test.part).unwrap_or_else(|| {
            let part = test.part.clone();
            parts.push(PartScore { part, score: Points::ZERO, max: Points::ZERO, runs: 0, passed: 0 });
            parts.len() - 1
        });
        let part = &mut parts[at];
        part.score += test.score;
        part.max += test.max;
        if let Some(counted) = test.columns.iter().find(|column| Some(column.column) == test.counted) {
            part.runs += counted.runs;
            part.passed += counted.passed;
        }
    }
    parts
}
