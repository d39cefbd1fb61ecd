//! The checks of a hand-out's destination.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::HandoutError;

/// Refuses a folder that is not empty unless `force`d, and one that contains the sources at `workspace` or is
/// inside of them. The target folder does not count as source.
pub(super) fn check(workspace: &Path, folder: &Path, force: bool) -> Result<(), HandoutError> {
    let workspace = whole(workspace).map_err(HandoutError::file(workspace))?;
    let place = whole(folder).map_err(HandoutError::file(folder))?;
    let among = place.starts_with(&workspace) && !place.starts_with(workspace.join("target"));
    if among || workspace.starts_with(&place) {
        return Err(HandoutError::AmongTheSources { folder: folder.to_owned(), workspace });
    }
    if !place.exists() {
        return Ok(());
    }
    if !place.is_dir() {
        return Err(HandoutError::NotAFolder { path: folder.to_owned() });
    }
    let mut entries = fs::read_dir(&place).map_err(HandoutError::file(folder))?;
    if entries.next().is_some() && !force {
        return Err(HandoutError::NotEmpty { folder: folder.to_owned() });
    }
    Ok(())
}

/// The path without links and `..`, whose end need not exist yet.
fn whole(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let mut whole = PathBuf::new();
    for component in path.components() {
        if component == std::path::Component::ParentDir {
            whole.pop();
        } else {
            whole.push(component);
            if let Ok(there) = whole.canonicalize() {
                whole = there;
            }
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_out_is_not_mixed_with_the_sources() {
        let outside = tempfile::tempdir().unwrap();
        let workspace = outside.path().join("workspace");
        fs::create_dir_all(workspace.join("raft/src")).unwrap();
        fs::create_dir_all(workspace.join("target/there")).unwrap();
        fs::create_dir_all(outside.path().join("full/of")).unwrap();
        fs::write(outside.path().join("file"), "").unwrap();
        let refusal = |folder: &str, force| {
            check(&workspace, &outside.path().join(folder), force).err().map(|error| error.to_string())
        };
        for (folder, force, says) in [
            ("new", false, None),
            ("new/and/deep", false, None),
            ("workspace/target/new", false, None),
            ("workspace/../new", false, None),
            ("full/of", false, None),
            ("full", false, Some("is not empty")),
            ("full", true, None),
            ("file", true, Some("is not a folder")),
            ("workspace", true, Some("be mixed")),
            ("workspace/new", true, Some("be mixed")),
            ("workspace/raft/src", true, Some("be mixed")),
            ("workspace/target/../new", true, Some("be mixed")),
            ("new/../workspace/raft", true, Some("be mixed")),
            (".", true, Some("be mixed")),
        ] {
            match (refusal(folder, force), says) {
                (None, None) => {}
                (Some(refusal), Some(says)) => assert!(refusal.contains(says), "{folder}: {refusal}"),
                (refusal, _) => panic!("{folder}: {refusal:?}"),
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_sources_is_no_way_around() {
        let outside = tempfile::tempdir().unwrap();
        let workspace = outside.path().join("workspace");
        fs::create_dir_all(&workspace).unwrap();
        std::os::unix::fs::symlink(&workspace, outside.path().join("link")).unwrap();
        assert!(check(&workspace, &outside.path().join("link/new"), true).is_err());
    }
}
