//! Warnings that `cargo test` has printed: each is printed once in a command, however many tests give it.
//!
//! The tests of one command are threads of one process, or processes that the same program started. So
//! printed warnings are remembered in the process, and in a file beside the last failure, which names the
//! command.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

/// The warnings that this process has printed.
static PRINTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Those of `warnings` that this command has not printed yet. From now on they count as printed.
pub(crate) fn fresh(warnings: &[String]) -> Vec<String> {
    let mut printed = PRINTED.lock();
    let fresh: Vec<String> =
        warnings.iter().filter(|&warning| printed.insert(warning.clone())).cloned().collect();
    match file() {
        Some(file) if !fresh.is_empty() => unknown_to_others(&file, &command(), fresh),
        _ => fresh,
    }
}

/// `None` if there is no workspace to keep it in.
fn file() -> Option<PathBuf> {
    Some(crate::replay::last_failure_file().ok()?.with_file_name("warned.txt"))
}

/// An identity of the command that started this process, different from that of every other command.
fn command() -> String {
    let parent = parent_id();
    // Process numbers are reused; the time when a process started is the 22nd field, counted from its number.
    let stat = fs::read_to_string(format!("/proc/{parent}/stat")).unwrap_or_default();
    let started = stat.rsplit_once(')').and_then(|(_, fields)| fields.split_whitespace().nth(19));
    format!("{parent} {}", started.unwrap_or("?"))
}

/// Those of `warnings` that no other process of the command has printed, as far as the file shows. A file
/// that cannot be read or written shows nothing: a repeated warning is better than a missing one.
fn unknown_to_others(file: &Path, command: &str, warnings: Vec<String>) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let known: Option<Vec<&str>> = text
        .strip_prefix(command)
        .and_then(|rest| rest.strip_prefix('\n'))
        .map(|rest| rest.lines().collect());
    let line = |warning: &str| warning.replace('\n', " ");
    let fresh: Vec<String> = warnings
        .into_iter()
        .filter(|warning| known.as_ref().is_none_or(|known| !known.contains(&line(warning).as_str())))
        .collect();
    let mut added: String = fresh.iter().map(|warning| line(warning) + "\n").collect();
    let opened = if known.is_some() {
        fs::OpenOptions::new().append(true).open(file)
    } else {
        added.insert_str(0, &format!("{command}\n"));
        file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::File::create(file))
    };
    // One write, so that lines of processes that run side by side are not mixed.
    let _ = opened.and_then(|mut file| file.write_all(added.as_bytes()));
    fresh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_prints_a_warning_once_in_all_of_its_processes() {
        let folder = std::env::temp_dir().join(format!("warned-{}", std::process::id()));
        let file = folder.join("lab/warned.txt");
        let fresh = |command: &str, warnings: &[&str]| {
            unknown_to_others(&file, command, warnings.iter().map(|&warning| warning.to_owned()).collect())
        };
        assert_eq!(fresh("7 1", &["a lock", "two\nlines"]), ["a lock", "two\nlines"]);
        assert_eq!(fresh("7 1", &["two\nlines", "another"]), ["another"]);
        assert_eq!(fresh("7 1", &["another", "a lock"]), [""; 0]);
        // Another command with the same number, or with a number that has this one as its beginning.
        assert_eq!(fresh("7 12", &["a lock"]), ["a lock"]);
        assert_eq!(fresh("7 1", &["a lock"]), ["a lock"]);
        fs::remove_dir_all(folder).expect("the folder was made");
    }

    #[test]
    fn the_identity_of_a_command_is_stable() {
        assert_eq!(command(), command());
        assert!(command().starts_with(&parent_id().to_string()));
    }
}
