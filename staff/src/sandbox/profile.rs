//! [`Profile`]: the permissions of a process in the sandbox.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Limits;

/// The permissions of a process in the sandbox. Everything else is forbidden.
///
/// Use [`Profile::run`] or [`Profile::build`], and change fields if necessary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Files and folders, contents included, that may be read.
    pub readable: Vec<PathBuf>,
    /// Files and folders, contents included, that may be read and executed.
    pub executable: Vec<PathBuf>,
    /// Folders in which files may be read, created, changed and removed.
    pub writable: Vec<PathBuf>,
    /// Names of the variables that the process gets from its parent's environment.
    /// [`std::process::Command::env`] adds others.
    pub environment: Vec<String>,
    /// The folder of temporary files (`TMPDIR`). It must be writable to be useful.
    pub temporary: Option<PathBuf>,
    /// The working directory.
    pub directory: PathBuf,
    /// Whether the process may have children and start other programs.
    pub children: bool,
    /// The resource limits.
    pub limits: Limits,
}

/// Folders of the system's libraries. Not every system has all of them.
const LIBRARIES: [&str; 5] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"];

/// Dynamic loaders, which are executed themselves.
const LOADERS: [&str; 4] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// Harmless devices, and the process's own data.
const HARMLESS: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/urandom", "/proc/self"];

/// The folders of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The toolchain: the output of `rustc --print sysroot`.
    pub toolchain: PathBuf,
    /// The folder of cargo with the registry's sources: `CARGO_HOME`. Only the parts that builds need are
    /// readable: no credentials.
    pub cargo_home: PathBuf,
    /// The workspace to build. It is read-only, so its lock file must be complete.
    pub workspace: PathBuf,
    /// The target folder of this build alone.
    pub target: PathBuf,
}

impl Profile {
    /// The profile for a program with a submission's code, such as `lab worker`: it may have threads and use
    /// inherited files. It may not write files or execute programs.
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

    /// Adds a folder of its own to the profile. If root starts the sandbox, the folder is given to the user
    /// that the process becomes; the folders above it must be searchable by all.
    #[must_use]
    pub fn with_scratch(mut self, folder: &Path) -> Self {
        self.writable.push(folder.to_owned());
        folder.clone_into(&mut self.directory);
        self.temporary = Some(folder.to_owned());
        self
    }

    /// The profile for `cargo build --offline --locked` and its children. Use the toolchain's own
    /// `bin/cargo`: rustup's proxy needs more permissions.
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
            // Linkers need one.
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
