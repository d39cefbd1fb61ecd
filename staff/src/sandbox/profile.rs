//! [`Profile`]: what a process in the sandbox may do.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Limits;

/// What a process in the sandbox may do. What is not named here is forbidden.
///
/// Make one with [`Profile::run`] or [`Profile::build`], and change its fields if need be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Files, and folders with all that is in them, that may be read.
    pub readable: Vec<PathBuf>,
    /// Files, and folders with all that is in them, that may be read and started.
    pub executable: Vec<PathBuf>,
    /// Folders in which files may be read, made, changed and removed.
    pub writable: Vec<PathBuf>,
    /// Names of the variables that the process gets from its parent's environment.
    /// [`std::process::Command::env`] adds others.
    pub environment: Vec<String>,
    /// Where temporary files go: what `TMPDIR` is set to. It must be writable to be of use.
    pub temporary: Option<PathBuf>,
    /// Where the process starts.
    pub directory: PathBuf,
    /// Whether the process may have children and start other programs.
    pub children: bool,
    /// How much of the machine it may use.
    pub limits: Limits,
}

/// Folders of the system's libraries. Some machines have not all of them.
const LIBRARIES: [&str; 5] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"];

/// What loads a program and its libraries: it counts as started itself.
const LOADERS: [&str; 4] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// Devices that are no danger, and what a process may know of itself.
const HARMLESS: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/urandom", "/proc/self"];

/// What a build is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The toolchain: what `rustc --print sysroot` says.
    pub toolchain: PathBuf,
    /// The folder of cargo with the registry's sources: `CARGO_HOME`. Only what builds need can be read of
    /// it: no credentials.
    pub cargo_home: PathBuf,
    /// The workspace to build. It can be read alone, so its lock file must be complete.
    pub workspace: PathBuf,
    /// The target folder, of this build alone.
    pub target: PathBuf,
}

impl Profile {
    /// For a program that was made of a submission, such as `lab worker`: it may have threads and talk over
    /// the files that it inherits. It may write nowhere and start nothing.
    #[must_use]
    pub fn run(program: &Path) -> Self {
        let mut executable = existing(&LOADERS);
        executable.push(program.to_owned());
        Self {
            readable: [existing(&LIBRARIES), existing(&HARMLESS)].concat(),
            executable,
            writable: Vec::new(),
            environment: Vec::new(),
            temporary: None,
            directory: PathBuf::from("/"),
            children: false,
            limits: Limits::run(),
        }
    }

    /// The same with a folder of its own. If the sandbox is started by root, the folder is given to the user
    /// that the process becomes; the folders above it must let everyone pass.
    #[must_use]
    pub fn with_scratch(mut self, folder: &Path) -> Self {
        self.writable.push(folder.to_owned());
        folder.clone_into(&mut self.directory);
        self.temporary = Some(folder.to_owned());
        self
    }

    /// For `cargo build --offline --locked` and what it starts. Call the toolchain's own `bin/cargo`: the one
    /// of rustup wants to know more than it may.
    #[must_use]
    pub fn build(build: &Build) -> Self {
        let cargo = ["registry", "git", "config.toml", "config"].map(|name| build.cargo_home.join(name));
        let system = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives"];
        let cargo = cargo.into_iter().filter(|path| path.exists());
        Self {
            readable: [existing(&LIBRARIES), existing(&HARMLESS), vec![build.workspace.clone()]]
                .into_iter()
                .flatten()
                .chain(cargo)
                .collect(),
            executable: [existing(&system), vec![build.toolchain.clone(), build.target.clone()]].concat(),
            writable: [existing(&["/dev/null"]), vec![build.target.clone()]].concat(),
            environment: ["PATH", "CARGO_HOME", "RUSTUP_HOME"].map(str::to_owned).to_vec(),
            // Linkers need such a place.
            temporary: Some(build.target.clone()),
            directory: build.workspace.clone(),
            children: true,
            limits: Limits::build(),
        }
    }
}

fn existing(paths: &[&str]) -> Vec<PathBuf> {
    paths.iter().map(PathBuf::from).filter(|path| path.exists()).collect()
}
