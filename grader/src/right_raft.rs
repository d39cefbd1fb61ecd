//! [`RightRaft`]: the reference done otherwise, which must pass.

use serde::Deserialize;

use crate::Edit;
use crate::file::Named;

/// The reference with something done otherwise that the paper leaves open. Read from a TOML file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightRaft {
    /// The file's name without its ending.
    pub name: String,
    /// What it does otherwise.
    pub difference: String,
    /// Why that is right, with the section of the paper.
    pub why_right: String,
    /// What is different from the reference.
    #[serde(rename = "edit")]
    pub edits: Vec<Edit>,
}

impl Named for RightRaft {
    fn name(&self) -> &str {
        &self.name
    }
}
