//! [`names`]: the names of submissions.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use labreport::text::visible;
use unicode_ident::is_xid_continue;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Limits of a name in characters and bytes: with a suffix it must still be a valid file name.
const LENGTH: usize = 64;
const BYTES: usize = 180;

/// The reason why submissions cannot be named.
#[derive(Debug, thiserror::Error)]
pub enum NamesError {
    /// There is no such folder, or it cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The same folder was given twice.
    #[error("{} is the same folder as {}", second.display(), first.display())]
    Twice {
        /// The path that was given first.
        first: PathBuf,
        /// The path that was given second.
        second: PathBuf,
    },
}

/// A name for each submission, in the order of `folders`, derived from its folder's name.
///
/// A name consists of letters and digits of any script, `.`, `_` and `-`, begins with a letter, a digit or
/// `_`, and is the [`same_name`] as neither another submission's nor one of `taken`; so it can be a file
/// name. If two folders have the same name, both names end with a number derived from the folder's path. The
/// names depend on the set of folders, not on their order.
///
/// # Errors
///
/// See [`NamesError`].
pub fn names(folders: &[PathBuf], taken: &[&str]) -> Result<Vec<String>, NamesError> {
    let mut known = BTreeMap::<PathBuf, &Path>::new();
    let mut paths = Vec::new();
    for folder in folders {
        let path =
            fs::canonicalize(folder).map_err(|source| NamesError::Read { path: folder.clone(), source })?;
        if let Some(first) = known.insert(path.clone(), folder) {
            return Err(NamesError::Twice { first: first.to_owned(), second: folder.clone() });
        }
        paths.push(path);
    }
    // A link has its own name, not that of its target.
    let called = folders.iter().zip(&paths).map(|(folder, path)| {
        let name = folder.components().next_back().and_then(|last| match last {
            std::path::Component::Normal(name) => Some(name),
            _ => path.file_name(),
        });
        plain(&name.unwrap_or_default().to_string_lossy())
    });
    Ok(distinct(&called.collect::<Vec<_>>(), &paths, taken))
}

/// Whether two names are equal to a person or to a file system: case, composition and width are ignored.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    key(one) == key(other)
}

/// The canonical form that equal names share.
fn key(name: &str) -> String {
    name.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

/// The name with `_` for every character that could have a special meaning.
fn plain(name: &str) -> String {
    let is_letter = |c: char| is_xid_continue(c) && visible(&format!("a{c}")).ends_with(c);
    let harmless = |c: char| if is_letter(c) || "._-".contains(c) { c } else { '_' };
    // Composed, as most systems store names.
    let name: String = name.nfc().map(harmless).collect();
    let mut name: String = name.trim_start_matches(['.', '-']).chars().take(LENGTH).collect();
    if name.starts_with(is_combining_mark) {
        name.insert(0, '_');
    }
    while name.len() > BYTES {
        name.pop();
    }
    if name.is_empty() { "submission".to_owned() } else { name }
}

fn distinct(called: &[String], paths: &[PathBuf], taken: &[&str]) -> Vec<String> {
    let mut names = called.to_vec();
    for salt in 0.. {
        let mut times: BTreeMap<String, u32> = taken.iter().map(|name| (key(name), 1)).collect();
        for name in &names {
            *times.entry(key(name)).or_default() += 1;
        }
        let mut changed = false;
        for ((name, called), path) in names.iter_mut().zip(called).zip(paths) {
            if times[&key(name)] > 1 {
                let number = number_of(path, salt);
                *name = format!("{called}-{number:08x}");
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    names
}

/// FNV-1a of the path's bytes: the same on every machine and in every version.
fn number_of(path: &Path, salt: u32) -> u32 {
    let bytes = path.as_os_str().as_encoded_bytes().iter().copied().chain(salt.to_le_bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(called: &[&str], paths: &[&str], taken: &[&str]) -> Vec<String> {
        let called: Vec<_> = called.iter().map(|name| plain(name)).collect();
        let paths: Vec<_> = paths.iter().map(PathBuf::from).collect();
        distinct(&called, &paths, taken)
    }

    #[test]
    fn special_characters_are_replaced_in_names() {
        for (name, expected) in [
            ("alice", "alice"),
            ("..", "submission"),
            ("", "submission"),
            ("-rf", "rf"),
            (".hidden", "hidden"),
            ("a b/c\\d\ne", "a_b_c_d_e"),
            ("=1+1", "_1_1"),
            ("größe", "größe"),
            // Composed from its parts.
            ("gro\u{308}ße", "größe"),
            ("张三", "张三"),
            ("иван-2", "иван-2"),
            ("नमस्ते", "नमस्ते"),
            ("\u{202e}gpj.exe", "_gpj.exe"),
            ("a\u{200b}\u{1b}[2J\u{3164}🦀", "a___2J__"),
            ("\u{301}x", "_\u{301}x"),
        ] {
            assert_eq!(plain(name), expected);
        }
        assert_eq!(plain(&"x".repeat(300)).len(), LENGTH);
        assert!((BYTES - 2..=BYTES).contains(&plain(&"𠮷".repeat(300)).len()) && BYTES < 200);
    }

    #[test]
    fn names_of_other_scripts_are_unique() {
        assert_eq!(of(&["张三", "李四"], &["/1/a", "/2/b"], &[]), ["张三", "李四"]);
        for (one, other) in [("张三", "张三"), ("ИВАН", "иван"), ("gro\u{308}ße", "größe"), ("ａｎｎ", "ann")]
        {
            assert!(same_name(&plain(one), &plain(other)), "{one} {other}");
            let names = of(&[one, other], &["/1", "/2"], &[]);
            assert!(
                !same_name(&names[0], &names[1]) && names.iter().all(|name| name.contains('-')),
                "{names:?}"
            );
        }
    }

    #[test]
    fn unique_names_are_kept() {
        assert_eq!(of(&["a", "b"], &["/1/a", "/2/b"], &["scores.csv"]), ["a", "b"]);
    }

    #[test]
    fn equal_names_get_numbers_that_do_not_depend_on_the_order() {
        let forward = of(&["a", "A", "b"], &["/1/a", "/2/A", "/b"], &[]);
        let back = of(&["b", "A", "a"], &["/b", "/2/A", "/1/a"], &[]);
        assert_eq!(forward[2], "b");
        assert!(forward[0].starts_with("a-") && forward[1].starts_with("A-"), "{forward:?}");
        assert_ne!(forward[0].to_lowercase(), forward[1].to_lowercase());
        assert!(back.iter().eq(forward.iter().rev()), "{back:?} {forward:?}");
    }

    #[test]
    fn a_reserved_name_is_not_used() {
        let names = of(&["Scores.csv"], &["/Scores.csv"], &["scores.csv"]);
        assert!(names[0].starts_with("Scores.csv-"), "{names:?}");
    }

    #[test]
    fn a_name_equal_to_a_numbered_one_gets_a_number_too() {
        let pair = of(&["a", "a"], &["/1/a", "/2/a"], &[]);
        let names = of(&["a", "a", &pair[0]], &["/1/a", "/2/a", "/3"], &[]);
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 3, "{names:?}");
    }
}
