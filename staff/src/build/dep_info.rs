//! [`files_read`]: which files the compiler read for a crate, by its own account.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The files that a `.d` file of the compiler tells of. They are written as the compiler was given them.
pub(super) fn files_read(dep_info: &str) -> BTreeSet<PathBuf> {
    // `what is made: file file`. There are lines without files too, and remarks.
    let rules =
        dep_info.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "));
    rules.flat_map(|(_, files)| names(files)).collect()
}

/// Names with spaces between them. A space in a name has a backslash before it.
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
    fn files_are_those_behind_what_is_made() {
        let text = "/t\\ x/raft.d: raft/src/lib.rs raft/src/a\\ b.rs\n\n/t/libraft.rlib: raft/src/lib.rs /etc/passwd\n\n\
                    raft/src/lib.rs:\nraft/src/a\\ b.rs:\n/etc/passwd:\n\n# env-dep:HOME=/root: x\n";
        let files: Vec<_> = files_read(text).into_iter().collect();
        assert_eq!(files, ["/etc/passwd", "raft/src/a b.rs", "raft/src/lib.rs"].map(PathBuf::from));
    }
}
