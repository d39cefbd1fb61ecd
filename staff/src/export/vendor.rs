//! The crates of the registry that building submissions needs.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use lab::error::CommandError;
use labreport::text::one_line;

use super::archive::Archive;
use crate::build::write_sources;

/// Adds the crates to the archive, in the folder `to`, as cargo's `vendor` writes them. Those for other
/// platforms are among them, since cargo asks for them when it reads the lock file.
///
/// Only the crates of the base are taken: the framework, the worker, and their dependencies. Those of this
/// command line are not needed where it is not built.
///
/// # Errors
///
/// A crate is neither on this machine nor can it be fetched, or a file cannot be read or written.
pub(super) fn add(workspace: &Path, archive: &mut Archive, to: &str) -> Result<(), CommandError> {
    let scratch =
        tempfile::tempdir().map_err(|cause| CommandError::new(format!("no scratch folder: {cause}")))?;
    let template = write_sources(workspace, &scratch.path().join("base"))
        .map_err(|error| CommandError::new(error.to_string()))?;
    let crates = scratch.path().join("crates");
    vendor(&template.sources(), &crates)?;
    archive
        .copy(&crates, to)
        .map_err(|cause| CommandError::new(format!("cannot read {}: {cause}", crates.display())))
}

fn vendor(sources: &Path, crates: &Path) -> Result<(), CommandError> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.args(["vendor", "--quiet", "--versioned-dirs"]).arg(crates).current_dir(sources);
    command.env("CARGO_TERM_COLOR", "never").stdin(Stdio::null());
    // This command's own package is not meant.
    command.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_TARGET_DIR");
    let output = command
        .output()
        .map_err(|cause| CommandError::new(format!("cannot start {}: {cause}", cargo.display())))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = String::from_utf8_lossy(&output.stderr);
    Err(CommandError::new(format!(
        "`cargo vendor` fails, which needs the crates of all platforms: {}",
        one_line(printed.trim().trim_start_matches("error: "), 1_000)
    )))
}
