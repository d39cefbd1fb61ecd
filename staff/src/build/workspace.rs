//! [`Workspace`]: a submission's own crates and a command line that has them compiled in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::copy::{copy_with_times, write_if_new};
use super::program::{self, EMPTY, Missing};
use super::{Base, BuildError, file_error, manifests};
use crate::submission::{SourceFile, crate_of, crates, folder_of};

/// A submission's crates, and the folder in which they are built. No other process writes there.
#[derive(Debug)]
pub struct Workspace {
    folder: PathBuf,
    /// The submission's crates that are compiled in.
    submitted: BTreeSet<&'static str>,
    missing: Missing,
    /// The paths of the submission's files.
    files: BTreeSet<String>,
    /// The libraries that the last build made, by crate.
    libraries: BTreeMap<String, PathBuf>,
}

impl Workspace {
    /// Writes the workspace of a submission with these files into `folder`. Unchanged files are not touched,
    /// so that only changed crates are compiled again; leftover files are removed.
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
        let submitted = files.iter().filter_map(|file| crate_of(Path::new(&file.path))).collect();
        let mut workspace = Self::new(folder, submitted, missing);
        workspace.files = files.iter().map(|file| file.path.clone()).collect();
        let mark = folder.join("base");
        let stamp = base.stamp();
        if fs::read(&mark).is_ok_and(|present| present != stamp.as_bytes()) {
            // The artifacts there belong to another base.
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

    /// The workspace without a submission, which is built for its dependencies.
    pub(super) fn template(framework: &Path, folder: &Path) -> Result<Self, BuildError> {
        let workspace = Self::new(folder, BTreeSet::new(), Missing::Nothing);
        workspace.write_frame(framework)?;
        for name in crates() {
            workspace.write_crate(name, &[])?;
        }
        Ok(workspace)
    }

    fn new(folder: &Path, submitted: BTreeSet<&'static str>, missing: Missing) -> Self {
        let (files, libraries) = (BTreeSet::new(), BTreeMap::new());
        Self { folder: folder.to_owned(), submitted, missing, files, libraries }
    }

    /// Writes the manifests and the program.
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
        for (path, text) in program::files(&self.submitted, self.missing) {
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
        if !self.submitted.contains(name) {
            write(folder.join("lib.rs"), EMPTY)?;
        }
        remove_all_but(&wanted, &folder)
    }

    /// Excludes a crate that does not build.
    pub(super) fn exclude(&mut self, name: &str) -> Result<(), BuildError> {
        self.submitted.remove(name);
        let folder = self.sources().join(folder_of(name)).join("src");
        fs::remove_dir_all(&folder).map_err(file_error(&folder))?;
        write_if_new(&folder.join("lib.rs"), EMPTY.as_bytes())?;
        self.write_program()
    }

    /// The submission's crates that have no `lib.rs`.
    pub(super) fn crates_without_lib_rs(&self) -> Vec<&'static str> {
        let has_no_root = |name: &&str| !self.sources().join(folder_of(name)).join("src/lib.rs").is_file();
        self.submitted.iter().copied().filter(has_no_root).collect()
    }

    /// The submission's crates that are compiled in.
    #[must_use]
    pub fn crates(&self) -> &BTreeSet<&'static str> {
        &self.submitted
    }

    /// Whether the submission has a file of this path.
    pub(super) fn has_file(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// Sets the libraries that the last build made. Returns whether every compiled-in crate has one.
    pub(super) fn set_libraries(&mut self, libraries: BTreeMap<String, PathBuf>) -> bool {
        self.libraries = libraries;
        self.submitted.iter().all(|&name| self.libraries.contains_key(name))
    }

    /// The library that the last build made of a submission's crate.
    pub(super) fn library(&self, name: &str) -> Result<&Path, BuildError> {
        let library = self.libraries.get(name).map(PathBuf::as_path);
        library.ok_or_else(|| {
            file_error(&self.sources().join(folder_of(name)))(std::io::ErrorKind::NotFound.into())
        })
    }

    /// The folder of the sources and the manifests.
    #[must_use]
    pub fn sources(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// The target folder.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// The object file of the command line before linking.
    pub(super) fn object(&self) -> PathBuf {
        self.sources().join(program::OBJECT)
    }

    /// The path of the command line, which exists after the build.
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
