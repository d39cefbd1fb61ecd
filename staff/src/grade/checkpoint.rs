//! [`Checkpoint`]: the stored results of a submission, so that no work is repeated.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::build::Inspection;
use crate::score::{Column, Figures};
use labreport::results::FailedRun;
use serde::{Deserialize, Serialize};
use tester::Report;

use super::results_dir::{self, ResultsDir};
use lab::error::CommandError;

/// The results of a submission. It has no points: a different rubric gives different points for the same
/// runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    /// The digest of the sources.
    pub(super) sources: String,
    /// The result of the build, once it has finished. A stopped build is not recorded: the cause may have
    /// been a full disk or a busy machine.
    pub(super) build: Option<BuildEntry>,
    /// The tests whose runs are complete.
    pub(super) tests: Vec<TestEntry>,
}

/// The result of the build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BuildEntry {
    /// The crates that were built.
    pub(super) crates: Vec<String>,
    /// The compiler's errors for the other crates.
    pub(super) errors: BTreeMap<String, String>,
    /// The inspection of the crates that were built.
    pub(super) inspection: Inspection,
}

/// The runs of a test in one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TestEntry {
    pub(super) name: String,
    pub(super) column: Column,
    pub(super) runs: u64,
    pub(super) failures: Vec<FailedRun>,
    /// What the runs took; missing if an earlier version made them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) figures: Option<Figures>,
    /// The runs whose evidence is still to be taken: a secret sample of those that passed. It is drawn when
    /// the runs are complete, and kept so that a grading that goes on later takes no other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sample: Vec<Sampled>,
}

/// A run that passed, and what its report said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sampled {
    pub(super) seed: u64,
    pub(super) fingerprint: u64,
    pub(super) rpcs: u64,
    pub(super) bytes: u64,
    pub(super) commands: u64,
    pub(super) operations: u64,
}

impl Sampled {
    /// What a report says; `None` of a run that failed.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let &Report { seed, fingerprint, rpcs, bytes, commands, operations, .. } = report;
        report.passed().then_some(Self { seed, fingerprint, rpcs, bytes, commands, operations })
    }
}

impl Checkpoint {
    /// The checkpoint of a submission with these sources; an empty one if they have changed.
    pub(super) fn open(results: &ResultsDir, name: &str, sources: &str) -> Result<Self, CommandError> {
        let kept = Self::kept(results, name)?.filter(|kept| kept.sources == sources);
        Ok(kept.unwrap_or_else(|| Self { sources: sources.to_owned(), build: None, tests: Vec::new() }))
    }

    /// Saves the checkpoint atomically: the previous one stays until the new one is complete.
    pub(super) fn save(&self, results: &ResultsDir, name: &str) -> Result<(), CommandError> {
        let file = file(results, name);
        results_dir::write(&file, self)
            .map_err(|cause| CommandError::new(format!("cannot write {}: {cause}", file.display())))
    }

    /// The stored checkpoint of a submission.
    pub(super) fn kept(results: &ResultsDir, name: &str) -> Result<Option<Self>, CommandError> {
        results_dir::read(&file(results, name))
    }

    pub(super) fn test(&self, name: &str, column: Column) -> Option<&TestEntry> {
        self.tests.iter().find(|test| test.name == name && test.column == column)
    }
}

fn file(results: &ResultsDir, name: &str) -> PathBuf {
    results.own("checkpoints").join(format!("{name}.json"))
}
