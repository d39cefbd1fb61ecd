//! [`HandoutError`]: the reason why there is no hand-out.

use std::io;
use std::path::{Path, PathBuf};

use crate::manifest::ManifestError;

/// The reason why there is no hand-out.
#[derive(Debug, thiserror::Error)]
pub enum HandoutError {
    /// The requested part does not exist.
    #[error("there is no part `{name}`; the parts are {known}")]
    UnknownPart {
        /// The requested part.
        name: String,
        /// All parts.
        known: String,
    },
    /// The folder is not empty.
    #[error("{folder} is not empty; `--force` writes there anyway", folder = folder.display())]
    NotEmpty {
        /// The path.
        folder: PathBuf,
    },
    /// The folder is a file.
    #[error("{path} is not a folder", path = path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The folder is inside of the sources, or contains them.
    #[error(
        "{folder} and the sources in {workspace} would be mixed; give a folder beside them, \
         such as ../handout",
        folder = folder.display(), workspace = workspace.display()
    )]
    AmongTheSources {
        /// The destination.
        folder: PathBuf,
        /// The folder of the sources.
        workspace: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A manifest or a source does not have the expected form.
    #[error("{path} is not as expected: {why}", path = path.display())]
    Form {
        /// The path.
        path: PathBuf,
        /// The problem.
        why: String,
    },
    /// A manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Cargo cannot resolve the remaining dependencies.
    #[error("cargo cannot make the lock file of the hand-out: {why}")]
    Lock {
        /// Cargo's output.
        why: String,
    },
}

impl HandoutError {
    /// An error of accessing the file at `path`.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// The error for a file at `path` that does not have the expected form.
    pub(super) fn form(path: &Path, why: impl ToString) -> Self {
        Self::Form { path: path.to_owned(), why: why.to_string() }
    }
}
