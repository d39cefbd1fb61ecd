//! Builds submissions: the student's sources, our manifests, and a framework that is built already.
//!
//! - [`Toolchain`]: the compiler, and where the registry's crates are;
//! - [`Base`]: the framework and the reference, copied and built once for all submissions;
//! - [`Workspace`]: a submission's own crates and a command line that has them compiled in;
//! - [`Built`]: what became of it, crate by crate;
//! - [`Inspection`]: what the compiler read of it, and what memory its object code brings along;
//! - [`Reachable`]: its command line where it can be run;
//! - [`stop_all`]: the end of all that is going on.
//!
//! A submission's crates stand in a workspace of their own and depend on the base where that is. So the
//! framework has the same paths for all of them, and cargo takes what was built in the base from a copy of
//! its target folder. Nothing that a submission brings decides how it is built but its sources: there is no
//! build script and no manifest of its own.

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
pub use compile::{Built, Confined};
pub(crate) use copy::copy_with_times;
pub use inspect::Inspection;
pub use memory::{WritableSection, writable_sections};
pub use program::Missing;
pub use reachable::Reachable;
pub use stop::stop_all;
pub use toolchain::Toolchain;
pub use workspace::Workspace;

/// The name of the solution that is the submission: its own Raft below its own key/value service.
pub const OWN: &str = "own";

/// The name of the solution that is the submission's key/value service on the reference's Raft.
pub const ON_REFERENCE: &str = "on_reference";

/// Why nothing could be built, through no fault of a submission.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file cannot be copied, read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A manifest of the framework is not what it should be.
    #[error(transparent)]
    Manifest(#[from] crate::manifest::ManifestError),
    /// The compiler is not there, or cannot be started.
    #[error("cannot run {program}: {why}")]
    Run {
        /// Which program.
        program: String,
        /// Why.
        why: String,
    },
    /// What was built is not what the compiler makes.
    #[error("{} is not what the compiler should make: {why}", path.display())]
    ObjectCode {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
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
