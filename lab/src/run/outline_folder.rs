//! [`OutlineFolder`]: the outlines of the events of several runs, each in a file of its own.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::Job;

/// The most bytes of a file: more than a million events take.
pub(super) const MAX_BYTES: u64 = 1 << 29;

/// A temporary folder for the outlines of the events of runs, which is removed with it.
///
/// Runs with [`Record::Outlines`](super::Record::Outlines) and this [path](Self::path) write into it: of each
/// run that is reported, a file with the lines of an [`EventFile`](super::EventFile), whose events are
/// [outlines](tester::Recorded::write_outline), without the log. The lines are what the worker sent: nothing
/// of them is certain, except that a file has at most 512 MiB.
#[derive(Debug)]
pub struct OutlineFolder {
    folder: TempDir,
}

impl OutlineFolder {
    /// An empty folder.
    ///
    /// # Errors
    ///
    /// The system has no room for temporary files.
    pub fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::Builder::new().prefix("lab-outlines-").tempdir()? })
    }

    /// The path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes the file of a run out of the folder; `None` if there is none. Its contents last until it is
    /// closed.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or removed.
    pub fn take(&self, job: &Job) -> io::Result<Option<File>> {
        let path = path_of(self.path(), job);
        match File::open(&path) {
            Ok(file) => fs::remove_file(&path).map(|()| Some(file)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(cause),
        }
    }
}

/// The path of the file of a run.
pub(super) fn path_of(folder: &Path, job: &Job) -> PathBuf {
    folder.join(format!("{}.jsonl", job.position))
}
