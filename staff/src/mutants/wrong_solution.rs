//! [`WrongSolution`]: one mistake, and the tests that must notice it.

use serde::Deserialize;

use super::Edit;
use super::file::Named;

/// A reference with one rule broken. Read from a TOML file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongSolution {
    /// The file's name without its extension.
    pub name: String,
    /// The misconception of the student.
    pub thought: String,
    /// The rule that it breaks, with the section of the paper where there is one.
    pub rule: String,
    /// The id of the rule that it breaks first, as failed runs report it; in a solution that no test notices,
    /// the rule that is found in runs that pass. `None` if no rule explains the failures.
    pub first_broken: Option<String>,
    /// The tests that must notice; empty if all tests pass it, which they then must.
    pub caught_by: Vec<CaughtBy>,
    /// The reason why no test notices, if none does.
    pub not_seen: Option<String>,
    /// Whether it was written before tests were made for such mistakes, and is counted apart: how many of
    /// these are caught says how the tests do on mistakes that nobody thought of.
    #[serde(default)]
    pub frozen: bool,
    /// The edits of the reference.
    #[serde(rename = "edit")]
    pub edits: Vec<Edit>,
}

/// A test that must fail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaughtBy {
    /// The test's name, such as `many_elections_3a`.
    pub test: String,
    /// The kind of failure that it must report, such as `assertion`.
    pub kind: String,
    /// In at least one of this many runs, over the seeds from 1 on.
    pub within: u64,
    /// Text that the failure's message must contain.
    pub says: String,
    /// The rule that is broken first in this test, if it is another one than the
    /// [solution's](WrongSolution::first_broken): what follows from a mistake may be seen before itself.
    pub first_broken: Option<String>,
}

/// The name of the lab's own solution, as a base of edits.
const REFERENCE: &str = "reference";

impl WrongSolution {
    /// The solution that it edits: `reference`, or the name of the folder below the lab's `bases` in which
    /// the edited files are.
    #[must_use]
    pub fn base_name(&self) -> &str {
        let mut parts = self.edits.iter().flat_map(|edit| &edit.file).map(|part| part.to_str());
        let of_base = parts.by_ref().any(|part| part == Some("bases"));
        parts.next().flatten().filter(|_| of_base).unwrap_or(REFERENCE)
    }
}

impl Named for WrongSolution {
    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_the_folder_of_the_edited_files() {
        let wrong = |file: &str| -> WrongSolution {
            let text = format!(
                "name = ''\nthought = ''\nrule = ''\ncaught_by = []\n\
                 [[edit]]\nfile = '{file}'\nbefore = 'a'\nafter = 'b'"
            );
            toml_edit::de::from_str(&text).expect("the right form")
        };
        assert_eq!(wrong("raft/src/log.rs").base_name(), "reference");
        assert_eq!(wrong("raft/bases/plain/log.rs").base_name(), "plain");
        assert!(!wrong("raft/src/log.rs").frozen);
    }
}
