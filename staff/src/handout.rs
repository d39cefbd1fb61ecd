//! The student's workspace, made from this one: [`write()`].
//!
//! The sources of the framework are copied whole, with their unit tests, and without their integration tests
//! and benchmarks. In place of the solutions stand the skeletons of the labs, with the solutions' names and
//! tests. Few files are written anew, each as a whole: see `generated`. Members, dependencies, profiles and
//! lints are those of this workspace, without unused ones.
//!
//! Reading order: `parts` (the released parts), `contents` (the files and their destinations), `generated`
//! (the files that are written anew), `tree` (the whole hand-out in memory and on disk), `lock` (the
//! versions), `destination` (the checks of the folder), `command` (`lab handout`).

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

/// The options of a hand-out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The released parts.
    pub parts: Parts,
    /// Whether to write into a folder that is not empty. Files of the hand-out are replaced. In the folders
    /// of its crates, and of crates that are not released, all other files are removed. The rest of the
    /// folder is kept.
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
