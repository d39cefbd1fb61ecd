//! Folders that students might hand in, and the files that are read from them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use staff::submission::{Limits, NamesError, Reason, Refusal, names, read};
use tempfile::TempDir;

/// A folder with these files.
fn submission(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        write(&folder.path().join(path), text);
    }
    folder
}

fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const HONEST: &[(&str, &str)] = &[("raft/src/lib.rs", "mod log;"), ("raft/src/log/mod.rs", "// ä")];

fn refusals(folder: &Path, limits: &Limits) -> Vec<(String, Reason)> {
    let refusals = read(folder, limits).unwrap_err();
    refusals.into_iter().map(|Refusal { path, reason }| (path, reason)).collect()
}

fn refused(folder: &Path) -> Vec<(String, Reason)> {
    refusals(folder, &Limits::default())
}

#[test]
fn only_sources_are_read() {
    let folder = submission(HONEST);
    for path in [
        "Cargo.toml",
        ".cargo/config.toml",
        "raft/Cargo.toml",
        "raft/build.rs",
        "raft/tests/a.rs",
        "raft/src/data.txt",
        "other/src/lib.rs",
        "bully/src/lib.rs",
        "protocols/README.md",
        "protocols/bully/page.md",
        "protocols/other/src/lib.rs",
    ] {
        write(&folder.path().join(path), "");
    }
    write(&folder.path().join("kvraft/src/lib.rs"), "");
    write(&folder.path().join("protocols/bully/src/lib.rs"), "");

    let staged = read(folder.path(), &Limits::default()).unwrap();

    let paths: Vec<_> = staged.files.iter().map(|file| &*file.path).collect();
    let taken = ["kvraft/src/lib.rs", "protocols/bully/src/lib.rs", "raft/src/lib.rs", "raft/src/log/mod.rs"];
    assert_eq!(paths, taken);
    assert_eq!(staged.crates().into_iter().collect::<Vec<_>>(), ["bully", "kvraft", "raft"]);
    let ignored = [
        ".cargo",
        "Cargo.toml",
        "bully",
        "other",
        "protocols/README.md",
        "protocols/bully/page.md",
        "protocols/other",
        "raft/Cargo.toml",
        "raft/build.rs",
        "raft/src/data.txt",
        "raft/tests",
    ];
    assert_eq!(staged.ignored, ignored);
    assert_eq!(staged.files[3].text, "// ä");
}

#[test]
fn unusual_utf8_names_are_accepted() {
    let folder = submission(&[("raft/src/it's \"new\"/größe.rs", "1")]);
    let staged = read(folder.path(), &Limits::default()).unwrap();
    assert_eq!(staged.files[0].path, "raft/src/it's \"new\"/größe.rs");
}

#[test]
fn no_link_is_followed() {
    let secret = submission(&[("raft/src/lib.rs", "secret"), ("src/lib.rs", "secret"), ("lib.rs", "secret")]);
    for (link, to, honest) in [
        ("raft", "raft", "kvraft/src/lib.rs"),
        ("raft/src", "src", "kvraft/src/lib.rs"),
        ("protocols", "", "kvraft/src/lib.rs"),
        ("protocols/bully", "raft", "kvraft/src/lib.rs"),
        ("protocols/bully/src", "src", "kvraft/src/lib.rs"),
        ("raft/src/sub", "", "raft/src/lib.rs"),
        ("raft/src/lib.rs", "lib.rs", "raft/src/log.rs"),
        ("raft/src/gone.rs", "nowhere", "raft/src/lib.rs"),
    ] {
        let folder = submission(&[(honest, "")]);
        let at = folder.path().join(link);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        symlink(secret.path().join(to), &at).unwrap();
        assert_eq!(refused(folder.path()), [(link.to_owned(), Reason::Symlink)]);
    }
}

#[test]
fn a_link_to_the_folder_is_refused() {
    let folder = submission(HONEST);
    let other = TempDir::new().unwrap();
    let link = other.path().join("link");
    symlink(folder.path(), &link).unwrap();
    for path in [link.clone(), link.join("")] {
        let [(path, reason)] = &*refused(&path) else { panic!("one refusal") };
        assert_eq!(path, ".");
        // Systems report different errors for a link in place of a folder.
        assert!(matches!(reason, Reason::Symlink | Reason::Unreadable(_)), "{reason:?}");
    }
}

#[test]
fn a_link_outside_of_the_sources_is_ignored() {
    let folder = submission(HONEST);
    symlink("/etc/passwd", folder.path().join("raft/notes")).unwrap();
    assert_eq!(read(folder.path(), &Limits::default()).unwrap().ignored, ["raft/notes"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_not_waited_for() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    let folder = submission(HONEST);
    mknodat(CWD, folder.path().join("raft/src/pipe.rs"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    assert_eq!(refused(folder.path()), [("raft/src/pipe.rs".to_owned(), Reason::NotAFile)]);
}

// Other systems have no such names.
#[cfg(target_os = "linux")]
#[test]
fn every_problem_is_reported() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = submission(HONEST);
    let source = folder.path().join("raft/src");
    write(&source.join(OsStr::from_bytes(b"\xff.rs")), "");
    write(&source.join("a\nb.rs"), "");
    write(&source.join("latin.rs"), b"// \xe4");
    symlink("lib.rs", source.join("link.rs")).unwrap();
    let expected = [
        ("raft/src/a\\nb.rs", Reason::NameNotPlain),
        ("raft/src/latin.rs", Reason::ContentNotUtf8),
        ("raft/src/link.rs", Reason::Symlink),
        ("raft/src/\u{fffd}.rs", Reason::NameNotUtf8),
    ];
    assert_eq!(refused(folder.path()), expected.map(|(path, reason)| (path.to_owned(), reason)));
}

#[test]
fn limits_are_exact() {
    let folder =
        submission(&[("raft/src/a.rs", "12345"), ("raft/src/b.rs", "12345"), ("raft/src/c/d.rs", "")]);
    let fits = Limits { file_bytes: 5, bytes: 10, files: 3, depth: 1, entries: 6, ignored: 0 };
    assert_eq!(read(folder.path(), &fits).unwrap().files.len(), 3);
    for (limits, path, reason) in [
        (Limits { file_bytes: 4, ..fits.clone() }, "raft/src/a.rs", Reason::TooLarge(4)),
        (Limits { bytes: 9, ..fits.clone() }, "raft/src/b.rs", Reason::TooLargeInAll(9)),
        (Limits { files: 2, ..fits.clone() }, "raft/src/c/d.rs", Reason::TooManyFiles(2)),
        (Limits { depth: 0, ..fits.clone() }, "raft/src/c", Reason::TooDeep(0)),
        (Limits { entries: 5, ..fits.clone() }, "raft/src/c", Reason::TooManyEntries(5)),
    ] {
        let first = refusals(folder.path(), &limits).remove(0);
        assert_eq!(first, (path.to_owned(), reason));
    }
}

#[test]
fn a_huge_file_is_not_read() {
    let folder = submission(HONEST);
    // A sparse terabyte: reading it would not end.
    let file = fs::File::create(folder.path().join("raft/src/huge.rs")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert_eq!(refused(folder.path()), [("raft/src/huge.rs".to_owned(), Reason::TooLarge(1 << 20))]);
}

#[test]
fn a_long_list_of_ignored_files_is_truncated() {
    let folder = submission(HONEST);
    for number in 0..10 {
        write(&folder.path().join(format!("note-{number}")), "");
    }
    let staged = read(folder.path(), &Limits { ignored: 4, ..Limits::default() }).unwrap();
    assert_eq!((staged.ignored.len(), staged.ignored_besides), (4, 6));
}

#[test]
fn an_empty_submission_is_refused() {
    for files in [&[][..], &[("raft/Cargo.toml", "")], &[("raft/src/notes.txt", ""), ("src/lib.rs", "")]] {
        let folder = submission(files);
        assert_eq!(refused(folder.path()), [(".".to_owned(), Reason::Nothing)]);
    }
    let [(path, reason)] = &*refused(Path::new("/there/is/no/such/folder")) else { panic!("one refusal") };
    assert!(path == "." && matches!(reason, Reason::Unreadable(_)), "{reason:?}");
}

#[test]
fn folders_of_one_name_get_different_names() {
    let folder = submission(&[("1/ann/x", ""), ("2/ann/x", ""), ("2/bob/x", "")]);
    let at = |path: &str| folder.path().join(path);
    let folders: Vec<PathBuf> = vec![at("1/ann"), at("2/ann/"), at("2/bob/.")];
    let named = names(&folders, &[]).unwrap();
    assert!(
        named[0].starts_with("ann-") && named[1].starts_with("ann-") && named[0] != named[1],
        "{named:?}"
    );
    assert_eq!(named[2], "bob");
    let twice = names(&[at("1/ann"), at("1/../1/ann")], &[]);
    assert!(matches!(twice, Err(NamesError::Twice { .. })), "{twice:?}");
    assert!(matches!(names(&[at("3")], &[]), Err(NamesError::Read { .. })));
}
