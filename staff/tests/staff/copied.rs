//! The commands of a copied workspace, with programs that were built in the original, use the copy's files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn original() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace")
}

/// A copy with one more line in the hand-out's README, and with the original's program.
struct Copied {
    folder: TempDir,
    program: PathBuf,
}

/// The additional line of the copy.
const MARK: &str = "This line is in the copy alone.";

impl Copied {
    fn new() -> Self {
        // On the same file system, so that the program can be linked.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        staff::copy_workspace(original(), folder.path()).expect("copied");
        let page = folder.path().join("staff/handout/README.md");
        let text = fs::read_to_string(&page).expect("a page") + "\n" + MARK + "\n";
        fs::write(page, text).expect("written");
        let program = folder.path().join("target/debug/lab");
        fs::create_dir_all(program.parent().expect("in a folder")).expect("a folder");
        fs::hard_link(env!("CARGO_BIN_EXE_staff"), &program).expect("linked");
        Self { folder, program }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs the copy's program; `cargo` is the folder of the package that cargo runs.
    fn lab(&self, arguments: &[&str], cargo: Option<&Path>, current: &Path) -> (Option<i32>, String) {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(current).env("NO_COLOR", "1");
        command.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_MANIFEST_DIR");
        if let Some(cargo) = cargo {
            command.env("CARGO_MANIFEST_DIR", cargo);
        }
        let Output { status, stdout, stderr } = command.output().expect("it runs");
        (status.code(), String::from_utf8([stdout, stderr].concat()).expect("text"))
    }
}

#[test]
fn a_copy_hands_out_its_own_files() {
    let copied = Copied::new();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let lab = copied.path("lab");
    for (number, (cargo, current)) in
        [(Some(lab.as_path()), copied.path("")), (None, copied.path("raft")), (None, elsewhere.path().into())]
            .into_iter()
            .enumerate()
    {
        let folder = elsewhere.path().join(number.to_string());
        let (status, printed) = copied.lab(&["handout", folder.to_str().expect("a name")], cargo, &current);
        assert_eq!(status, Some(0), "{printed}");
        let page = fs::read_to_string(folder.join("README.md")).expect("a page");
        assert!(page.contains(MARK), "the hand-out is made of the original: {number}");
    }
}

#[test]
fn a_copy_records_its_own_failures() {
    let copied = Copied::new();
    let lab = copied.path("lab");
    // The copy has had no failure, whatever is recorded in the original.
    let (status, printed) = copied.lab(&["replay"], Some(&lab), &copied.path(""));
    assert_eq!(status, Some(2), "{printed}");
    let target = fs::canonicalize(copied.path("target")).expect("a folder");
    let file = target.join("lab/last-failure.json");
    assert!(printed.contains(&format!("no failure is recorded in {}", file.display())), "{printed}");
}

#[test]
fn a_program_of_another_workspace_is_refused() {
    let copied = Copied::new();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let folder = elsewhere.path().join("students");
    let folder = folder.to_str().expect("a name");
    let lab = original().join("lab");
    let submission = original().join("raft");
    let submission = submission.to_str().expect("a name");
    for arguments in [
        &["handout", folder][..],
        &["test", "initial_election_3a"],
        &["replay"],
        &["grade", "--out", folder, submission],
    ] {
        for (cargo, current) in [(Some(lab.as_path()), elsewhere.path()), (None, original())] {
            let (status, printed) = copied.lab(arguments, cargo, current);
            assert_eq!(status, Some(2), "{arguments:?}: {printed}");
            assert!(
                printed.starts_with("error: this program was built in the workspace ")
                    && printed.lines().count() == 1,
                "{printed}"
            );
        }
    }
    assert!(!Path::new(folder).join("README.md").exists(), "something was handed out");
}

#[test]
fn a_program_without_a_workspace_says_so() {
    let elsewhere = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    // Not inside of this workspace, unlike the folder for tests.
    let program = elsewhere.path().join("lab");
    fs::hard_link(env!("CARGO_BIN_EXE_staff"), &program).expect("linked");
    let current = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(&program);
    command.args(["handout", "students"]).current_dir(current.path()).env_remove("CARGO_MANIFEST_DIR");
    // The program's own location does not help then.
    command.env("CARGO_TARGET_DIR", elsewhere.path());
    let Output { status, stderr, .. } = command.output().expect("it runs");
    let printed = String::from_utf8(stderr).expect("text");
    assert_eq!(status.code(), Some(2), "{printed}");
    assert!(
        printed.starts_with("error: this program finds no workspace") && printed.lines().count() == 1,
        "{printed}"
    );
}
