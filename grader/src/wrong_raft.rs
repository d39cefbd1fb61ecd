//! [`WrongRaft`]: one mistake, and which tests must notice it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The reference with one rule of the paper broken. Read from a TOML file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongRaft {
    /// The file's name without its ending.
    pub name: String,
    /// What the student thought.
    pub thought: String,
    /// The rule that it breaks, with the section of the paper.
    pub rule: String,
    /// The kind of failure that the tests must report, such as `assertion`.
    pub kind: String,
    /// The tests that must notice.
    pub caught_by: Vec<CaughtBy>,
    /// What is different from the reference.
    #[serde(rename = "edit")]
    pub edits: Vec<Edit>,
}

/// A test that must fail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaughtBy {
    /// The test's name, such as `many_elections_3a`.
    pub test: String,
    /// In at least one of this many runs, over the seeds from 1 on.
    pub within: u64,
}

/// One exact replacement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file, from the top of the workspace.
    pub file: PathBuf,
    /// Text that occurs in it exactly once.
    pub before: String,
    /// What stands there instead.
    pub after: String,
}

/// Why a wrong Raft cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WrongRaftError {
    /// The file or folder cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not of the form of a [`WrongRaft`].
    #[error("{path} is not a wrong Raft: {source}", path = path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// The file has another name than it says.
    #[error("{path} calls itself `{name}`", path = path.display())]
    Name {
        /// Which.
        path: PathBuf,
        /// What it says.
        name: String,
    },
    /// An edit does not fit the source as it is now.
    #[error("`{before}` occurs {count} times in {file}, not once", file = file.display())]
    Fit {
        /// The file to edit.
        file: PathBuf,
        /// The text to replace.
        before: String,
        /// How often it is there.
        count: usize,
    },
}

impl WrongRaft {
    /// Reads one from its file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, has not the right form, or calls itself something else.
    pub fn load(path: &Path) -> Result<Self, WrongRaftError> {
        let read = |source| WrongRaftError::Read { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(read)?;
        let form = |source| WrongRaftError::Form { path: path.to_owned(), source: Box::new(source) };
        let wrong: Self = toml::from_str(&text).map_err(form)?;
        if path.file_stem().is_none_or(|stem| stem != wrong.name.as_str()) {
            return Err(WrongRaftError::Name { path: path.to_owned(), name: wrong.name });
        }
        Ok(wrong)
    }

    /// Reads all files of `folder`, in the order of their names.
    ///
    /// # Errors
    ///
    /// The folder, or one of the files, cannot be read or has not the right form.
    pub fn load_all(folder: &Path) -> Result<Vec<Self>, WrongRaftError> {
        let read = |source| WrongRaftError::Read { path: folder.to_owned(), source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(read)? {
            paths.push(entry.map_err(read)?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
        paths.sort();
        paths.iter().map(|path| Self::load(path)).collect()
    }
}

impl Edit {
    /// `text` with the replacement made.
    ///
    /// # Errors
    ///
    /// What is to be replaced does not occur exactly once.
    pub fn apply(&self, text: &str) -> Result<String, WrongRaftError> {
        match text.matches(&self.before).count() {
            1 => Ok(text.replacen(&self.before, &self.after, 1)),
            count => Err(WrongRaftError::Fit { file: self.file.clone(), before: self.before.clone(), count }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(before: &str, after: &str) -> Edit {
        Edit { file: "raft/src/log.rs".into(), before: before.to_owned(), after: after.to_owned() }
    }

    #[test]
    fn an_edit_replaces_what_occurs_once() {
        assert_eq!(edit("b", "x").apply("abc").unwrap(), "axc");
        let error = edit("b", "x").apply("abcb").unwrap_err();
        assert_eq!(error.to_string(), "`b` occurs 2 times in raft/src/log.rs, not once");
        let error = edit("q", "x").apply("abc").unwrap_err();
        assert_eq!(error.to_string(), "`q` occurs 0 times in raft/src/log.rs, not once");
    }

    #[test]
    fn a_file_must_have_the_right_form_and_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("votes.toml");
        fs::write(&path, "name = 'votes'").unwrap();
        assert!(WrongRaft::load(&path).unwrap_err().to_string().contains("is not a wrong Raft"));
        let whole = "name = 'other'\nthought = ''\nrule = ''\nkind = 'panic'\ncaught_by = []\nedit = []";
        fs::write(&path, whole).unwrap();
        assert!(WrongRaft::load(&path).unwrap_err().to_string().ends_with("calls itself `other`"));
        fs::write(&path, whole.replace("other", "votes")).unwrap();
        assert_eq!(WrongRaft::load_all(folder.path()).unwrap().len(), 1);
        assert!(WrongRaft::load_all(&folder.path().join("none")).is_err());
    }
}
