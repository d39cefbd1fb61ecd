//! [`Inspection`]: the files that the compiler read of a submission, and the writable memory in its object
//! code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::dep_info::files_read;
use super::memory::{WritableSection, writable_sections};
use super::program::PACKAGE;
use super::{BuildError, Workspace, file_error};

/// The number of sections, and of foreign files, that are kept of a crate: one is enough to refuse it.
const KEPT: usize = 20;

/// The files that the compiler read of a submission, and the writable memory in its object code.
///
/// The data come from the artifacts of a build and not from the source, so no way of writing the source can
/// hide anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    /// The submission's files that the compiler read, with their paths in the submission.
    pub read: BTreeSet<String>,
    /// Other files that it read for the submission's crates, by crate.
    pub foreign: BTreeMap<String, BTreeSet<String>>,
    /// Writable memory in the object code, by crate. Sections that belong to no single crate are listed under
    /// `program`, the crate that links them.
    pub writable: BTreeMap<String, Vec<WritableSection>>,
}

impl Inspection {
    /// The reasons to refuse the submission, a sentence each; empty if there are none.
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

    /// Records the writable sections of an object file or library.
    fn record(&mut self, name: &str, path: &Path) -> Result<(), BuildError> {
        let mut sections = writable_sections(path)?;
        sections.truncate(KEPT);
        if !sections.is_empty() {
            self.writable.insert(name.to_owned(), sections);
        }
        Ok(())
    }
}

impl Workspace {
    /// Inspects the artifacts of the last [build](Self::build), which must have produced a command line.
    ///
    /// # Errors
    ///
    /// An artifact cannot be read.
    pub fn inspect(&self) -> Result<Inspection, BuildError> {
        let mut inspection = Inspection::default();
        inspection.record(PACKAGE, &self.object())?;
        for &name in self.crates() {
            let library = self.library(name)?;
            inspection.record(name, library)?;
            self.sort_files(name, library, &mut inspection)?;
        }
        Ok(inspection)
    }

    /// Separates the submission's files from others, among those that the compiler read for a crate.
    fn sort_files(&self, name: &str, library: &Path, inspection: &mut Inspection) -> Result<(), BuildError> {
        let path = dep_info_of(library);
        let dep_info = fs::read(&path).map_err(file_error(&path))?;
        // A name that is not UTF-8 is not a file of a submission.
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

    /// The file's path in the submission, if it is the submission's. The compiler runs in the folder of the
    /// sources.
    fn submitted(&self, file: &Path) -> Result<Option<String>, BuildError> {
        let sources = self.sources();
        let sources = fs::canonicalize(&sources).map_err(file_error(&sources))?;
        let Ok(whole) = fs::canonicalize(sources.join(file)) else { return Ok(None) };
        let inside = whole.strip_prefix(&sources).ok().and_then(Path::to_str);
        Ok(inside.filter(|it| self.has_file(it)).map(str::to_owned))
    }
}

/// The file that lists what the compiler read for a library: `raft-1f.d` beside `libraft-1f.rlib`.
fn dep_info_of(library: &Path) -> PathBuf {
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    library.with_file_name(name.strip_prefix("lib").unwrap_or(&name)).with_extension("d")
}
