//! [`Sources`]: the files of a reference or of another base, original or edited.

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
    /// The name of the base; `None` for the reference.
    base: Option<String>,
    /// The folder of the crate, from the top of the workspace.
    folder: PathBuf,
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
        Self::read(lab, None, lab.folder.into(), workspace)
    }

    /// The bases of a lab in the workspace at `workspace`, by name: the crates in the lab's folder `bases`. A
    /// lab without this folder has none.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub fn bases(lab: &'static Lab, workspace: &Path) -> Result<BTreeMap<String, Self>, FileError> {
        let folder = Path::new(lab.folder).join("bases");
        let whole = workspace.join(&folder);
        let mut bases = BTreeMap::new();
        if !whole.exists() {
            return Ok(bases);
        }
        let read = |source| FileError::Read { path: whole.clone(), source };
        for entry in fs::read_dir(&whole).map_err(read)? {
            let entry = entry.map_err(read)?;
            if entry.path().is_dir() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let base = Self::read(lab, Some(name.clone()), folder.join(&name), workspace)?;
                bases.insert(name, base);
            }
        }
        Ok(bases)
    }

    fn read(
        lab: &'static Lab,
        base: Option<String>,
        folder: PathBuf,
        workspace: &Path,
    ) -> Result<Self, FileError> {
        let mut files = BTreeMap::new();
        let krate = workspace.join(&folder);
        read_into(&krate, Path::new("Cargo.toml"), &mut files)?;
        read_into(&krate, Path::new("src"), &mut files)?;
        Ok(Self { lab, base, folder, files })
    }

    /// The sources with these edits applied in order.
    ///
    /// # Errors
    ///
    /// An edit does not fit.
    pub fn edited(&self, edits: &[Edit]) -> Result<Self, EditError> {
        let mut edited = self.clone();
        for edit in edits {
            let path = edit.file.strip_prefix(&self.folder).ok();
            let Some(file) = path.and_then(|path| edited.files.get_mut(path)) else {
                return Err(EditError::NoFile { file: edit.file.clone(), solution: self.title() });
            };
            *file = edit.apply(file)?;
        }
        Ok(edited)
    }

    fn title(&self) -> String {
        self.base.as_ref().map_or_else(|| "the reference".to_owned(), |name| format!("the base {name}"))
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

    #[test]
    fn edits_of_a_base_apply_to_that_base_only() {
        let workspace = tempfile::tempdir().unwrap();
        assert!(Sources::bases(lab("raft"), workspace.path()).unwrap().is_empty());
        for folder in ["raft", "raft/bases/plain", "raft/bases/other"] {
            fs::create_dir_all(workspace.path().join(folder).join("src")).unwrap();
            for file in ["Cargo.toml", "src/log.rs"] {
                fs::write(workspace.path().join(folder).join(file), "let one = 1;").unwrap();
            }
        }
        let bases = Sources::bases(lab("raft"), workspace.path()).unwrap();
        assert_eq!(bases.keys().collect::<Vec<_>>(), ["other", "plain"]);
        let plain = &bases["plain"];
        let edited = plain.edited(&[edit("raft/bases/plain/src/log.rs", "one")]).unwrap();
        assert_eq!(edited.files().last().unwrap(), (Path::new("src/log.rs"), "let two = 1;"));
        for file in ["raft/src/log.rs", "raft/bases/other/src/log.rs"] {
            let error = plain.edited(&[edit(file, "one")]).unwrap_err();
            assert_eq!(error.to_string(), format!("{file} is no file of the base plain"));
        }
        let reference = Sources::of(lab("raft"), workspace.path()).unwrap();
        assert!(reference.edited(&[edit("raft/bases/plain/src/log.rs", "one")]).is_err());
    }
}
