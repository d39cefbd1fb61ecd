//! [`stage`]: takes from a folder that a student gave what is graded, and nothing else.
//!
//! Taken are `raft/src`, `kvsrv/src` and `kvraft/src`, as far as they are there, and of these the files that end in `.rs`.
//! No link is followed, no special file is opened, and no more is read than [`Limits`] allow, so that a folder which was
//! made to harm the grader is as safe as any other.

mod limits;
mod names;
mod refusal;
mod walk;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::hash::Fnv;
pub use limits::Limits;
pub use names::{NamesError, names};
pub use refusal::{Reason, Refusal};

/// The crates that a student may hand in, in the order of the labs' numbers.
pub const CRATES: [&str; 3] = ["kvsrv", "raft", "kvraft"];

/// What was taken from a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// The files, in the order of their paths.
    pub files: Vec<SourceFile>,
    /// What lay beside them and was left where it is: files, and folders without what is in them.
    pub ignored: Vec<String>,
    /// How many more were left there than `ignored` has room for ([`Limits::ignored`]).
    pub ignored_besides: usize,
}

/// A file of Rust source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it stands below the submission's folder, with `/` between the names: `raft/src/lib.rs`.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl Staged {
    /// Which of [`CRATES`] there are: those with a file.
    #[must_use]
    pub fn crates(&self) -> BTreeSet<&'static str> {
        let first = |file: &SourceFile| file.path.split('/').next().map(str::to_owned);
        let there: BTreeSet<_> = self.files.iter().filter_map(first).collect();
        CRATES.into_iter().filter(|name| there.contains(*name)).collect()
    }
}

/// What tells these files from others: the same files have the same digest on every machine.
#[must_use]
pub fn digest(files: &[SourceFile]) -> String {
    let mut hash = Fnv::new();
    for file in files {
        hash.field(file.path.as_bytes());
        hash.field(file.text.as_bytes());
    }
    hash.to_string()
}

/// Why a submission was not staged.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    /// The submission must not be used: everything that is wrong with it, in the order of paths.
    #[error("{}", in_lines(.0))]
    Refused(Vec<Refusal>),
    /// The folder to stage into has something in it already.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The copy cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn in_lines(refusals: &[Refusal]) -> String {
    let lines: Vec<_> = refusals.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Reads what is graded of the submission in `folder`, without writing anything.
///
/// # Errors
///
/// Everything for which the submission is refused, in the order of paths.
pub fn read(folder: &Path, limits: &Limits) -> Result<Staged, Vec<Refusal>> {
    walk::walk(folder, limits)
}

/// Copies what is graded of the submission in `folder` to the same places below `into`, a folder that is empty or not
/// yet there.
///
/// # Errors
///
/// See [`StagingError`]. If the submission is refused, nothing was written.
pub fn stage(folder: &Path, into: &Path, limits: &Limits) -> Result<Staged, StagingError> {
    let staged = read(folder, limits).map_err(StagingError::Refused)?;
    let cannot = |path: &Path| {
        let path = path.to_owned();
        move |source| StagingError::Write { path, source }
    };
    fs::create_dir_all(into).map_err(cannot(into))?;
    if fs::read_dir(into).map_err(cannot(into))?.next().is_some() {
        return Err(StagingError::NotEmpty(into.to_owned()));
    }
    for file in &staged.files {
        let to = into.join(&file.path);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(cannot(parent))?;
        }
        fs::write(&to, &file.text).map_err(cannot(&to))?;
    }
    Ok(staged)
}
