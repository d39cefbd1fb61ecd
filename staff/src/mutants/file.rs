//! [`load_all`]: the TOML files of a folder, each named as its content says.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The reason why a file of the corpus cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file or folder cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file does not have the right format.
    #[error("{path} does not have the right format: {source}", path = path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: Box<toml_edit::de::Error>,
    },
    /// The workspace cannot be found.
    #[error(transparent)]
    Workspace(#[from] tester::workspace::WorkspaceError),
    /// The file's name differs from the name in it.
    #[error("{path} calls itself `{name}`", path = path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        name: String,
    },
}

/// A value that is stored in a file of its name.
pub(crate) trait Named: DeserializeOwned {
    /// The name, which is the file's without its extension.
    fn name(&self) -> &str;
}

/// Reads one file.
pub(crate) fn load<T: Named>(path: &Path) -> Result<T, FileError> {
    let read = |source| FileError::Read { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(read)?;
    let form = |source| FileError::Form { path: path.to_owned(), source: Box::new(source) };
    let value: T = toml_edit::de::from_str(&text).map_err(form)?;
    if path.file_stem().is_none_or(|stem| stem != value.name()) {
        return Err(FileError::Name { path: path.to_owned(), name: value.name().to_owned() });
    }
    Ok(value)
}

/// Reads all TOML files of `folder`, in the order of their names.
pub(super) fn load_all<T: Named>(folder: &Path) -> Result<Vec<T>, FileError> {
    let read = |source| FileError::Read { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        paths.push(entry.map_err(read)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    paths.iter().map(|path| load(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{RightSolution, WrongSolution};
    use super::*;

    #[test]
    fn a_file_must_have_the_right_form_and_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slower.toml");
        fs::write(&path, "name = 'slower'").unwrap();
        let refusal = |path| load::<RightSolution>(path).unwrap_err().to_string();
        assert!(refusal(&path).contains("does not have the right format"));
        let whole = "name = 'other'\ndifference = ''\nwhy_right = ''\nedit = []";
        fs::write(&path, whole).unwrap();
        assert!(refusal(&path).ends_with("calls itself `other`"));
        fs::write(&path, whole.replace("other", "slower")).unwrap();
        fs::write(folder.path().join("notes.txt"), "not read").unwrap();
        assert_eq!(load_all::<RightSolution>(folder.path()).unwrap().len(), 1);
        assert!(load_all::<RightSolution>(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_base_may_be_named_and_nothing_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.toml");
        let whole = "name = 'w'\nthought = ''\nrule = ''\ncaught_by = []\n";
        let load_with = |more: &str| {
            fs::write(&path, format!("{whole}{more}")).unwrap();
            load::<WrongSolution>(&path)
        };
        let edit = "[[edit]]\nfile = 'f'\nbefore = 'b'\nafter = 'a'\n";
        let plain = load_with(&format!("base = 'plain'\nfrozen = true\n{edit}")).unwrap();
        assert_eq!((plain.edits.base.as_deref(), plain.edits.len()), (Some("plain"), 1));
        assert!(plain.frozen && !load_with(edit).unwrap().frozen);
        let refusal = load_with("bass = 'plain'\n").unwrap_err().to_string();
        assert!(refusal.contains("does not have the right format"), "{refusal}");
    }
}
