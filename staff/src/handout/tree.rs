//! [`Tree`]: the hand-out's files before they are written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::HandoutError;

/// A file of the hand-out.
#[derive(Debug, PartialEq, Eq)]
struct File {
    content: Vec<u8>,
    executable: bool,
}

/// All files of the hand-out, by path from its top.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    files: BTreeMap<PathBuf, File>,
}

impl Tree {
    /// Adds a file, and replaces an existing one.
    pub(super) fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), File { content: text.into(), executable: false });
    }

    /// Adds the file or folder `from` of the workspace as `to`. In folders, names that begin with a dot are
    /// skipped, as are entries that are neither files nor folders.
    ///
    /// # Errors
    ///
    /// It does not exist, or cannot be read.
    pub(super) fn copy(&mut self, from: &Path, to: &Path) -> Result<(), HandoutError> {
        let data = fs::symlink_metadata(from).map_err(HandoutError::file(from))?;
        if data.is_dir() {
            for entry in fs::read_dir(from).map_err(HandoutError::file(from))? {
                let name = entry.map_err(HandoutError::file(from))?.file_name();
                if !name.as_encoded_bytes().starts_with(b".") {
                    self.copy(&from.join(&name), &to.join(&name))?;
                }
            }
        } else if data.is_file() {
            let content = fs::read(from).map_err(HandoutError::file(from))?;
            self.files.insert(to.to_owned(), File { content, executable: is_executable(&data) });
        }
        Ok(())
    }

    /// Whether the file exists.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// The text of the file at `path`.
    ///
    /// # Errors
    ///
    /// The file does not exist, or is not UTF-8.
    pub(super) fn text(&self, path: &Path) -> Result<&str, HandoutError> {
        let file = self.files.get(path).ok_or_else(|| HandoutError::form(path, "it is missing"))?;
        std::str::from_utf8(&file.content).map_err(|error| HandoutError::form(path, error))
    }

    /// Writes all files into `folder`. Unchanged files are not touched. In the folders `emptied`, all other
    /// files are removed, except for target folders.
    ///
    /// # Errors
    ///
    /// A file cannot be read, written or removed.
    pub(super) fn write<'a>(
        &self,
        folder: &Path,
        emptied: impl Iterator<Item = &'a Path>,
    ) -> Result<(), HandoutError> {
        for inside in emptied {
            if folder.join(inside).is_dir() {
                self.remove_unlisted(folder, inside)?;
            }
        }
        for (path, file) in &self.files {
            let path = folder.join(path);
            let parent = path.parent().expect("a file is in a folder");
            fs::create_dir_all(parent).map_err(HandoutError::file(parent))?;
            if !fs::read(&path).is_ok_and(|present| present == file.content) {
                fs::write(&path, &file.content).map_err(HandoutError::file(&path))?;
            }
            if file.executable {
                make_executable(&path).map_err(HandoutError::file(&path))?;
            }
        }
        Ok(())
    }

    fn remove_unlisted(&self, folder: &Path, inside: &Path) -> Result<(), HandoutError> {
        let whole = folder.join(inside);
        for entry in fs::read_dir(&whole).map_err(HandoutError::file(&whole))? {
            let name = entry.map_err(HandoutError::file(&whole))?.file_name();
            let (path, whole) = (inside.join(&name), whole.join(&name));
            let is_folder = fs::symlink_metadata(&whole).map_err(HandoutError::file(&whole))?.is_dir();
            if is_folder && self.files.keys().any(|file| file.starts_with(&path)) {
                self.remove_unlisted(folder, &path)?;
            } else if is_folder && name != "target" {
                fs::remove_dir_all(&whole).map_err(HandoutError::file(&whole))?;
            } else if !is_folder && !self.has(&path) {
                fs::remove_file(&whole).map_err(HandoutError::file(&whole))?;
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn is_executable(data: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    data.permissions().mode() & 0o111 != 0
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlisted_files_go_from_the_folders_of_crates_alone() {
        let folder = tempfile::tempdir().unwrap();
        let exists = |path: &str| folder.path().join(path).exists();
        for file in
            ["raft/src/lib.rs", "raft/src/mine.rs", "raft/target/debug/raft", "kvraft/src/lib.rs", "notes.md"]
        {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "old").unwrap();
        }
        let mut tree = Tree::default();
        tree.add("raft/src/lib.rs", "new");
        tree.write(folder.path(), [Path::new("raft"), Path::new("kvraft"), Path::new("none")].into_iter())
            .unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("raft/src/lib.rs")).unwrap(), "new");
        assert!(exists("notes.md") && exists("raft/target/debug/raft"));
        assert!(!exists("raft/src/mine.rs") && !exists("kvraft/src"));
    }

    #[cfg(unix)]
    #[test]
    fn a_copy_has_all_but_hidden_files_and_links() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let [from, to] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let run = from.path().join("scripts/run");
        fs::create_dir_all(from.path().join("scripts")).unwrap();
        fs::write(&run, "#!/bin/sh").unwrap();
        fs::set_permissions(&run, fs::Permissions::from_mode(0o750)).unwrap();
        fs::write(from.path().join("scripts/.run.swp"), "").unwrap();
        symlink("run", from.path().join("scripts/link")).unwrap();
        let mut tree = Tree::default();
        tree.copy(&from.path().join("scripts"), Path::new("scripts")).unwrap();
        assert_eq!(tree.files.keys().collect::<Vec<_>>(), [Path::new("scripts/run")]);
        tree.write(to.path(), [].into_iter()).unwrap();
        let mode = fs::metadata(to.path().join("scripts/run")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755, "the same whoever writes it");
        assert!(tree.copy(&from.path().join("none"), Path::new("none")).is_err());
    }
}
