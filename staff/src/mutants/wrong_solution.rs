//! [`WrongSolution`]: one mistake, and the tests that must notice it.

use serde::Deserialize;

use super::Changes;
use super::file::Named;

/// A solution with one rule broken. Read from a TOML file.
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
    /// Whether the file was written before the tests were tuned to find such mistakes. Pages count these
    /// solutions apart, for they say more about mistakes that nobody has thought of.
    #[serde(default)]
    pub frozen: bool,
    /// The edits, of the reference or of another base.
    #[serde(flatten)]
    pub edits: Changes,
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
    /// The solution that it edits: `reference`, or the name of another base.
    #[must_use]
    pub fn base_name(&self) -> &str {
        self.edits.base.as_deref().unwrap_or(REFERENCE)
    }
}

impl Named for WrongSolution {
    fn name(&self) -> &str {
        &self.name
    }
}
