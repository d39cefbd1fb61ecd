//! [`Toolchain`]: the compiler, and the folder of the registry's crates.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::BuildError;

/// The compiler, and the folder of the registry's crates.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// The output of `rustc --print sysroot`.
    pub folder: PathBuf,
    /// The folder of cargo with the registry's sources: `CARGO_HOME`.
    pub cargo_home: PathBuf,
    /// The output of `rustc -vV`.
    pub version: String,
}

impl Toolchain {
    /// The toolchain that builds the workspace at `workspace`.
    ///
    /// # Errors
    ///
    /// The compiler cannot be run, or neither `CARGO_HOME` nor `HOME` is set.
    pub fn of(workspace: &Path) -> Result<Self, BuildError> {
        let folder = PathBuf::from(stdout_of(&["--print", "sysroot"], workspace)?.trim());
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
        let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or(home);
        let cargo_home = cargo_home.ok_or_else(|| BuildError::Run {
            program: "cargo".to_owned(),
            why: "neither CARGO_HOME nor HOME is set".to_owned(),
        })?;
        Ok(Self { folder, cargo_home, version: stdout_of(&["-vV"], workspace)? })
    }

    /// The path of cargo itself, not of rustup's proxy.
    pub(super) fn cargo(&self) -> PathBuf {
        self.folder.join("bin/cargo")
    }

    pub(super) fn rustc(&self) -> PathBuf {
        self.folder.join("bin/rustc")
    }
}

fn stdout_of(args: &[&str], folder: &Path) -> Result<String, BuildError> {
    let cannot = |why: String| BuildError::Run { program: "rustc".to_owned(), why };
    let output = Command::new("rustc").args(args).current_dir(folder).output();
    let output = output.map_err(|error| cannot(error.to_string()))?;
    if !output.status.success() {
        return Err(cannot(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
