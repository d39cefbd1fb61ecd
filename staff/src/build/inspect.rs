//! [`Inspection`]: what the compiler read of a submission, and what it made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::dep_info::files_read;
use super::memory::{WritableSection, writable_sections};
use super::program::PACKAGE;
use super::{BuildError, Workspace, file_error};

/// Sections, and files of others, that are kept of a crate: one is enough.
const KEPT: usize = 20;

/// What the compiler read of a submission, and what it made of it.
///
/// It is found in the artefacts of a build and not in the source, so no way to write a thing hides it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    /// The submission's files that the compiler read, as the submission has them.
    pub read: BTreeSet<String>,
    /// Files of others that it read for the submission's crates, by crate.
    pub foreign: BTreeMap<String, BTreeSet<String>>,
    /// Writable memory in the object code, by crate. What no crate can be blamed for is said of `program`,
    /// which joins them.
    pub writable: BTreeMap<String, Vec<WritableSection>>,
}

impl Inspection {
    /// Why the submission is refused, a sentence each; none if it is not.
    #[must_use]
    pub fn objections(&self) -> Vec<String> {
        let writable = self.writable.iter().flat_map(|(name, sections)| {
            sections.iter().map(move |section| {
                format!(
                    "{name}: its object code has writable memory, which all servers share: {section}; \
                     keep it in a field of the server"
                )
            })
        });
        let foreign = self.foreign.iter().flat_map(|(name, files)| {
            files.iter().map(move |file| {
                format!(
                    "{name}: the compiler read {file}, which the rules have not judged; \
                     write what is needed into the source"
                )
            })
        });
        writable.chain(foreign).collect()
    }

    /// Notes what object code has.
    fn note(&mut self, name: &str, path: &Path) -> Result<(), BuildError> {
        let mut sections = writable_sections(path)?;
        sections.truncate(KEPT);
        if !sections.is_empty() {
            self.writable.insert(name.to_owned(), sections);
        }
        Ok(())
    }
}

impl Workspace {
    /// Looks at what the last [build](Self::build) made, which must have come to a command line.
    ///
    /// # Errors
    ///
    /// What was built cannot be read.
    pub fn inspect(&self) -> Result<Inspection, BuildError> {
        let mut inspection = Inspection::default();
        inspection.note(PACKAGE, &self.object())?;
        for &name in self.crates() {
            let library = self.library(name)?;
            inspection.note(name, library)?;
            self.sort_files(name, library, &mut inspection)?;
        }
        Ok(inspection)
    }

    /// Tells the submission's files from others, among those that the compiler read for a crate.
    fn sort_files(&self, name: &str, library: &Path, inspection: &mut Inspection) -> Result<(), BuildError> {
        let path = dep_info_of(library);
        let dep_info = fs::read(&path).map_err(file_error(&path))?;
        // A name that is no text is no file of a submission.
        let mut foreign = BTreeSet::new();
        for file in files_read(&String::from_utf8_lossy(&dep_info)) {
            match self.submitted(&file)? {
                Some(file) => {
                    inspection.read.insert(file);
                }
                None if foreign.len() < KEPT => {
                    foreign.insert(file.to_string_lossy().into_owned());
                }
                None => {}
            }
        }
        if !foreign.is_empty() {
            inspection.foreign.insert(name.to_owned(), foreign);
        }
        Ok(())
    }

    /// The file as the submission has it, if it does. The compiler runs in the folder of the sources.
    fn submitted(&self, file: &Path) -> Result<Option<String>, BuildError> {
        let sources = self.sources();
        let sources = fs::canonicalize(&sources).map_err(file_error(&sources))?;
        let Ok(whole) = fs::canonicalize(sources.join(file)) else { return Ok(None) };
        let inside = whole.strip_prefix(&sources).ok().and_then(Path::to_str);
        Ok(inside.filter(|it| self.has_file(it)).map(str::to_owned))
    }
}

/// Where the compiler says what it read for a library: `raft-1f.d` beside `libraft-1f.rlib`.
fn dep_info_of(library: &Path) -> PathBuf {
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    library.with_file_name(name.strip_prefix("lib").unwrap_or(&name)).with_extension("d")
}
