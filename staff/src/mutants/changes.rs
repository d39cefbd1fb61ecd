//! [`Changes`]: how a variant comes from a whole solution.

use std::ops::Deref;

use serde::Deserialize;

use super::Edit;

/// The whole solution that a variant begins with, and the edits of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Changes {
    /// The name of the solution's folder in the lab's folder `bases`; `None`: the reference.
    pub base: Option<String>,
    /// The edits, in order. A variant without a base has at least one.
    #[serde(rename = "edit", default)]
    pub edits: Vec<Edit>,
}

impl Deref for Changes {
    type Target = [Edit];

    fn deref(&self) -> &[Edit] {
        &self.edits
    }
}
