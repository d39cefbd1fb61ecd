//! [`files_read`]: the files that the compiler read for a crate, by its own record.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The files listed in a `.d` file of the compiler, with the paths that the compiler was given.
pub(super) fn files_read(dep_info: &str) -> BTreeSet<PathBuf> {
    // `target: file file`. There are lines without files, and comments.
    let rules =
        dep_info.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "));
    rules.flat_map(|(_, files)| names(files)).collect()
}

/// The names in a list separated by spaces. A space within a name is escaped with a backslash.
fn names(files: &str) -> Vec<PathBuf> {
    let mut names = Vec::new();
    let mut name = String::new();
    let mut characters = files.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            ' ' => names.push(std::mem::take(&mut name)),
            '\\' if characters.next_if_eq(&' ').is_some() => name.push(' '),
            c => name.push(c),
        }
    }
    names.push(name);
    names.into_iter().filter(|name| !name.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dependencies_of_every_target_are_found() {
        let text = "/t\\ x/raft.d: raft/src/lib.rs raft/src/a\\ b.rs\n\n\
                    /t/libraft.rlib: raft/src/lib.rs /etc/passwd\n\n\
                    raft/src/lib.rs:\nraft/src/a\\ b.rs:\n/etc/passwd:\n\n# env-dep:HOME=/root: x\n";
        let files: Vec<_> = files_read(text).into_iter().collect();
        assert_eq!(files, ["/etc/passwd", "raft/src/a b.rs", "raft/src/lib.rs"].map(PathBuf::from));
    }
}
