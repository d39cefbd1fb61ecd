//! [`Edit`]: one exact replacement in a solution.

use std::path::PathBuf;

use serde::Deserialize;

/// One exact replacement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file, from the top of the workspace, such as `raft/src/log.rs`.
    pub file: PathBuf,
    /// Text that occurs in it exactly once.
    pub before: String,
    /// The replacement.
    pub after: String,
}

/// The reason why changes do not fit a solution.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text to replace does not occur exactly once.
    #[error("`{before}` occurs {count} times in {file}, not once", file = file.display())]
    Fit {
        /// The file to edit.
        file: PathBuf,
        /// The text to replace.
        before: String,
        /// The number of occurrences.
        count: usize,
    },
    /// The solution has no such file.
    #[error("{file} is no file of {solution}", file = file.display())]
    NoFile {
        /// The file to edit.
        file: PathBuf,
        /// The solution: `the reference`, or `the base NAME`.
        solution: String,
    },
    /// The lab has no such base.
    #[error("there is no base `{name}`")]
    NoBase {
        /// The name of the base.
        name: String,
    },
    /// Without edits and without a base, a variant is the reference.
    #[error("a variant of the reference has at least one edit")]
    NoEdits,
}

impl Edit {
    /// `text` with the replacement made.
    ///
    /// # Errors
    ///
    /// The text to replace does not occur exactly once.
    pub fn apply(&self, text: &str) -> Result<String, EditError> {
        match text.matches(&self.before).count() {
            1 => Ok(text.replacen(&self.before, &self.after, 1)),
            count => Err(EditError::Fit { file: self.file.clone(), before: self.before.clone(), count }),
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
}
