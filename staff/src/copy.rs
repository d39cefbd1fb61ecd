//! [`copy_workspace`]: a copy of the whole workspace that may be modified.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::mutants::ScratchError;
use crate::mutants::scratch::{file_error, write_bytes};

/// Top-level folders of a workspace that are not source.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// Makes the folder `to` equal to the workspace at `from`, except for its target folder, which is kept.
/// Unchanged files are not touched, so that only changed crates are compiled again.
///
/// # Errors
///
/// A file cannot be read or written.
pub fn copy_workspace(from: &Path, to: &Path) -> Result<(), ScratchError> {
    copy_folder(from, to, &LEFT_OUT)
}

/// Makes `to` equal to `from`, except for entries named in `left_out`.
fn copy_folder(from: &Path, to: &Path, left_out: &[&str]) -> Result<(), ScratchError> {
    fs::create_dir_all(to).map_err(file_error(to))?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from).map_err(file_error(from))? {
        let entry = entry.map_err(file_error(from))?;
        if left_out.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target, &[])?;
        } else {
            write_bytes(&target, &fs::read(&source).map_err(file_error(&source))?)?;
        }
        names.insert(entry.file_name());
    }
    for entry in fs::read_dir(to).map_err(file_error(to))? {
        let entry = entry.map_err(file_error(to))?;
        let kept =
            names.contains(&entry.file_name()) || left_out.iter().any(|name| entry.file_name() == *name);
        if !kept {
            let path = entry.path();
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(file_error(&path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_updated_and_unchanged_files_are_not_touched() {
        let (original, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for file in ["raft/src/log.rs", "raft/src/lib.rs", "target/big"] {
            write_bytes(&original.path().join(file), b"as it was").unwrap();
        }
        copy_workspace(original.path(), folder.path()).unwrap();
        assert!(!folder.path().join("target").exists());
        let [log, lib] = ["raft/src/log.rs", "raft/src/lib.rs"].map(|file| folder.path().join(file));
        let before = fs::metadata(&log).unwrap().modified().unwrap();
        fs::write(&lib, "changed").unwrap();
        fs::write(folder.path().join("left over"), "").unwrap();
        write_bytes(&folder.path().join("target/built"), b"kept").unwrap();

        std::thread::sleep(std::time::Duration::from_millis(20));
        copy_workspace(original.path(), folder.path()).unwrap();
        assert_eq!(fs::read(&lib).unwrap(), b"as it was");
        assert_eq!(fs::metadata(&log).unwrap().modified().unwrap(), before);
        assert!(!folder.path().join("left over").exists());
        assert!(folder.path().join("target/built").exists());
    }
}
