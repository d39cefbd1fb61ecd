//! [`load_all`]: the TOML files of a folder, each called as it says.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// Why a file of the corpus cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file or folder cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file has not the form that it should have.
    #[error("{path} has not the right form: {source}", path = path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Box<toml_edit::de::Error>,
    },
    /// It is not known which workspace's files are meant.
    #[error(transparent)]
    Workspace(#[from] tester::workspace::WorkspaceError),
    /// The file has another name than it says.
    #[error("{path} calls itself `{name}`", path = path.display())]
    Name {
        /// Which.
        path: PathBuf,
        /// What it says.
        name: String,
    },
}

/// What has a file named after it.
pub(crate) trait Named: DeserializeOwned {
    /// The file's name without its ending.
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
    use super::super::RightSolution;
    use super::*;

    #[test]
    fn a_file_must_have_the_right_form_and_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slower.toml");
        fs::write(&path, "name = 'slower'").unwrap();
        let refusal = |path| load::<RightSolution>(path).unwrap_err().to_string();
        assert!(refusal(&path).contains("has not the right form"));
        let whole = "name = 'other'\ndifference = ''\nwhy_right = ''\nedit = []";
        fs::write(&path, whole).unwrap();
        assert!(refusal(&path).ends_with("calls itself `other`"));
        fs::write(&path, whole.replace("other", "slower")).unwrap();
        fs::write(folder.path().join("notes.txt"), "not read").unwrap();
        assert_eq!(load_all::<RightSolution>(folder.path()).unwrap().len(), 1);
        assert!(load_all::<RightSolution>(&folder.path().join("none")).is_err());
    }
}
