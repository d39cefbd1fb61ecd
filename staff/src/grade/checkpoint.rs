//! [`Checkpoint`]: what is known of a submission already, kept so that nothing is done twice.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::build::Inspection;
use crate::score::Column;
use labreport::results::FailedRun;
use serde::{Deserialize, Serialize};

use super::results_dir::{self, ResultsDir};
use lab::error::CommandError;

/// What is known of a submission. It says nothing of points: another rubric makes others of the same runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    /// What tells its sources from others.
    pub(super) sources: String,
    /// What became of the build, once it is over. A build that was stopped is none: it may have been a full disk, or a busy
    /// machine.
    pub(super) build: Option<BuildEntry>,
    /// The tests whose runs are over.
    pub(super) tests: Vec<TestEntry>,
}

/// What became of the build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BuildEntry {
    /// The crates that were built.
    pub(super) crates: Vec<String>,
    /// What the compiler said of the others.
    pub(super) errors: BTreeMap<String, String>,
    /// What the compiler read of those that were built, and what it made of it.
    pub(super) inspection: Inspection,
}

/// The runs of a test in one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TestEntry {
    pub(super) name: String,
    pub(super) column: Column,
    pub(super) runs: u64,
    pub(super) failures: Vec<FailedRun>,
}

impl Checkpoint {
    /// What is kept of a submission with these sources; an empty checkpoint if it has changed since.
    pub(super) fn open(results: &ResultsDir, name: &str, sources: &str) -> Result<Self, CommandError> {
        let kept = results_dir::read::<Self>(&file(results, name))?.filter(|kept| kept.sources == sources);
        Ok(kept.unwrap_or_else(|| Self { sources: sources.to_owned(), build: None, tests: Vec::new() }))
    }

    /// Keeps it. What was kept before is there until this is.
    pub(super) fn save(&self, results: &ResultsDir, name: &str) -> Result<(), CommandError> {
        let file = file(results, name);
        results_dir::write(&file, self)
            .map_err(|cause| CommandError::new(format!("cannot write {}: {cause}", file.display())))
    }

    pub(super) fn test(&self, name: &str, column: Column) -> Option<&TestEntry> {
        self.tests.iter().find(|test| test.name == name && test.column == column)
    }
}

fn file(results: &ResultsDir, name: &str) -> PathBuf {
    results.own("checkpoints").join(format!("{name}.json"))
}
