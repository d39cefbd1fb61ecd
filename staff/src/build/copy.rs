//! Copies that preserve modification times, which cargo uses to detect changes.

use std::fs;
use std::path::Path;

use super::{BuildError, file_error};

/// Copies the folder `from` to `to`, which must not exist, with the modification times of all files.
/// Top-level entries for which `leave_out` is true are left out.
pub(crate) fn copy_with_times(
    from: &Path,
    to: &Path,
    leave_out: &dyn Fn(&Path) -> bool,
) -> Result<(), BuildError> {
    fs::create_dir_all(to).map_err(file_error(to))?;
    for entry in fs::read_dir(from).map_err(file_error(from))? {
        let source = entry.map_err(file_error(from))?.path();
        if leave_out(&source) {
            continue;
        }
        let target = to.join(source.file_name().expect("an entry of a folder has a name"));
        let about = fs::symlink_metadata(&source).map_err(file_error(&source))?;
        if about.is_dir() {
            copy_with_times(&source, &target, leave_out)?;
        } else {
            fs::copy(&source, &target).map_err(file_error(&target))?;
            let time = about.modified().map_err(file_error(&source))?;
            let copy = fs::File::options().write(true).open(&target).map_err(file_error(&target))?;
            copy.set_modified(time).map_err(file_error(&target))?;
        }
    }
    Ok(())
}

/// Writes a file unless it has this content already.
pub(super) fn write_if_new(path: &Path, content: &[u8]) -> Result<(), BuildError> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder).map_err(file_error(folder))?;
    fs::write(path, content).map_err(file_error(path))
}
