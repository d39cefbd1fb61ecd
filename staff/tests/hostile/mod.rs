//! The corpus of hostile and broken submissions.

mod made;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A submission, and what is to become of it.
pub struct Hostile {
    pub name: String,
    pub folder: PathBuf,
    pub expected: Expected,
}

/// What is to become of a submission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    pub what: String,
    pub outcome: String,
    pub refusals: Vec<String>,
    pub violations: Vec<String>,
    pub warnings: Vec<String>,
    pub ignored: Vec<String>,
    /// What is told of files of which only the compiler knows that they are compiled.
    pub late: Vec<String>,
    /// Pieces of what is told of what was built, whatever the rules say.
    pub built: Vec<String>,
    /// The parts in which it must not score; part 3A, if nothing is said.
    pub parts: Vec<String>,
    /// When it is run, whatever the rules say: the kind of failure, and what its message must have.
    pub kind: String,
    pub says: String,
}

/// All of them, in the order of names: those in the folder `kept`, and those that are made when tests run, in `scratch`, which
/// is empty.
pub fn all(kept: &Path, scratch: &Path) -> Vec<Hostile> {
    let mut all = made::all(scratch);
    for entry in fs::read_dir(kept).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let expected = toml_edit::de::from_str(&fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        all.push(Hostile { folder: kept.join(&name), name, expected });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}
