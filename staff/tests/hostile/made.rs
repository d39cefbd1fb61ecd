//! Submissions that cannot be stored in a repository and are generated.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Expected, Hostile};

/// A generated submission.
struct Made {
    name: &'static str,
    what: &'static str,
    /// Puts the problem into the folder `raft/src`, which has a valid `lib.rs`.
    make: fn(&Path),
    refusal: Option<&'static str>,
    violation: Option<&'static str>,
}

const MADE: &[Made] = &[
    Made {
        name: "links_to_a_neighbour",
        what: "A file is a link to one outside.",
        make: |src| symlink("/etc/passwd", src.join("log.rs")).unwrap(),
        refusal: Some("raft/src/log.rs symlink"),
        violation: None,
    },
    Made {
        name: "links_its_folder_to_a_neighbour",
        what: "A folder is a link to one outside.",
        make: |src| symlink("../../..", src.join("log")).unwrap(),
        refusal: Some("raft/src/log symlink"),
        violation: None,
    },
    Made {
        name: "is_huge",
        what: "A file of a terabyte.",
        make: |src| fs::File::create(src.join("log.rs")).unwrap().set_len(1 << 40).unwrap(),
        refusal: Some("raft/src/log.rs too_large"),
        violation: None,
    },
    Made {
        name: "is_no_text",
        what: "A file that is not UTF-8.",
        make: |src| fs::write(src.join("log.rs"), b"// \xff").unwrap(),
        refusal: Some("raft/src/log.rs content_not_utf8"),
        violation: None,
    },
    Made {
        name: "nests_without_end",
        what: "Brackets that would fill the stack of a parser.",
        make: |src| {
            let nest = format!("const A: u8 = {}1{};", "(".repeat(99_999), ")".repeat(99_999));
            fs::write(src.join("log.rs"), nest).unwrap();
        },
        refusal: None,
        violation: Some("raft/src/log.rs:1 depth"),
    },
    #[cfg(target_os = "linux")]
    Made {
        name: "waits_for_a_writer",
        what: "A file is a pipe, and reading it never ends.",
        make: |src| {
            use rustix::fs::{CWD, FileType, Mode, mknodat};
            mknodat(CWD, src.join("log.rs"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        },
        refusal: Some("raft/src/log.rs not_a_file"),
        violation: None,
    },
    #[cfg(target_os = "linux")]
    Made {
        name: "has_a_name_that_is_no_text",
        what: "A file whose name is not UTF-8.",
        make: |src| {
            use std::os::unix::ffi::OsStrExt;
            fs::write(src.join(std::ffi::OsStr::from_bytes(b"\xff.rs")), "").unwrap();
        },
        refusal: Some("raft/src/\u{fffd}.rs name_not_utf8"),
        violation: None,
    },
];

pub(super) fn all(scratch: &Path) -> Vec<Hostile> {
    let texts = |text: Option<&str>| text.into_iter().map(str::to_owned).collect();
    let one = |&Made { name, what, make, refusal, violation }: &Made| {
        let folder = scratch.join(name);
        let src = folder.join("raft/src");
        fs::create_dir_all(&src).unwrap();
        fs::write(src.join("lib.rs"), "mod log;\n").unwrap();
        make(&src);
        let outcome = if refusal.is_some() { "refused" } else { "breaks_rules" }.to_owned();
        let (what, refusals, violations) = (what.to_owned(), texts(refusal), texts(violation));
        let expected = Expected { what, outcome, refusals, violations, ..Expected::default() };
        Hostile { name: name.to_owned(), folder, expected }
    };
    MADE.iter().map(one).collect()
}
