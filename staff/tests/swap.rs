//! `scripts/swap`, in a workspace of a few bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

struct Place {
    folder: TempDir,
}

impl Place {
    /// A workspace with three solutions, and beside it another Raft and another key/value server.
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let place = Self { folder };
        for (file, text) in [
            ("ws/raft/src/lib.rs", "own raft"),
            ("ws/kvsrv/src/lib.rs", "own kvsrv"),
            ("ws/kvraft/src/lib.rs", "own kvraft"),
            ("other/raft/src/lib.rs", "other raft"),
            ("other/raft/src/log/mod.rs", "other log"),
            ("other/kvsrv/src/lib.rs", "other kvsrv"),
            ("ws/protocols/bully/src/lib.rs", "own bully"),
        ] {
            place.write(file, text);
        }
        for lab in ["raft", "kvsrv", "kvraft", "protocols/bully"] {
            place.write(&format!("ws/{lab}/skeleton/src/lib.rs"), "to be written");
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/swap");
        fs::create_dir(place.folder.path().join("ws/scripts")).expect("a folder");
        fs::copy(script, place.folder.path().join("ws/scripts/swap")).expect("the script");
        place
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("written");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).expect("a text")
    }

    fn has(&self, file: &str) -> bool {
        self.folder.path().join(file).exists()
    }

    /// The status, and what was printed.
    fn swap(&self, arguments: &[&str]) -> (i32, String) {
        // Not started itself: it was just written, and as long as a process that another test starts has that file open, the
        // system refuses to start it.
        let mut command = Command::new("bash");
        let output = command
            .arg(self.folder.path().join("ws/scripts/swap"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().expect("a status"), String::from_utf8(text).expect("text"))
    }

    fn other(&self) -> String {
        self.folder.path().join("other").to_str().expect("text").to_owned()
    }
}

#[test]
fn a_crate_within_another_folder_is_swapped_too() {
    let place = Place::new();
    place.write("other/protocols/bully/src/lib.rs", "other bully");
    let (status, text) = place.swap(&[&place.other()]);
    assert!(status == 0 && text.contains("swapped in: kvsrv protocols/bully raft"), "{text}");
    assert_eq!(place.read("ws/protocols/bully/src/lib.rs"), "other bully");
    let (status, text) = place.swap(&["--back"]);
    assert_eq!((status, place.read("ws/protocols/bully/src/lib.rs")), (0, "own bully".to_owned()), "{text}");
}

#[test]
fn another_solution_stands_here_until_it_is_put_back() {
    let place = Place::new();
    let (status, text) = place.swap(&[&place.other()]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("swapped in: kvsrv raft"), "{text}");
    assert_eq!(place.read("ws/raft/src/lib.rs"), "other raft");
    assert_eq!(place.read("ws/raft/src/log/mod.rs"), "other log");
    assert_eq!(place.read("ws/kvraft/src/lib.rs"), "own kvraft", "there is no other one");

    let (status, text) = place.swap(&["--back"]);
    assert_eq!(status, 0, "{text}");
    assert_eq!(place.read("ws/raft/src/lib.rs"), "own raft");
    assert_eq!(place.read("ws/kvsrv/src/lib.rs"), "own kvsrv");
    assert!(!place.has("ws/raft/src/log") && !place.has("ws/.swapped"));
}

#[test]
fn two_solutions_are_never_mixed() {
    let place = Place::new();
    place.swap(&[&place.other()]);
    let (status, text) = place.swap(&[&place.other()]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("--back"), "{text}");
    assert_eq!(place.read("ws/.swapped/own/raft/lib.rs"), "own raft");
}

#[test]
fn what_was_changed_meanwhile_is_not_thrown_away() {
    let place = Place::new();
    place.swap(&[&place.other()]);
    place.write("ws/raft/src/lib.rs", "other raft, mended");
    let (status, text) = place.swap(&["--back"]);
    assert_eq!(status, 2, "{text}");
    assert_eq!(place.read("ws/raft/src/lib.rs"), "other raft, mended");
    assert_eq!(place.swap(&["--back", "--force"]).0, 0);
    assert_eq!(place.read("ws/raft/src/lib.rs"), "own raft");
}

#[test]
fn a_swap_that_was_interrupted_is_undone() {
    let place = Place::new();
    place.swap(&[&place.other()]);
    // As if it had been stopped when the second crate had been moved away and not been replaced.
    fs::remove_file(place.folder.path().join("ws/.swapped/complete")).expect("removed");
    fs::remove_dir_all(place.folder.path().join("ws/raft/src")).expect("removed");
    let (status, text) = place.swap(&["--back"]);
    assert_eq!(status, 0, "{text}");
    assert_eq!(place.read("ws/raft/src/lib.rs"), "own raft");
    assert_eq!(place.read("ws/kvsrv/src/lib.rs"), "own kvsrv");
}

/// Otherwise cargo takes what it built of the other solution for what it would build of this one.
#[test]
fn what_is_put_back_is_newer_than_what_was_built_meanwhile() {
    let place = Place::new();
    place.swap(&[&place.other()]);
    place.write("built", "");
    let built = fs::metadata(place.folder.path().join("built")).and_then(|it| it.modified()).expect("a time");
    place.swap(&["--back"]);
    let source = fs::metadata(place.folder.path().join("ws/raft/src/lib.rs")).and_then(|it| it.modified());
    assert!(source.expect("a time") >= built);
}

#[test]
fn what_is_no_solution_is_refused() {
    let place = Place::new();
    for (argument, says) in [
        ("/nowhere", "no folder /nowhere"),
        ("other/raft", "has none of: kvraft/src kvsrv/src protocols/bully/src raft/src"),
        ("--forth", "usage"),
        ("--back", "nothing is swapped"),
        (".", "this workspace"),
    ] {
        let argument = match argument {
            "other/raft" => place.folder.path().join("other/raft").to_str().expect("text").to_owned(),
            argument => argument.to_owned(),
        };
        let (status, text) = place.swap(&[&argument]);
        assert_eq!(status, 2, "{text}");
        assert!(text.contains(says), "{text}");
    }
    assert_eq!(place.read("ws/raft/src/lib.rs"), "own raft");
}
