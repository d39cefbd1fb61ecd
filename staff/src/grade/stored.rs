//! [`Stored`]: the results of an earlier grading, to be read and not changed.

use std::path::Path;

use lab::error::CommandError;

use super::checkpoint::Checkpoint;
use super::results_dir::{self, ResultsDir};
use super::submission_index;
use crate::report::Graded;
use crate::score::{Column, Figures};

/// A folder of results. While this value lives, no grader works there.
pub(crate) struct Stored(ResultsDir);

impl Stored {
    /// Opens a folder of results.
    ///
    /// # Errors
    ///
    /// It has no results, or a grader works there.
    pub(crate) fn open(results: &Path) -> Result<Self, CommandError> {
        if !results.join(results_dir::FOLDER).join("rows").is_dir() {
            return Err(CommandError::new(format!(
                "{} has no results of a grading: give the --out of `lab grade`",
                results.display()
            )));
        }
        ResultsDir::open(results).map(Self)
    }

    /// The submissions, in the order of their names, without causes of failures.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub(crate) fn rows(&self) -> Result<Vec<Graded>, CommandError> {
        submission_index::rows(&self.0)
    }

    /// What the runs of a submission took, by test, on its own Raft. Tests that were graded by a version that
    /// kept no figures are left out.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub(crate) fn figures(&self, name: &str) -> Result<Vec<(String, Figures)>, CommandError> {
        let tests = Checkpoint::kept(&self.0, name)?.map(|checkpoint| checkpoint.tests).unwrap_or_default();
        let own = tests.into_iter().filter(|test| test.column == Column::Own);
        Ok(own.filter_map(|test| Some((test.name, test.figures?))).collect())
    }
}
