//! Submissions that cannot be kept in a repository.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Expected, Hostile};

/// How each is made, in the folder `raft/src` where an honest `lib.rs` lies already.
type Make = fn(&Path);

const MADE: &[(&str, &str, Make, &[&str], &[&str])] = &[
    (
        "links_to_a_neighbour",
        "A file is a link to one outside.",
        |src| symlink("/etc/passwd", src.join("log.rs")).unwrap(),
        &["raft/src/log.rs symlink"],
        &[],
    ),
    (
        "links_its_folder_to_a_neighbour",
        "A folder is a link to one outside.",
        |src| symlink("../../..", src.join("log")).unwrap(),
        &["raft/src/log symlink"],
        &[],
    ),
    (
        "is_huge",
        "A file of a terabyte.",
        |src| fs::File::create(src.join("log.rs")).unwrap().set_len(1 << 40).unwrap(),
        &["raft/src/log.rs too_large"],
        &[],
    ),
    (
        "is_no_text",
        "A file that is not UTF-8.",
        |src| fs::write(src.join("log.rs"), b"// \xff").unwrap(),
        &["raft/src/log.rs content_not_utf8"],
        &[],
    ),
    (
        "nests_without_end",
        "Brackets that would fill the stack of a parser.",
        |src| {
            fs::write(
                src.join("log.rs"),
                format!("const A: u8 = {}1{};", "(".repeat(99_999), ")".repeat(99_999)),
            )
            .unwrap()
        },
        &[],
        &["raft/src/log.rs:1 depth"],
    ),
    #[cfg(target_os = "linux")]
    (
        "waits_for_a_writer",
        "A file is a pipe, and reading it never ends.",
        |src| {
            use rustix::fs::{CWD, FileType, Mode, mknodat};
            mknodat(CWD, src.join("log.rs"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        },
        &["raft/src/log.rs not_a_file"],
        &[],
    ),
    #[cfg(target_os = "linux")]
    (
        "has_a_name_that_is_no_text",
        "A file whose name is not UTF-8.",
        |src| {
            use std::os::unix::ffi::OsStrExt;
            fs::write(src.join(std::ffi::OsStr::from_bytes(b"\xff.rs")), "").unwrap();
        },
        &["raft/src/\u{fffd}.rs name_not_utf8"],
        &[],
    ),
];

pub(super) fn all(scratch: &Path) -> Vec<Hostile> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let one = |&(name, what, make, refusals, violations): &(&str, &str, Make, &[&str], &[&str])| {
        let folder = scratch.join(name);
        let src = folder.join("raft/src");
        fs::create_dir_all(&src).unwrap();
        fs::write(src.join("lib.rs"), "mod log;\n").unwrap();
        make(&src);
        let outcome = if refusals.is_empty() { "breaks_rules" } else { "refused" }.to_owned();
        let (refusals, violations) = (texts(refusals), texts(violations));
        let expected =
            Expected { what: what.to_owned(), outcome, refusals, violations, ..Expected::default() };
        Hostile { name: name.to_owned(), folder, expected }
    };
    MADE.iter().map(one).collect()
}
