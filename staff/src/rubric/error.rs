//! [`RubricError`]: a mistake in a rubric, and its line.

use crate::score::PointsError;

/// A mistake in a rubric, and its line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("line {line} of the rubric: {mistake}")]
pub struct RubricError {
    /// The line, from 1.
    pub line: usize,
    /// The mistake.
    pub mistake: RubricMistake,
}

/// A mistake in a rubric.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RubricMistake {
    /// The text is not TOML, a key is unknown, or a value has the wrong type.
    #[error("{0}")]
    Form(String),
    /// There is no test of this name.
    #[error("there is no test `{0}`")]
    UnknownTest(String),
    /// No test belongs to this part.
    #[error("there is no part `{0}`")]
    UnknownPart(String),
    /// Not a number of points.
    #[error(transparent)]
    Points(PointsError),
    /// Not a share of runs.
    #[error("a pass rate is more than 0 and at most 1: not {0}")]
    PassRate(f64),
}
