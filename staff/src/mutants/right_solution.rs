//! [`RightSolution`]: a correct variant of a reference, which must pass.

use serde::Deserialize;

use super::Changes;
use super::file::Named;

/// A correct solution, which differs from the reference where the specification leaves a choice. Read from a
/// TOML file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightSolution {
    /// The file's name without its extension.
    pub name: String,
    /// The difference.
    pub difference: String,
    /// The reason why it is correct, with the section of the paper where there is one.
    pub why_right: String,
    /// Tests of a dependent lab that demand more speed than this solution has; they must fail.
    #[serde(default)]
    pub too_slow_for: Vec<String>,
    /// The edits, of the reference or of another base. None are needed to run a base as it is.
    #[serde(flatten)]
    pub edits: Changes,
}

impl Named for RightSolution {
    fn name(&self) -> &str {
        &self.name
    }
}
