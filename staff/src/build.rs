//! The build of submissions: the student's sources, our manifests, and a prebuilt framework.
//!
//! - [`Toolchain`]: the compiler, and the registry's crates;
//! - [`Base`]: the framework and the reference, copied and built once for all submissions;
//! - [`Workspace`]: a submission's own crates and a command line that has them compiled in;
//! - [`Built`]: the result, crate by crate;
//! - [`Inspection`]: the files that the compiler read, and the writable memory in the object code;
//! - [`Reachable`]: its command line at a path that every user can reach;
//! - [`stop_all`]: stops all running builds.
//!
//! A submission's crates are in a workspace of their own and depend on the base by path. So the framework has
//! the same paths for all submissions, and cargo reuses its artifacts from a copy of the base's target
//! folder. Only a submission's sources influence its build: there is no build script and no manifest of its
//! own.

mod artifacts;
mod base;
mod compile;
mod copy;
mod dep_info;
mod diagnostics;
mod inspect;
mod manifests;
mod memory;
mod program;
mod reachable;
mod stop;
mod tasks;
mod told;
mod toolchain;
mod workspace;

use std::io;
use std::path::{Path, PathBuf};

pub use base::Base;
pub(crate) use base::{folders, write_sources};
pub use compile::{Built, Confined};
pub(crate) use copy::copy_with_times;
pub use inspect::Inspection;
pub use memory::{WritableSection, writable_sections};
pub use program::Missing;
pub use reachable::Reachable;
pub use stop::stop_all;
pub use toolchain::Toolchain;
pub use workspace::Workspace;

/// The name of the solution that is the submission: each lab of it stands on the submission's own labs.
pub const OWN: &str = "own";

/// The name of the solutions that are one lab of the submission on the reference's: for each lab one, with
/// the lab's crate after a slash.
pub const ON_REFERENCE: &str = "on_reference";

/// The reason why nothing could be built, through no fault of a submission.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file cannot be copied, read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A manifest of the framework does not have the expected form.
    #[error(transparent)]
    Manifest(#[from] crate::manifest::ManifestError),
    /// The compiler is missing, or cannot be started.
    #[error("cannot run {program}: {why}")]
    Run {
        /// The program.
        program: String,
        /// The reason.
        why: String,
    },
    /// An artifact is not a valid object file.
    #[error("{} is not what the compiler should make: {why}", path.display())]
    ObjectCode {
        /// The file.
        path: PathBuf,
        /// The problem.
        why: String,
    },
    /// The framework and the reference do not build.
    #[error("the framework does not build:\n{0}")]
    Framework(String),
    /// The sandbox cannot be used.
    #[error(transparent)]
    Sandbox(#[from] crate::sandbox::SandboxError),
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> BuildError {
    let path = path.to_owned();
    move |source| BuildError::File { path, source }
}
