//! [`Sources`]: a reference's files, original or edited.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tester::Lab;

use super::{Edit, EditError, FileError};

/// The files of one lab's crate: its manifest and its folder `src`.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The lab.
    lab: &'static Lab,
    /// By path from the top of the crate, such as `src/log.rs`.
    files: BTreeMap<PathBuf, String>,
}

impl Sources {
    /// The reference of a lab in the workspace at `workspace`.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub fn of(lab: &'static Lab, workspace: &Path) -> Result<Self, FileError> {
        let mut files = BTreeMap::new();
        let krate = workspace.join(lab.folder);
        read_into(&krate, Path::new("Cargo.toml"), &mut files)?;
        read_into(&krate, Path::new("src"), &mut files)?;
        Ok(Self { lab, files })
    }

    /// The sources with these edits applied in order.
    ///
    /// # Errors
    ///
    /// An edit does not fit.
    pub fn edited(&self, edits: &[Edit]) -> Result<Self, EditError> {
        let mut edited = self.clone();
        for edit in edits {
            let file =
                edit.file.strip_prefix(self.lab.folder).ok().and_then(|path| edited.files.get_mut(path));
            let file = file.ok_or_else(|| EditError::NoFile { file: edit.file.clone() })?;
            *file = edit.apply(file)?;
        }
        Ok(edited)
    }

    /// The lab.
    pub(super) fn lab(&self) -> &'static Lab {
        self.lab
    }

    /// Every file with its path from the top of the crate.
    pub(super) fn files(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.files.iter().map(|(path, text)| (path.as_path(), text.as_str()))
    }
}

/// Reads the file or folder at `path` from the top of `krate`.
fn read_into(krate: &Path, path: &Path, files: &mut BTreeMap<PathBuf, String>) -> Result<(), FileError> {
    let whole = krate.join(path);
    let read = |source| FileError::Read { path: whole.clone(), source };
    if whole.is_dir() {
        for entry in fs::read_dir(&whole).map_err(read)? {
            read_into(krate, &path.join(entry.map_err(read)?.file_name()), files)?;
        }
    } else {
        files.insert(path.to_owned(), fs::read_to_string(&whole).map_err(read)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(krate: &str) -> &'static Lab {
        tester::labs().iter().find(|lab| lab.krate == krate).unwrap()
    }

    fn edit(file: &str, before: &str) -> Edit {
        Edit { file: file.into(), before: before.into(), after: "two".into() }
    }

    #[test]
    fn edits_apply_in_order_and_to_the_reference_only() {
        let workspace = tempfile::tempdir().unwrap();
        for folder in ["raft/src/deep", "raft/tests", "tester/src"] {
            fs::create_dir_all(workspace.path().join(folder)).unwrap();
        }
        for file in ["raft/Cargo.toml", "raft/src/deep/log.rs", "raft/tests/left_out.rs", "tester/src/lib.rs"]
        {
            fs::write(workspace.path().join(file), "let one = 1;").unwrap();
        }
        let reference = Sources::of(lab("raft"), workspace.path()).unwrap();
        let paths: Vec<_> = reference.files().map(|(path, _)| path.to_str().unwrap()).collect();
        assert_eq!(paths, ["Cargo.toml", "src/deep/log.rs"]);

        let log = "raft/src/deep/log.rs";
        let edited = reference.edited(&[edit(log, "one"), edit(log, "let two")]).unwrap();
        assert_eq!(edited.files().last().unwrap().1, "two = 1;");
        assert!(matches!(reference.edited(&[edit(log, "three")]), Err(EditError::Fit { count: 0, .. })));
        for file in ["tester/src/lib.rs", "raft/tests/left_out.rs", "raft/src/none.rs"] {
            let error = reference.edited(&[edit(file, "one")]).unwrap_err();
            assert_eq!(error.to_string(), format!("{file} is no file of the reference"));
        }
        assert_eq!(fs::read_to_string(workspace.path().join(log)).unwrap(), "let one = 1;");
    }
}
