//! [`Redundant`]: assertions that no test can notice, each with a reason.

use serde::Deserialize;

use crate::Problem;
use crate::switches::Switch;

/// The list, in a file beside this one.
const LIST: &str = include_str!("redundant.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redundant {
    #[serde(default)]
    assertion: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    function: String,
    /// The beginning of the message.
    message: String,
    reason: String,
}

impl Entry {
    fn is(&self, switch: &Switch) -> bool {
        let site = &switch.site;
        site.file == self.file && site.function == self.function && site.what.starts_with(&self.message)
    }
}

impl Redundant {
    /// Reads the list. Each entry must be one of `switches`.
    pub fn read(switches: &[Switch]) -> Result<Self, Problem> {
        let list: Self = toml_edit::de::from_str(LIST).map_err(|error| format!("redundant.toml: {error}"))?;
        for entry in &list.assertion {
            let matches = switches.iter().filter(|switch| entry.is(switch)).count();
            if matches != 1 {
                return Err(format!("redundant.toml: `{}` is {matches} assertions, not one", entry.message));
            }
        }
        Ok(list)
    }

    /// The reason why no test can notice that this is switched off; `None` if one must.
    pub fn reason(&self, switch: &Switch) -> Option<&str> {
        self.assertion.iter().find(|entry| entry.is(switch)).map(|entry| entry.reason.as_str())
    }
}
