//! [`Corpus`]: all wrong and all right Rafts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::file::load_all;
use crate::{Edit, EditError, FileError, RightRaft, Scratch, ScratchError, Sources, WrongRaft};

/// All files of the grader, and the reference that they edit.
#[derive(Debug)]
pub struct Corpus {
    workspace: PathBuf,
    reference: Sources,
    /// The wrong ones, by name.
    pub wrong: Vec<WrongRaft>,
    /// The right ones, by name.
    pub right: Vec<RightRaft>,
}

impl Corpus {
    /// The corpus of the workspace at `workspace`: `grader/wrong-rafts` and `grader/right-rafts`.
    ///
    /// # Errors
    ///
    /// A file cannot be read or has not the right form.
    pub fn load(workspace: &Path) -> Result<Self, FileError> {
        let grader = workspace.join("grader");
        Ok(Self {
            workspace: workspace.to_owned(),
            reference: Sources::reference(workspace)?,
            wrong: load_all(&grader.join("wrong-rafts"))?,
            right: load_all(&grader.join("right-rafts"))?,
        })
    }

    /// The workspace that this program was compiled in.
    ///
    /// # Errors
    ///
    /// As [`Corpus::load`].
    ///
    /// # Panics
    ///
    /// Panics if the grader is no folder of a workspace.
    pub fn here() -> Result<Self, FileError> {
        let grader = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self::load(grader.parent().expect("the grader is a folder of the workspace"))
    }

    /// Where the workspace is.
    #[must_use]
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The reference with these edits.
    ///
    /// # Errors
    ///
    /// An edit does not fit.
    pub fn edited(&self, edits: &[Edit]) -> Result<Sources, EditError> {
        self.reference.edited(edits)
    }

    /// Builds all whose edits fit, and the reference itself under another name ([`Corpus::COPY`]), in `folder`.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, or something does not build.
    pub fn build(&self, folder: &Path) -> Result<Scratch, ScratchError> {
        let wrong = self.wrong.iter().map(|it| (&it.name, &it.edits));
        let right = self.right.iter().map(|it| (&it.name, &it.edits));
        let mut solutions = BTreeMap::from([(Self::COPY.to_owned(), self.reference.clone())]);
        for (name, edits) in wrong.chain(right) {
            // Whoever tries it is told why it is not there.
            if let Ok(edited) = self.edited(edits) {
                solutions.insert(name.clone(), edited);
            }
        }
        let scratch = Scratch::new(&self.workspace, folder);
        scratch.write(&solutions)?;
        scratch.build()?;
        Ok(scratch)
    }

    /// The name of the reference without edits, built as the others are.
    pub const COPY: &'static str = "copy_of_the_reference";
}
