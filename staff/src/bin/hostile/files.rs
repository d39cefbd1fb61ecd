//! Attempts on files of others.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use nix::sys::memfd::{MFdFlags, memfd_create};

pub(super) fn attempt(action: &str, on: &str) -> Option<io::Result<()>> {
    Some(match action {
        "read" => fs::read(on).map(drop),
        "open" => fs::File::open(on).map(drop),
        "see" => fs::symlink_metadata(on).map(drop),
        "list" => fs::read_dir(on).map(drop),
        "write" => fs::write(on, "written"),
        "empty" => fs::OpenOptions::new().write(true).truncate(true).open(on).map(drop),
        "remove" => fs::remove_file(on),
        "rename" => fs::rename(on, format!("{on}.moved")),
        "make a folder" => fs::create_dir(on),
        "change the mode" => fs::set_permissions(on, fs::Permissions::from_mode(0o777)),
        "read through a link" => through_a_link(on, |link| fs::read(link).map(drop)),
        "write through a link" => through_a_link(on, |link| fs::write(link, "written")),
        "write through a hard link" => fs::hard_link(on, "hard").and_then(|()| fs::write("hard", "written")),
        "make a file without a name" => memfd_create("name", MFdFlags::empty()).map(drop).map_err(Into::into),
        _ => return None,
    })
}

/// Attempts the action through a symbolic link in the process's own folder.
fn through_a_link(on: &str, action: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let link = Path::new("link");
    let _ = fs::remove_file(link);
    symlink(on, link)?;
    action(link)
}
