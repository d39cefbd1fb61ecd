//! `scripts/swap`, in a workspace of a few bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

struct Fixture {
    folder: TempDir,
}

impl Fixture {
    /// A workspace with three solutions, and beside it another Raft and another key/value server.
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let fixture = Self { folder };
        for (file, text) in [
            ("ws/raft/src/lib.rs", "own raft"),
            ("ws/kvsrv/src/lib.rs", "own kvsrv"),
            ("ws/kvraft/src/lib.rs", "own kvraft"),
            ("other/raft/src/lib.rs", "other raft"),
            ("other/raft/src/log/mod.rs", "other log"),
            ("other/kvsrv/src/lib.rs", "other kvsrv"),
            ("ws/protocols/bully/src/lib.rs", "own bully"),
        ] {
            fixture.write(file, text);
        }
        for lab in ["raft", "kvsrv", "kvraft", "protocols/bully"] {
            fixture.write(&format!("ws/{lab}/skeleton/src/lib.rs"), "to be written");
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/swap");
        fs::create_dir(fixture.folder.path().join("ws/scripts")).expect("a folder");
        fs::copy(script, fixture.folder.path().join("ws/scripts/swap")).expect("the script");
        fixture
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

    /// The status, and the output.
    fn swap(&self, arguments: &[&str]) -> (i32, String) {
        // Started by bash: the script was just written, and while a child of another test has it open for
        // writing, the kernel refuses to execute it.
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
    let fixture = Fixture::new();
    fixture.write("other/protocols/bully/src/lib.rs", "other bully");
    let (status, text) = fixture.swap(&[&fixture.other()]);
    assert!(status == 0 && text.contains("swapped in: kvsrv protocols/bully raft"), "{text}");
    assert_eq!(fixture.read("ws/protocols/bully/src/lib.rs"), "other bully");
    let (status, text) = fixture.swap(&["--back"]);
    assert_eq!(
        (status, fixture.read("ws/protocols/bully/src/lib.rs")),
        (0, "own bully".to_owned()),
        "{text}"
    );
}

#[test]
fn a_solution_is_swapped_in_and_back() {
    let fixture = Fixture::new();
    let (status, text) = fixture.swap(&[&fixture.other()]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("swapped in: kvsrv raft"), "{text}");
    assert_eq!(fixture.read("ws/raft/src/lib.rs"), "other raft");
    assert_eq!(fixture.read("ws/raft/src/log/mod.rs"), "other log");
    assert_eq!(fixture.read("ws/kvraft/src/lib.rs"), "own kvraft", "there is no other one");

    let (status, text) = fixture.swap(&["--back"]);
    assert_eq!(status, 0, "{text}");
    assert_eq!(fixture.read("ws/raft/src/lib.rs"), "own raft");
    assert_eq!(fixture.read("ws/kvsrv/src/lib.rs"), "own kvsrv");
    assert!(!fixture.has("ws/raft/src/log") && !fixture.has("ws/.swapped"));
}

#[test]
fn two_solutions_are_never_mixed() {
    let fixture = Fixture::new();
    fixture.swap(&[&fixture.other()]);
    let (status, text) = fixture.swap(&[&fixture.other()]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("--back"), "{text}");
    assert_eq!(fixture.read("ws/.swapped/own/raft/lib.rs"), "own raft");
}

#[test]
fn changes_made_meanwhile_are_not_discarded() {
    let fixture = Fixture::new();
    fixture.swap(&[&fixture.other()]);
    fixture.write("ws/raft/src/lib.rs", "other raft, mended");
    let (status, text) = fixture.swap(&["--back"]);
    assert_eq!(status, 2, "{text}");
    assert_eq!(fixture.read("ws/raft/src/lib.rs"), "other raft, mended");
    assert_eq!(fixture.swap(&["--back", "--force"]).0, 0);
    assert_eq!(fixture.read("ws/raft/src/lib.rs"), "own raft");
}

#[test]
fn a_swap_that_was_interrupted_is_undone() {
    let fixture = Fixture::new();
    fixture.swap(&[&fixture.other()]);
    // As if it had been interrupted after the second crate was moved away and before it was replaced.
    fs::remove_file(fixture.folder.path().join("ws/.swapped/complete")).expect("removed");
    fs::remove_dir_all(fixture.folder.path().join("ws/raft/src")).expect("removed");
    let (status, text) = fixture.swap(&["--back"]);
    assert_eq!(status, 0, "{text}");
    assert_eq!(fixture.read("ws/raft/src/lib.rs"), "own raft");
    assert_eq!(fixture.read("ws/kvsrv/src/lib.rs"), "own kvsrv");
}

/// Otherwise cargo would take the other solution's artifacts for this one's.
#[test]
fn restored_files_are_newer_than_artifacts() {
    let fixture = Fixture::new();
    fixture.swap(&[&fixture.other()]);
    fixture.write("built", "");
    let built =
        fs::metadata(fixture.folder.path().join("built")).and_then(|it| it.modified()).expect("a time");
    fixture.swap(&["--back"]);
    let source = fs::metadata(fixture.folder.path().join("ws/raft/src/lib.rs")).and_then(|it| it.modified());
    assert!(source.expect("a time") >= built);
}

#[test]
fn invalid_arguments_are_refused() {
    let fixture = Fixture::new();
    for (argument, says) in [
        ("/nowhere", "no folder /nowhere"),
        ("other/raft", "has none of: kvraft/src kvsrv/src protocols/bully/src raft/src"),
        ("--forth", "usage"),
        ("--back", "nothing is swapped"),
        (".", "this workspace"),
    ] {
        let argument = match argument {
            "other/raft" => fixture.folder.path().join("other/raft").to_str().expect("text").to_owned(),
            argument => argument.to_owned(),
        };
        let (status, text) = fixture.swap(&[&argument]);
        assert_eq!(status, 2, "{text}");
        assert!(text.contains(says), "{text}");
    }
    assert_eq!(fixture.read("ws/raft/src/lib.rs"), "own raft");
}
