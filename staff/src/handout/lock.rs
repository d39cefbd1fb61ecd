//! `Cargo.lock` of the hand-out: the workspace's versions of the remaining packages, and the remaining
//! profiles.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;

use super::HandoutError;
use crate::manifest::Manifest;

const NAME: &str = "Cargo.lock";

/// Writes the lock file of the hand-out in `folder`, whose other files are already written. Cargo removes
/// unneeded packages from this workspace's lock file; it works offline and changes no version.
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
        return remove_unused_profiles(folder, &to);
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// Removes the profiles of packages that are not locked from the manifest: cargo would warn about them.
fn remove_unused_profiles(folder: &Path, lock: &Path) -> Result<(), HandoutError> {
    let text = fs::read_to_string(lock).map_err(HandoutError::file(lock))?;
    let locked: Locked = toml_edit::de::from_str(&text).map_err(|error| HandoutError::form(lock, error))?;
    let path = folder.join("Cargo.toml");
    let mut manifest = Manifest::read(&path)?;
    // `*` stands for all packages that are not members.
    manifest.retain_profiles(|name| name == "*" || locked.package.iter().any(|it| it.name == name));
    fs::write(&path, manifest.text()).map_err(HandoutError::file(&path))
}

/// The fields used here of the lock file.
#[derive(Deserialize)]
struct Locked {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}
