//! [`RightSolution`]: a reference done otherwise, which must pass.

use serde::Deserialize;

use super::Edit;
use super::file::Named;

/// A reference with something done otherwise that is left open. Read from a TOML file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightSolution {
    /// The file's name without its ending.
    pub name: String,
    /// What it does otherwise.
    pub difference: String,
    /// Why that is right, with the section of the paper where there is one.
    pub why_right: String,
    /// Tests of a lab that stands on this one which ask for more speed than this solution has, and must say
    /// so.
    #[serde(default)]
    pub too_slow_for: Vec<String>,
    /// What is different from the reference.
    #[serde(rename = "edit")]
    pub edits: Vec<Edit>,
}

impl Named for RightSolution {
    fn name(&self) -> &str {
        &self.name
    }
}
