//! `Cargo.lock`: the same versions as here, of what is left.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use super::HandoutError;

const NAME: &str = "Cargo.lock";

/// Writes the lock file of the hand-out in `folder`, whose other files are written. Cargo takes out of this
/// workspace's what the hand-out does not need; it looks nothing up and changes no version.
pub(super) fn write(workspace: &Path, folder: &Path) -> Result<(), HandoutError> {
    let (from, to) = (workspace.join(NAME), folder.join(NAME));
    let versions = fs::read(&from).map_err(HandoutError::file(&from))?;
    fs::write(&to, versions).map_err(HandoutError::file(&to))?;

    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["update", "--workspace", "--offline", "--quiet"]).current_dir(folder);
    command.env("CARGO_TERM_COLOR", "never");
    let failed = |why: String| HandoutError::Lock { why };
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
