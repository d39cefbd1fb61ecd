//! [`Corpus`]: all wrong and all right solutions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tester::Lab;

use super::file::load_all;
use super::{Changes, EditError, FileError, RightSolution, Scratch, ScratchError, Sources, WrongSolution};
use crate::build::Base;

/// The wrong and the right solutions of all labs, and the references and other bases that they edit.
#[derive(Clone, Debug)]
pub struct Corpus {
    workspace: PathBuf,
    families: Vec<Family>,
}

/// The wrong and the right solutions of a lab.
#[derive(Clone, Debug)]
pub struct Family {
    /// The lab.
    pub lab: &'static Lab,
    /// The reference.
    pub reference: Sources,
    /// Other whole solutions that variants begin with, by name.
    pub bases: BTreeMap<String, Sources>,
    /// The wrong ones, by name.
    pub wrong: Vec<WrongSolution>,
    /// The right ones, by name.
    pub right: Vec<RightSolution>,
}

impl Family {
    /// The sources of a variant: its base, or the reference, with its edits.
    ///
    /// # Errors
    ///
    /// An edit does not fit, there is no such base, or there are no edits of the reference.
    pub fn edited(&self, changes: &Changes) -> Result<Sources, EditError> {
        let Some(name) = &changes.base else {
            let any = !changes.edits.is_empty();
            return if any { self.reference.edited(&changes.edits) } else { Err(EditError::NoEdits) };
        };
        let base = self.bases.get(name).ok_or_else(|| EditError::NoBase { name: name.clone() })?;
        base.edited(&changes.edits)
    }

    /// The name of the unedited reference, built as the variants are.
    #[must_use]
    pub fn copy(&self) -> String {
        format!("copy_of_{}", self.lab.krate)
    }
}

impl Corpus {
    /// The corpus of the workspace at `workspace`: the folders `wrong`, `right` and `bases` of every lab.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or does not have the right format.
    pub fn load(workspace: &Path) -> Result<Self, FileError> {
        let family = |lab: &'static Lab| -> Result<Family, FileError> {
            let folder = workspace.join(lab.folder);
            Ok(Family {
                lab,
                reference: Sources::of(lab, workspace)?,
                bases: Sources::bases(lab, workspace)?,
                wrong: load_all(&folder.join("wrong"))?,
                right: load_all(&folder.join("right"))?,
            })
        };
        let families = tester::labs().iter().map(family).collect::<Result<_, _>>()?;
        Ok(Self { workspace: workspace.to_owned(), families })
    }

    /// The corpus of the workspace that this program runs in.
    ///
    /// # Errors
    ///
    /// As [`Corpus::load`], and when there is no such workspace.
    pub fn here() -> Result<Self, FileError> {
        Self::load(tester::workspace::find()?)
    }

    /// The folder of the workspace.
    #[must_use]
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// All families, in the order of the labs.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The same corpus with the family of one lab alone.
    #[must_use]
    pub fn of_lab(mut self, krate: &str) -> Self {
        self.families.retain(|family| family.lab.krate == krate);
        self
    }

    /// Builds all solutions whose edits fit, and each reference under [another name](Family::copy), in
    /// `folder`, on the framework that `cache` has for [submissions](Base) too.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, or something does not build.
    pub fn build(&self, cache: &Path, folder: &Path) -> Result<Scratch, ScratchError> {
        let mut variants = BTreeMap::new();
        for family in &self.families {
            variants.insert(family.copy(), Variant { sources: family.reference.clone(), is_wrong: false });
            let wrong = family.wrong.iter().map(|it| (&it.name, &it.edits, true));
            let right = family.right.iter().map(|it| (&it.name, &it.edits, false));
            for (name, changes, is_wrong) in wrong.chain(right) {
                // The trial of a solution reports changes that do not fit.
                if let Ok(sources) = family.edited(changes) {
                    variants.insert(name.clone(), Variant { sources, is_wrong });
                }
            }
        }
        let base = Base::prepare(&self.workspace, cache, &|| ())?;
        let scratch = Scratch::new(&base.framework(), folder);
        scratch.begin_with(&base.target())?;
        scratch.write(&variants)?;
        scratch.build()?;
        Ok(scratch)
    }
}

/// A variant of a reference or of another base, to be built.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The files of its crate.
    pub sources: Sources,
    /// Whether it is wrong. A wrong solution is built without debug assertions, so that the tests notice its
    /// mistake and not the reference's own checks, which a student's code does not have.
    pub is_wrong: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_begins_with_its_base_or_with_the_reference() {
        let corpus = Corpus::here().unwrap().of_lab("raft");
        let family = &corpus.families[0];
        let changes = |base: Option<&str>| Changes { base: base.map(str::to_owned), edits: vec![] };
        assert!(!family.bases.is_empty());
        for name in family.bases.keys() {
            assert!(family.edited(&changes(Some(name))).is_ok());
        }
        assert_eq!(family.edited(&changes(Some("none"))).unwrap_err().to_string(), "there is no base `none`");
        assert_eq!(family.edited(&changes(None)).unwrap_err(), EditError::NoEdits);
    }
}
