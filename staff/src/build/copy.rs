//! Copies whose files are as old as the originals, for that is what cargo goes by.

use std::fs;
use std::path::Path;

use super::{BuildError, file_error};

/// Copies the folder `from` to `to`, which is not there yet, with the times of change of all files. Leaves
/// out names that `leave_out` chooses at the top.
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
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder).map_err(file_error(folder))?;
    fs::write(path, content).map_err(file_error(path))
}
