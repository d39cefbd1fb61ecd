//! [`Reachable`]: a program at a path that every user can reach.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{BuildError, file_error};

/// A program at a path that every user can reach, for as long as this value lives.
///
/// A run that root starts becomes another user. A program in a folder that this user cannot enter would still
/// start, but could not read its own file; the simulation could then not name the functions on a thread's
/// stack. So a program in such a folder is copied to the folder of temporary files.
#[derive(Debug)]
pub struct Reachable {
    program: PathBuf,
    _copy: Option<TempDir>,
}

impl Reachable {
    /// The program at `path`, or a copy of it.
    ///
    /// # Errors
    ///
    /// It cannot be copied.
    pub fn new(path: &Path) -> Result<Self, BuildError> {
        if !rustix::process::geteuid().is_root() || path.ancestors().skip(1).all(is_searchable_by_all) {
            return Ok(Self { program: path.to_owned(), _copy: None });
        }
        let folder = tempfile::Builder::new().prefix("lab-").tempdir();
        let folder = folder.map_err(file_error(&std::env::temp_dir()))?;
        let program = folder.path().join("lab");
        fs::copy(path, &program).map_err(file_error(&program))?;
        for (path, mode) in [(folder.path(), 0o711), (&program, 0o755)] {
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(file_error(path))?;
        }
        Ok(Self { program, _copy: Some(folder) })
    }

    /// The path of the program.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.program
    }
}

fn is_searchable_by_all(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|about| about.permissions().mode() & 0o001 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_in_a_closed_folder_is_copied() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: needs root");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("it");
        fs::write(&program, "does nothing").unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        let copy = Reachable::new(&program).unwrap();
        assert_ne!(copy.path(), program);
        assert!(copy.path().ancestors().skip(1).all(is_searchable_by_all));
        assert_eq!(fs::read(copy.path()).unwrap(), b"does nothing");
        let gone = copy.path().to_owned();
        drop(copy);
        assert!(!gone.exists());

        fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        assert_eq!(Reachable::new(&program).unwrap().path(), program);
    }
}
