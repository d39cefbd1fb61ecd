//! [`Scratch`]: a copy of the workspace that may be changed.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::{env, fs};

use crate::{WrongRaft, WrongRaftError};

/// Folders at the top of a workspace that are no source.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// A copy of a workspace, with a target folder of its own that is kept from one use to the next.
#[derive(Debug)]
pub struct Scratch {
    original: PathBuf,
    folder: PathBuf,
}

/// What went wrong with a [`Scratch`].
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// A file cannot be copied, read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The wrong Raft does not fit.
    #[error(transparent)]
    WrongRaft(#[from] WrongRaftError),
    /// What was edited does not build.
    #[error("the edited workspace does not build:\n{errors}")]
    Build {
        /// What the compiler said.
        errors: String,
    },
    /// A command could not be started.
    #[error("cannot run {program}: {source}")]
    Run {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> ScratchError {
    let path = path.to_owned();
    move |source| ScratchError::File { path, source }
}

impl Scratch {
    /// A copy of the workspace at `original` in `folder`. What is there already is made the same, and what is the same
    /// already is not touched, so that only what differs is compiled again.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn new(original: &Path, folder: &Path) -> Result<Self, ScratchError> {
        let scratch = Self { original: original.to_owned(), folder: folder.to_owned() };
        scratch.restore()?;
        Ok(scratch)
    }

    /// Takes all edits back.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn restore(&self) -> Result<(), ScratchError> {
        copy_folder(&self.original, &self.folder, &LEFT_OUT)
    }

    /// Makes the copy the original with `wrong`'s edits, and nothing else.
    ///
    /// # Errors
    ///
    /// An edit does not fit, or a file cannot be read or written.
    pub fn apply(&self, wrong: &WrongRaft) -> Result<(), ScratchError> {
        self.restore()?;
        for edit in &wrong.edits {
            let path = self.folder.join(&edit.file);
            let text = fs::read_to_string(&path).map_err(file_error(&path))?;
            fs::write(&path, edit.apply(&text)?).map_err(file_error(&path))?;
        }
        Ok(())
    }

    /// Builds the command line of the copy, in release.
    ///
    /// # Errors
    ///
    /// The copy does not build.
    pub fn build(&self) -> Result<(), ScratchError> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(&cargo);
        command.args(["build", "--quiet", "--release", "--package", "lab"]).current_dir(&self.folder);
        // Set while cargo runs tests, and meant for the workspace that they are of.
        command.env_remove("CARGO_TARGET_DIR").env("CARGO_TERM_COLOR", "never");
        let output = run(command)?;
        if output.status.success() {
            return Ok(());
        }
        Err(ScratchError::Build { errors: String::from_utf8_lossy(&output.stderr).into_owned() })
    }

    /// Runs the copy's command line with `args`; answers its status and what it printed.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn lab(&self, args: &[&str]) -> Result<(ExitStatus, String), ScratchError> {
        let program = self.folder.join("target/release/lab");
        let mut command = Command::new(&program);
        command.args(args).current_dir(&self.folder);
        let output = run(command)?;
        Ok((output.status, String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    /// Where the copy is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn run(mut command: Command) -> Result<Output, ScratchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|source| ScratchError::Run { program, source })
}

/// Makes `to` equal to `from`, except for what is called as one of `left_out`.
fn copy_folder(from: &Path, to: &Path, left_out: &[&str]) -> Result<(), ScratchError> {
    fs::create_dir_all(to).map_err(file_error(to))?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from).map_err(file_error(from))? {
        let entry = entry.map_err(file_error(from))?;
        if left_out.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target, &[])?;
        } else {
            copy_file(&source, &target)?;
        }
        names.insert(entry.file_name());
    }
    for entry in fs::read_dir(to).map_err(file_error(to))? {
        let entry = entry.map_err(file_error(to))?;
        let kept =
            names.contains(&entry.file_name()) || left_out.iter().any(|name| entry.file_name() == *name);
        if !kept {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Copies a file unless the copy has the same content: its time of change is what cargo goes by.
fn copy_file(source: &Path, target: &Path) -> Result<(), ScratchError> {
    let content = fs::read(source).map_err(file_error(source))?;
    if fs::read(target).is_ok_and(|there| there == content) {
        return Ok(());
    }
    fs::write(target, content).map_err(file_error(target))
}

fn remove(path: &Path) -> Result<(), ScratchError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(file_error(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Edit;

    fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("raft/src")).unwrap();
        fs::create_dir_all(folder.path().join("target")).unwrap();
        fs::write(folder.path().join("raft/src/log.rs"), "let one = 1;").unwrap();
        fs::write(folder.path().join("target/big"), "not copied").unwrap();
        folder
    }

    fn wrong(before: &str) -> WrongRaft {
        let edit = Edit { file: "raft/src/log.rs".into(), before: before.into(), after: "two".into() };
        WrongRaft {
            name: "n".into(),
            thought: "t".into(),
            rule: "r".into(),
            kind: "panic".into(),
            caught_by: Vec::new(),
            edits: vec![edit],
        }
    }

    #[test]
    fn edits_are_made_in_the_copy_and_taken_back() {
        let original = workspace();
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(original.path(), folder.path()).unwrap();
        assert!(!folder.path().join("target").exists());
        let log = folder.path().join("raft/src/log.rs");
        fs::write(folder.path().join("left over"), "").unwrap();

        scratch.apply(&wrong("one")).unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "let two = 1;");
        assert!(!folder.path().join("left over").exists());
        assert!(matches!(scratch.apply(&wrong("three")), Err(ScratchError::WrongRaft(_))));
        scratch.restore().unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "let one = 1;");
        assert_eq!(fs::read_to_string(original.path().join("raft/src/log.rs")).unwrap(), "let one = 1;");
    }

    #[test]
    fn what_is_the_same_is_not_touched() {
        let original = workspace();
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(original.path(), folder.path()).unwrap();
        let log = folder.path().join("raft/src/log.rs");
        let before = fs::metadata(&log).unwrap().modified().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        scratch.restore().unwrap();
        assert_eq!(fs::metadata(&log).unwrap().modified().unwrap(), before);
    }
}
