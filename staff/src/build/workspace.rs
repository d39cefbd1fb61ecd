//! [`Workspace`]: a submission's own crates and a command line that has them compiled in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::copy::{copy_with_times, write_if_new};
use super::program::{self, EMPTY, Missing};
use super::{Base, BuildError, file_error, manifests};
use crate::submission::{SourceFile, crate_of, crates, folder_of};

/// A submission's crates, and where they are built. Nobody else writes there.
#[derive(Debug)]
pub struct Workspace {
    folder: PathBuf,
    /// The crates that are the submission's own.
    there: BTreeSet<&'static str>,
    missing: Missing,
    /// The submission's files, as it has them.
    files: BTreeSet<String>,
    /// The libraries that the last build made, by crate.
    libraries: BTreeMap<String, PathBuf>,
}

impl Workspace {
    /// Writes the workspace of a submission with these files into `folder`. What is there already and the
    /// same is not touched, so that only what differs is compiled again; what is left over goes.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn write(
        base: &Base,
        folder: &Path,
        files: &[SourceFile],
        missing: Missing,
    ) -> Result<Self, BuildError> {
        let there = files.iter().filter_map(|file| crate_of(Path::new(&file.path))).collect();
        let mut workspace = Self::new(folder, there, missing);
        workspace.files = files.iter().map(|file| file.path.clone()).collect();
        let mark = folder.join("base");
        let stamp = base.stamp();
        if fs::read(&mark).is_ok_and(|there| there != stamp.as_bytes()) {
            // What was built was built on another base.
            fs::remove_dir_all(folder).map_err(file_error(folder))?;
        }
        write_if_new(&mark, stamp.as_bytes())?;
        workspace.write_frame(&base.framework())?;
        write_if_new(&workspace.sources().join("Cargo.lock"), &base.lock()?)?;
        for name in crates() {
            workspace.write_crate(name, files)?;
        }
        if !workspace.target().exists() {
            let is_program = |path: &Path| path.file_stem().is_some_and(|stem| stem == "lab");
            copy_with_times(&base.target(), &workspace.target(), &is_program)?;
        }
        Ok(workspace)
    }

    /// The workspace without a submission, which is built for what it depends on.
    pub(super) fn template(framework: &Path, folder: &Path) -> Result<Self, BuildError> {
        let workspace = Self::new(folder, BTreeSet::new(), Missing::Nothing);
        workspace.write_frame(framework)?;
        for name in crates() {
            workspace.write_crate(name, &[])?;
        }
        Ok(workspace)
    }

    fn new(folder: &Path, there: BTreeSet<&'static str>, missing: Missing) -> Self {
        let (files, libraries) = (BTreeSet::new(), BTreeMap::new());
        Self { folder: folder.to_owned(), there, missing, files, libraries }
    }

    /// Manifests, and the program.
    fn write_frame(&self, framework: &Path) -> Result<(), BuildError> {
        let sources = self.sources();
        let write = |path: &str, text: &str| write_if_new(&sources.join(path), text.as_bytes());
        write("Cargo.toml", &manifests::submission_workspace(framework)?)?;
        write("program/Cargo.toml", &manifests::program())?;
        for name in crates() {
            write(&format!("{}/Cargo.toml", folder_of(name)), &manifests::submitted(name, framework)?)?;
        }
        self.write_program()
    }

    fn write_program(&self) -> Result<(), BuildError> {
        let folder = self.sources().join("program");
        let mut wanted = BTreeSet::new();
        for (path, text) in program::files(&self.there, self.missing) {
            let path = folder.join(path);
            write_if_new(&path, text.as_bytes())?;
            wanted.insert(path);
        }
        remove_all_but(&wanted, &folder.join("src"))
    }

    fn write_crate(&self, name: &str, files: &[SourceFile]) -> Result<(), BuildError> {
        let mut wanted = BTreeSet::new();
        let mut write = |path: PathBuf, text: &str| {
            write_if_new(&path, text.as_bytes())?;
            wanted.insert(path);
            Ok::<_, BuildError>(())
        };
        for file in files.iter().filter(|file| crate_of(Path::new(&file.path)) == Some(name)) {
            write(self.sources().join(&file.path), &file.text)?;
        }
        let folder = self.sources().join(folder_of(name)).join("src");
        if !self.there.contains(name) {
            write(folder.join("lib.rs"), EMPTY)?;
        }
        remove_all_but(&wanted, &folder)
    }

    /// Takes one of the submission's crates out: it does not build.
    pub(super) fn give_up(&mut self, name: &str) -> Result<(), BuildError> {
        self.there.remove(name);
        let folder = self.sources().join(folder_of(name)).join("src");
        fs::remove_dir_all(&folder).map_err(file_error(&folder))?;
        write_if_new(&folder.join("lib.rs"), EMPTY.as_bytes())?;
        self.write_program()
    }

    /// Those of the submission's crates that have no `lib.rs`.
    pub(super) fn headless(&self) -> Vec<&'static str> {
        let headless = |name: &&str| !self.sources().join(folder_of(name)).join("src/lib.rs").is_file();
        self.there.iter().copied().filter(headless).collect()
    }

    /// The submission's crates that are compiled in.
    #[must_use]
    pub fn crates(&self) -> &BTreeSet<&'static str> {
        &self.there
    }

    /// Whether the submission has a file of this path.
    pub(super) fn has_file(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// What the last build made. Returns whether there is a library of all that is compiled in.
    pub(super) fn made(&mut self, libraries: BTreeMap<String, PathBuf>) -> bool {
        self.libraries = libraries;
        self.there.iter().all(|&name| self.libraries.contains_key(name))
    }

    /// The library that the last build made of one of the submission's crates.
    pub(super) fn library(&self, name: &str) -> Result<&Path, BuildError> {
        let library = self.libraries.get(name).map(PathBuf::as_path);
        library.ok_or_else(|| {
            file_error(&self.sources().join(folder_of(name)))(std::io::ErrorKind::NotFound.into())
        })
    }

    /// Where the sources and the manifests are.
    #[must_use]
    pub fn sources(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// Where it is built.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// The command line before it was linked.
    pub(super) fn object(&self) -> PathBuf {
        self.sources().join(program::OBJECT)
    }

    /// The command line, once it is built.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.target().join("release/lab")
    }
}

/// Removes every other file from the folder.
fn remove_all_but(wanted: &BTreeSet<PathBuf>, folder: &Path) -> Result<(), BuildError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(file_error(folder))?.path();
        if wanted.contains(&path) {
            continue;
        }
        if !path.is_dir() {
            fs::remove_file(&path).map_err(file_error(&path))?;
        } else if wanted.iter().any(|kept| kept.starts_with(&path)) {
            remove_all_but(wanted, &path)?;
        } else {
            fs::remove_dir_all(&path).map_err(file_error(&path))?;
        }
    }
    Ok(())
}
