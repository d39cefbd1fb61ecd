//! The student's workspace, made from this one: [`write()`].
//!
//! The sources of the framework are copied whole, with their unit tests, and without their integration tests
//! and benchmarks. In place of the solutions stand the skeletons of the labs, with the solutions' names and
//! tests. Few files are written anew, each as a whole: see `generated`. Members, dependencies, profiles and
//! lints are those of this workspace, less what nobody needs any more.
//!
//! Read in this order: `parts` (what is released), `contents` (which files go where), `generated` (those that
//! are written anew), `tree` (all of it, before and on the disk), `lock` (the versions), `destination` (where
//! it may be written), `command` (`lab handout`).

pub(crate) mod command;
mod contents;
mod destination;
mod error;
mod generated;
mod lock;
mod parts;
mod tree;

use std::path::Path;

pub use error::HandoutError;
pub use parts::Parts;

use crate::framework::FRAMEWORK;

/// What is handed out, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What students get so far.
    pub parts: Parts,
    /// Write also into a folder that has something in it. Files that the hand-out has too are replaced; in
    /// the folders of its crates, and of crates that are not released, all else goes. The rest of the folder
    /// stays.
    pub force: bool,
}

/// Writes the hand-out of the workspace at `workspace` into the folder `folder`, which is made if it is not
/// there.
///
/// The same sources give the same bytes. The versions of all dependencies are those of this workspace; cargo
/// is asked to leave out those that are not needed, without the network.
///
/// # Errors
///
/// The folder may not be written to, or not everything is where it should be: see [`HandoutError`].
pub fn write(workspace: &Path, folder: &Path, options: &Options) -> Result<(), HandoutError> {
    destination::check(workspace, folder, options.force)?;
    let tree = contents::collect(workspace, &options.parts)?;
    let former = tester::labs().iter().map(|lab| Path::new(lab.folder)).chain(FRAMEWORK.map(Path::new));
    tree.write(folder, former)?;
    lock::write(workspace, folder)
}
