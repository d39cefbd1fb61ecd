//! [`HandoutError`]: why there is no hand-out.

use std::io;
use std::path::{Path, PathBuf};

use crate::manifest::ManifestError;

/// Why there is no hand-out.
#[derive(Debug, thiserror::Error)]
pub enum HandoutError {
    /// A part that does not exist was asked for.
    #[error("there is no part `{name}`; the parts are {known}")]
    UnknownPart {
        /// What was asked for.
        name: String,
        /// All parts.
        known: String,
    },
    /// The folder has something in it.
    #[error("{folder} is not empty; `--force` writes there all the same", folder = folder.display())]
    NotEmpty {
        /// Which.
        folder: PathBuf,
    },
    /// The folder is a file.
    #[error("{path} is not a folder", path = path.display())]
    NotAFolder {
        /// Which.
        path: PathBuf,
    },
    /// The folder is in the midst of the sources, or they are in it.
    #[error("{folder} and the sources in {workspace} would get mixed; give a folder beside them, such as ../handout",
        folder = folder.display(), workspace = workspace.display())]
    AmongTheSources {
        /// Where the hand-out should go.
        folder: PathBuf,
        /// Where the sources are.
        workspace: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A manifest or a source is not what it should be.
    #[error("{path} is not as expected: {why}", path = path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Cargo cannot say which dependencies are left.
    #[error("cargo cannot make the lock file of the hand-out: {why}")]
    Lock {
        /// What cargo said.
        why: String,
    },
}

impl HandoutError {
    /// What went wrong with the file at `path`.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// The file at `path` has not the form that it should have.
    pub(super) fn form(path: &Path, why: impl ToString) -> Self {
        Self::Form { path: path.to_owned(), why: why.to_string() }
    }
}
