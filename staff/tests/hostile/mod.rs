//! The corpus of hostile and broken submissions.

mod made;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A submission, and its expected outcome.
pub struct Hostile {
    pub name: String,
    pub folder: PathBuf,
    pub expected: Expected,
}

/// The expected outcome of a submission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    pub what: String,
    pub outcome: String,
    pub refusals: Vec<String>,
    pub violations: Vec<String>,
    pub warnings: Vec<String>,
    pub ignored: Vec<String>,
    /// Parts of the findings in files that only the compiler knows to be compiled.
    pub late: Vec<String>,
    /// Parts of the objections to the artifacts, regardless of the rules.
    pub built: Vec<String>,
    /// The parts in which it must not score; empty for part 3A.
    pub parts: Vec<String>,
    /// The kind of failure when it runs regardless of the rules, and text in its message.
    pub kind: String,
    pub says: String,
}

/// All submissions, in the order of names: those in the folder `kept`, and generated ones, which are written
/// to the empty folder `scratch`.
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
