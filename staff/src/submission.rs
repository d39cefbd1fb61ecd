//! [`read`]: reads the graded files of a submission's folder, and nothing else.
//!
//! These are the files that end in `.rs` in the labs' folders `src` (`raft/src`, `kvsrv/src`, ...). The list
//! of labs comes from [`tester::labs`] and not from the submission. No link is followed, no special file is
//! opened, and no more is read than [`Limits`] allow, so that a malicious folder is as safe as any other.

mod limits;
mod names;
mod refusal;
mod walk;

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::hash::Fnv;
pub use limits::Limits;
pub use names::{NamesError, names, same_name};
pub use refusal::{Reason, Refusal};

/// The names of the crates that a student may hand in, in the order of the labs.
pub fn crates() -> impl Iterator<Item = &'static str> + Clone {
    tester::labs().iter().map(|lab| lab.krate)
}

/// The folder of a lab's crate in a submission, and in our workspace.
///
/// # Panics
///
/// Panics when no lab has a crate of this name.
#[must_use]
pub fn folder_of(name: &str) -> &'static str {
    let lab = tester::labs().iter().find(|lab| lab.krate == name);
    lab.unwrap_or_else(|| panic!("no lab has the crate `{name}`")).folder
}

/// The crate that a file or folder belongs to, given its path from the top of a submission; `None` if it is
/// in no lab's folder.
#[must_use]
pub fn crate_of(path: &Path) -> Option<&'static str> {
    tester::labs().iter().find(|lab| path.starts_with(lab.folder)).map(|lab| lab.krate)
}

/// The files read from a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// The files, in the order of their paths.
    pub files: Vec<SourceFile>,
    /// Ignored files and folders; contents of ignored folders are not listed.
    pub ignored: Vec<String>,
    /// The number of further ignored entries beyond [`Limits::ignored`].
    pub ignored_besides: usize,
}

/// A file of Rust source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// The path from the submission's folder, with `/` between the names: `raft/src/lib.rs`.
    pub path: String,
    /// The content.
    pub text: String,
}

impl Staged {
    /// The crates with at least one file.
    #[must_use]
    pub fn crates(&self) -> BTreeSet<&'static str> {
        self.files.iter().filter_map(|file| crate_of(Path::new(&file.path))).collect()
    }
}

/// The digest of these files: equal files have the same digest on every machine.
#[must_use]
pub fn digest(files: &[SourceFile]) -> String {
    let mut hash = Fnv::new();
    for file in files {
        hash.field(file.path.as_bytes());
        hash.field(file.text.as_bytes());
    }
    hash.to_string()
}

/// Reads the graded files of the submission in `folder`.
///
/// # Errors
///
/// All reasons to refuse the submission, in the order of paths.
pub fn read(folder: &Path, limits: &Limits) -> Result<Staged, Vec<Refusal>> {
    walk::walk(folder, limits)
}
