//! [`write()`]: a file that is written completely or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A page could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {cause}; give a file in a folder that can be written", path.display())]
pub struct WriteError {
    path: PathBuf,
    #[source]
    cause: io::Error,
}

/// Writes `text` to the file `path`, and creates its folder. An earlier file stays as it is until the new one
/// is complete.
///
/// # Errors
///
/// The folder cannot be created, or the file cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), WriteError> {
    replace(path, text).map_err(|cause| WriteError { path: path.to_owned(), cause })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let Some(name) = path.file_name() else { return Err(io::ErrorKind::IsADirectory.into()) };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    // Commands that run side by side have a draft each.
    let draft = path.with_file_name(format!(".{}-{}.draft", name.to_string_lossy(), std::process::id()));
    let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, path));
    written.inspect_err(|_| {
        // The draft may not exist.
        let _ = fs::remove_file(&draft);
    })
}
