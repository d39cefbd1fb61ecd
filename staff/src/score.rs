//! The results of a test's runs: points, and causes of failure.

mod causes;
mod figures;
mod points;

use serde::{Deserialize, Serialize};

pub use causes::{Cause, causes};
pub use figures::Figures;
use labreport::results::FailedRun;
pub use points::{Points, PointsError};
pub use tester::interval::{Interval, wilson};

/// The Raft on which a test ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The solution's own, or none at all (labs 2 and 3).
    Own,
    /// The reference (lab 4).
    Reference,
}

impl Column {
    /// The title in reports.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Reference => "on the reference's Raft",
        }
    }
}

/// The runs of a test in one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnRuns {
    /// The Raft on which the test ran.
    pub column: Column,
    /// Number of runs. Zero means that the test could not run.
    pub runs: u64,
    /// The number of runs that passed, at most `runs`; [`Self::of_failures`] ensures this.
    pub passed: u64,
    /// The causes of the other runs' failures, each once.
    pub causes: Vec<Cause>,
}

/// The kind of failure of a run that was not made: too many runs before it had hung, or the time was up.
pub const NOT_RUN: &str = "not_run";

impl ColumnRuns {
    /// `runs` runs, of which these failed. Each failure is of one run: if there are more failures than runs,
    /// no run passed.
    #[must_use]
    pub fn of_failures(
        column: Column,
        runs: u64,
        failures: &[FailedRun],
        replay: &dyn Fn(&FailedRun) -> String,
    ) -> Self {
        let passed = runs.saturating_sub(failures.len() as u64);
        Self { column, runs, passed, causes: causes(failures, replay) }
    }

    /// The number of runs that did not pass.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.runs.saturating_sub(self.passed)
    }

    /// The share of runs that passed, from 0 to 1; 0 if there were no runs.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nobody does 2^53 runs")]
    pub fn pass_rate(&self) -> f64 {
        if self.runs == 0 { 0.0 } else { self.passed.min(self.runs) as f64 / self.runs as f64 }
    }

    /// The number of runs that were not made, and count as failed.
    #[must_use]
    pub fn not_made(&self) -> u64 {
        self.causes.iter().filter(|cause| cause.kind == NOT_RUN).map(|cause| cause.count).sum()
    }
}

/// The runs of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestRuns {
    /// The test's name.
    pub name: String,
    /// The columns in which it ran or could not run.
    pub columns: Vec<ColumnRuns>,
}

/// A test with its runs and its points, as [`Rubric::grade`](crate::rubric::Rubric::grade) gives them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradedTest {
    /// The test's name.
    pub name: String,
    /// The part of the lab, such as `3B`.
    pub part: String,
    /// The title that the course prints when the test begins.
    pub title: String,
    /// The points that it earned.
    pub score: Points,
    /// The points that it could earn.
    pub max: Points,
    /// The column that was counted; `None` if none was run.
    pub counted: Option<Column>,
    /// The columns in which it ran or could not run.
    pub columns: Vec<ColumnRuns>,
}

/// The sum of the tests of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartScore {
    /// The part, such as `3B`.
    pub part: String,
    /// The points that its tests earned.
    pub score: Points,
    /// The points that they could earn.
    pub max: Points,
    /// Number of runs in the columns that were counted.
    pub runs: u64,
    /// The number of these runs that passed.
    pub passed: u64,
}

/// The sums by part, in the order of first occurrence.
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
            part.passed += counted.passed.min(counted.runs);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_failures_than_runs_are_no_passes() {
        let failure = |seed: u32| FailedRun {
            seed: format!("{seed:#x}"),
            kind: "panic".to_owned(),
            message: "x".to_owned(),
            fingerprint: "0x0".to_owned(),
            ..FailedRun::default()
        };
        for (runs, failures, passed, rate) in
            [(4, 1, 3, 0.75), (2, 2, 0, 0.0), (2, 3, 0, 0.0), (0, 1, 0, 0.0)]
        {
            let failures: Vec<FailedRun> = (0..failures).map(failure).collect();
            let column = ColumnRuns::of_failures(Column::Own, runs, &failures, &|_| String::new());
            assert_eq!((column.passed, column.failed()), (passed, runs - passed), "{runs} runs");
            assert!((column.pass_rate() - rate).abs() < 1e-9, "{runs} runs: {}", column.pass_rate());
        }
        // An inconsistent value, as a file might have it.
        let column = ColumnRuns { column: Column::Own, runs: 3, passed: 7, causes: Vec::new() };
        assert!((column.pass_rate() - 1.0).abs() < 1e-9 && column.failed() == 0);
    }
}
