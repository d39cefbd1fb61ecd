//! [`Corpus`]: all wrong and all right solutions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::build::Base;
use crate::file::load_all;
use crate::{
    Edit, EditError, FileError, Reference, RightSolution, Scratch, ScratchError, Sources, WrongSolution,
};

/// All files of the grader, and the references that they edit.
#[derive(Debug)]
pub struct Corpus {
    workspace: PathBuf,
    references: BTreeMap<Reference, Sources>,
    /// Those of lab 3.
    pub rafts: Family,
    /// Those of labs 2 and 4.
    pub services: Family,
    /// Those of the Bully algorithm.
    pub bullies: Family,
}

/// The wrong and the right solutions of some labs.
#[derive(Debug)]
pub struct Family {
    /// The wrong ones, by name.
    pub wrong: Vec<WrongSolution>,
    /// The right ones, by name.
    pub right: Vec<RightSolution>,
}

impl Corpus {
    /// The corpus of the workspace at `workspace`: `wrong-rafts`, `right-rafts`, `wrong-services` and
    /// `right-services` in `grader`, and `wrong` and `right` beside the Bully algorithm.
    ///
    /// # Errors
    ///
    /// A file cannot be read or has not the right form.
    pub fn load(workspace: &Path) -> Result<Self, FileError> {
        let family = |wrong: &str, right: &str| -> Result<Family, FileError> {
            Ok(Family { wrong: load_all(&workspace.join(wrong))?, right: load_all(&workspace.join(right))? })
        };
        let sources = |reference| Ok((reference, Sources::of(reference, workspace)?));
        Ok(Self {
            workspace: workspace.to_owned(),
            references: Reference::ALL.into_iter().map(sources).collect::<Result<_, FileError>>()?,
            rafts: family("grader/wrong-rafts", "grader/right-rafts")?,
            services: family("grader/wrong-services", "grader/right-services")?,
            bullies: family("protocols/bully/wrong", "protocols/bully/right")?,
        })
    }

    /// The corpus of the workspace that this program runs in.
    ///
    /// # Errors
    ///
    /// As [`Corpus::load`], and when there is no such workspace.
    pub fn here() -> Result<Self, FileError> {
        Self::load(tester::workspace::find()?)
    }

    /// Where the workspace is.
    #[must_use]
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// A reference with these edits.
    ///
    /// # Errors
    ///
    /// An edit does not fit.
    pub fn edited(&self, reference: Reference, edits: &[Edit]) -> Result<Sources, EditError> {
        self.references[&reference].edited(edits)
    }

    /// Builds all whose edits fit, and each reference itself under [another name](Reference::copy), in
    /// `folder`, on the framework that `cache` has for [submissions](Base) too.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, or something does not build.
    pub fn build(&self, cache: &Path, folder: &Path) -> Result<Scratch, ScratchError> {
        let copy =
            |(reference, sources): (&Reference, &Sources)| (reference.copy().to_owned(), sources.clone());
        let mut solutions: BTreeMap<String, Sources> = self.references.iter().map(copy).collect();
        for family in [&self.rafts, &self.services, &self.bullies] {
            let wrong = family.wrong.iter().map(|it| (&it.name, it.reference, &it.edits));
            let right = family.right.iter().map(|it| (&it.name, it.reference, &it.edits));
            for (name, reference, edits) in wrong.chain(right) {
                // Whoever tries it is told why it is not there.
                if let Ok(edited) = self.edited(reference, edits) {
                    solutions.insert(name.clone(), edited);
                }
            }
        }
        let base = Base::prepare(&self.workspace, cache, &|| ())?;
        let scratch = Scratch::new(&base.framework(), folder);
        scratch.begin_with(&base.target())?;
        scratch.write(&solutions)?;
        scratch.build()?;
        Ok(scratch)
    }
}
