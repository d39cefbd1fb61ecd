//! [`Base`]: the framework and the reference, copied and built once for all submissions.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::compile;
use super::copy::write_if_new;
use super::{BuildError, Toolchain, Workspace, file_error, manifests};
use crate::copy_workspace;
use crate::framework::FRAMEWORK;
use crate::hash::Fnv;

/// The program that runs a submission's code.
const WORKER: &str = "staff/worker";

/// The folders of the crates in the base: the framework, the worker, and the references of all labs.
pub(crate) fn folders() -> impl Iterator<Item = &'static str> {
    FRAMEWORK.into_iter().chain([WORKER]).chain(tester::labs().iter().map(|lab| lab.folder))
}

/// The version of the base's layout: must change when the same sources are built differently.
const FORM: &str = "4";

/// The framework and the reference, copied and built. A lock keeps them unchanged while this value lives.
#[derive(Debug)]
pub struct Base {
    folder: PathBuf,
    toolchain: Toolchain,
    id: String,
    /// Holds the lock.
    _lock: File,
}

impl Base {
    /// The base in `folder`, made from the workspace at `original` unless it is up to date. Waits until
    /// no other process uses an outdated base there. `tell` is called before work that takes minutes.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, or the framework does not build.
    pub fn prepare(original: &Path, folder: &Path, tell: &dyn Fn()) -> Result<Self, BuildError> {
        fs::create_dir_all(folder).map_err(file_error(folder))?;
        // Manifests in other folders name paths in this one.
        let folder = fs::canonicalize(folder).map_err(file_error(folder))?;
        let toolchain = Toolchain::of(original)?;
        let id = id(original, &toolchain)?;
        let stamp = stamp(&id, &folder);
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(file_error(&path))?;
        let take = |how| flock(&lock, how).map_err(|error| file_error(&path)(error.into()));
        loop {
            take(FlockOperation::LockShared)?;
            if is_ready(&folder, &stamp) {
                return Ok(Self { folder, toolchain, id, _lock: lock });
            }
            take(FlockOperation::LockExclusive)?;
            if !is_ready(&folder, &stamp) {
                tell();
                make(original, &folder, &toolchain)?;
                let ready = folder.join("ready");
                fs::write(&ready, &stamp).map_err(file_error(&ready))?;
            }
        }
    }

    /// The identity of this base: a hash of its sources and the compiler.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The identity of this base at this location. It distinguishes artifacts from those of another base, or
    /// of this one in another folder.
    pub(super) fn stamp(&self) -> String {
        stamp(&self.id, &self.folder)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    /// The folder of the sources.
    pub(crate) fn framework(&self) -> PathBuf {
        framework(&self.folder)
    }

    /// The folder of the artifacts, dependencies included.
    pub(crate) fn target(&self) -> PathBuf {
        self.folder.join("template/target")
    }

    /// The lock file of every submission's workspace.
    pub(super) fn lock(&self) -> Result<Vec<u8>, BuildError> {
        let path = self.folder.join("template/workspace/Cargo.lock");
        fs::read(&path).map_err(file_error(&path))
    }
}

fn is_ready(folder: &Path, stamp: &str) -> bool {
    fs::read(folder.join("ready")).is_ok_and(|present| present == stamp.as_bytes())
}

/// The folder is part of the stamp, because manifests name it: those in a copy of a base lead to the
/// original.
fn stamp(id: &str, folder: &Path) -> String {
    format!("{id} in {}", folder.display())
}

fn make(original: &Path, folder: &Path, toolchain: &Toolchain) -> Result<(), BuildError> {
    let _ = fs::remove_file(folder.join("ready"));
    compile::template(&write_sources(original, folder)?, toolchain)
}

/// Writes the sources of the base: the framework, and a workspace whose build compiles all dependencies of
/// submissions.
pub(crate) fn write_sources(original: &Path, folder: &Path) -> Result<Workspace, BuildError> {
    let framework = framework(folder);
    let members: Vec<&str> = folders().collect();
    let manifest = manifests::framework_workspace(&original.join("Cargo.toml"), &members)?;
    write_if_new(&framework.join("Cargo.toml"), manifest.text().as_bytes())?;
    for name in folders() {
        let manifest = manifests::framework_package(&original.join(name).join("Cargo.toml"))?;
        write_if_new(&framework.join(name).join("Cargo.toml"), manifest.text().as_bytes())?;
        let (from, to) = (original.join(name).join("src"), framework.join(name).join("src"));
        copy_workspace(&from, &to).map_err(|error| BuildError::Framework(error.to_string()))?;
    }
    let template = Workspace::template(&framework, &folder.join("template"))?;
    // The versions of all dependencies are the original's; cargo adds the crates of the template.
    let lock = original.join("Cargo.lock");
    let lock = fs::read(&lock).map_err(file_error(&lock))?;
    for folder in [&framework, &template.sources()] {
        let copy = folder.join("Cargo.lock");
        fs::write(&copy, &lock).map_err(file_error(&copy))?;
    }
    Ok(template)
}

fn framework(folder: &Path) -> PathBuf {
    folder.join("framework")
}

/// A hash of everything that influences the artifacts.
fn id(original: &Path, toolchain: &Toolchain) -> Result<String, BuildError> {
    let mut hash = Fnv::new();
    hash.field(FORM.as_bytes());
    hash.field(toolchain.version.as_bytes());
    hash.field(toolchain.folder.as_os_str().as_encoded_bytes());
    let mut files = vec![original.join("Cargo.toml"), original.join("Cargo.lock")];
    for name in folders() {
        files.push(original.join(name).join("Cargo.toml"));
        collect(&original.join(name).join("src"), &mut files)?;
    }
    files.sort();
    for file in files {
        let name = file.strip_prefix(original).expect("it was found there");
        hash.field(name.as_os_str().as_encoded_bytes());
        hash.field(&fs::read(&file).map_err(file_error(&file))?);
    }
    Ok(hash.to_string())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    for entry in fs::read_dir(folder).map_err(file_error(folder))? {
        let path = entry.map_err(file_error(folder))?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_base_is_not_ready() {
        let (original, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let stamp_in = |folder: &Path| stamp("0x1f", folder);
        fs::write(original.path().join("ready"), stamp_in(original.path())).unwrap();
        fs::copy(original.path().join("ready"), copy.path().join("ready")).unwrap();
        assert!(is_ready(original.path(), &stamp_in(original.path())));
        assert!(!is_ready(copy.path(), &stamp_in(copy.path())), "its manifests lead to the original");
    }
}
