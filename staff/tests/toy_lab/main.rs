//! A new lab is its own files, and the lines that stand in [`LINES`]: a registration, and what Rust and Cargo
//! demand. The toy lab in `own` is added to a copy of this workspace; it runs there, is handed out, graded,
//! and checked by `oracle-check`.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Every line that is added to a file that is there: the file, the line before, and the lines.
const LINES: [(&str, &str, &str); 9] = [
    // Cargo: members, a dependency, and the profile of crates that students write.
    (
        "Cargo.toml",
        "    \"protocols/bully/skeleton\",",
        "    \"protocols/echo\",\n    \"protocols/echo/skeleton\",",
    ),
    ("Cargo.toml", "    # Other protocols.", "    \"protocols/echo\","),
    ("Cargo.toml", "bully = { path = \"protocols/bully\" }", "echo = { path = \"protocols/echo\" }"),
    (
        "Cargo.toml",
        "# `debug_assert!` do in the crates that students write must not depend on the profile.",
        "[profile.release.package.echo]\noverflow-checks = true\ndebug-assertions = true",
    ),
    ("lab/Cargo.toml", "clap.workspace = true", "echo.workspace = true"),
    // Rust: modules.
    ("labapi/src/lib.rs", "mod bully;", "mod echo;"),
    ("labapi/src/lib.rs", "pub use bully::{Bully, MakeBully};", "pub use echo::{Echo, MakeEcho};"),
    ("tester/src/lib.rs", "mod display;", "mod echo;"),
    // The registration.
    ("tester/src/registry.rs", "    bully,", "    echo,"),
];

/// The folder of this test's own files.
fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/toy_lab/own")
}

/// The folder for what is built, which is kept from one test run to the next.
fn kept() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A copy of this workspace with the toy lab.
struct Copied {
    folder: PathBuf,
}

impl Copied {
    fn new(name: &str) -> Self {
        let folder = kept().join(name);
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder of the workspace");
        staff::copy_workspace(original, &folder).expect("copied");
        for file in files(&own()) {
            let to = folder.join(&file);
            assert!(!to.exists(), "{} is not the toy lab's own", file.display());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(own().join(&file), to).unwrap();
        }
        for (file, before, lines) in LINES {
            let path = folder.join(file);
            let text = fs::read_to_string(&path).unwrap();
            let before = format!("{before}\n");
            assert_eq!(text.matches(&before).count(), 1, "{file}: {before}");
            fs::write(&path, text.replacen(&before, &format!("{before}{lines}\n"), 1)).unwrap();
        }
        Self { folder }
    }

    /// Runs cargo in a folder, without the network. The hand-out's tests build most of the same dependencies.
    fn cargo(folder: &Path, arguments: &[&str]) -> (bool, String) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).current_dir(folder).env("CARGO_TERM_COLOR", "never").env_remove("RUSTFLAGS");
        cargo.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", kept().join("handout/target"));
        said(&mut cargo)
    }

    /// Runs the teachers' command line.
    fn lab(&self, arguments: &[&str]) -> (bool, String) {
        let all = [&["run", "--quiet", "--package", "staff", "--bin", "staff", "--"], arguments].concat();
        Self::cargo(&self.folder, &all)
    }
}

/// All files of a folder, as paths in it.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    fn collect(folder: &Path, inside: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder.join(inside)).unwrap() {
            let path = inside.join(entry.unwrap().file_name());
            if folder.join(&path).is_dir() {
                collect(folder, &path, found);
            } else {
                found.insert(path);
            }
        }
    }
    let mut found = BTreeSet::new();
    collect(folder, Path::new(""), &mut found);
    found
}

/// Whether it succeeded, and all that was printed.
fn said(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().expect("started");
    (status.success(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

/// The own files and the lines still fit this workspace. What they do is tried by the tests below.
#[test]
fn the_lines_of_a_new_lab_fit() {
    Copied::new("toy_lab");
}

/// Builds a copy of the workspace, a hand-out and the grader's framework, which takes minutes.
/// `scripts/check --all` does it.
#[test]
#[ignore = "takes minutes"]
fn a_new_lab_runs_and_is_handed_out_and_graded() {
    let copied = Copied::new("toy_lab");

    // It runs, and is known by its number, part and names.
    let (passed, printed) = copied.lab(&["test", "e1", "--runs", "2"]);
    assert!(passed && printed.contains("4 passed, 0 failed"), "{printed}");
    let (_, printed) = copied.lab(&["list"]);
    assert!(printed.contains("says_it_again_e1"), "{printed}");
    let (passed, printed) = Copied::cargo(&copied.folder, &["test", "--package", "echo", "e1"]);
    assert!(passed && printed.contains("test says_it_e1") && printed.contains("... ok"), "{printed}");

    // It is handed out: skeleton, page, tests, and nothing of the reference.
    let students = kept().join("toy_lab_students");
    let _ = fs::remove_dir_all(&students);
    let (done, printed) = copied.lab(&["handout", students.to_str().unwrap(), "--parts", "E"]);
    assert!(done, "{printed}");
    let there = files(&students);
    for file in ["docs/lab-echo.md", "protocols/echo/src/lib.rs", "protocols/echo/tests/echo.rs"] {
        assert!(there.contains(Path::new(file)), "{file} is missing");
    }
    for other in ["raft", "protocols/bully", "protocols/echo/wrong", "protocols/echo/skeleton", "staff"] {
        assert!(!there.iter().any(|file| file.starts_with(other)), "{other} is there");
    }
    let (_, printed) = Copied::cargo(&students, &["run", "--quiet", "--package", "lab", "--", "test"]);
    assert!(printed.contains("not yet implemented: echo::services"), "{printed}");

    // It is graded: the reference gets all points, a wrong one not, and a description that is handed in is
    // not read.
    let submissions = kept().join("toy_lab_submissions");
    let _ = fs::remove_dir_all(&submissions);
    let source = fs::read_to_string(own().join("protocols/echo/src/lib.rs")).unwrap();
    let wrong = source.replace("Words { text: words.text }", "Words { text: words.text.to_uppercase() }");
    for (name, text) in [("right", &source), ("wrong", &wrong)] {
        let file = submissions.join(name).join("protocols/echo/src/lib.rs");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let lab = fs::read_to_string(own().join("tester/src/echo.rs")).unwrap();
    for (file, text) in [
        ("tester/src/echo.rs", lab.replace("parts: &[", "parts: &[Part::new(\"E2\", \"more\"), ")),
        ("tester/src/echo/part_e1.rs", "pub(super) fn cases() -> [Case; 0] { [] }".to_owned()),
        ("protocols/echo/wrong/mine.toml", "not even TOML [".to_owned()),
        ("protocols/echo/Cargo.toml", "not even TOML [".to_owned()),
    ] {
        let file = submissions.join("wrong").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let rubric = submissions.join("rubric.toml");
    fs::write(&rubric, "column = \"best\"\nparts = [\"E1\"]\n").unwrap();
    let [right, wrong, out] = ["right", "wrong", "out"].map(|it| submissions.join(it).display().to_string());
    let cache = kept().join("toy_lab_grading").display().to_string();
    let rubric = rubric.display().to_string();
    let mutants = submissions.join("mutants").display().to_string();
    let (_, printed) = copied.lab(&[
        "grade", &right, &wrong, "--out", &out, "--cache", &cache, "--rubric", &rubric, "--runs", "2",
        "--seed", "1",
    ]);
    let scores =
        fs::read_to_string(submissions.join("out/scores.csv")).unwrap_or_else(|_| panic!("{printed}"));
    assert!(scores.lines().any(|line| line.starts_with("right,graded,10,")), "{scores}");
    assert!(scores.lines().any(|line| line.starts_with("wrong,graded,0,")), "{scores}");

    // Its wrong solution is noticed, and its right one is not.
    for (kind, says) in
        [("wrong", "1 of 1 wrong solutions are caught"), ("right", "1 of 1 right solutions pass")]
    {
        let options = ["--runs", "2", "--folder", &mutants, "--cache", &cache];
        let (passed, printed) = copied.lab(&[&["mutants", kind, "echo"], &options[..]].concat());
        assert!(passed && printed.contains(says), "{printed}");
    }
    let page =
        ["mutants", "wrong", "echo", "--markdown", "--runs", "2", "--folder", &mutants, "--cache", &cache];
    let (passed, printed) = copied.lab(&page);
    let in_docs = fs::read_to_string(own().join("docs/wrong-echo.md")).unwrap();
    assert!(passed && printed.contains(&in_docs), "{printed}");
}

/// Builds the tester's tests once more and runs them all: minutes. `scripts/check --all` does it.
#[test]
#[ignore = "takes minutes"]
fn a_new_lab_is_known_to_oracle_check() {
    let copied = Copied::new("toy_lab_oracle");
    let arguments = ["run", "--quiet", "--package", "staff", "--bin", "oracle-check", "--", "src/echo"];
    let (done, printed) = Copied::cargo(&copied.folder, &arguments);
    assert!(done && printed.contains("expect_echo") && !printed.contains("SURVIVES"), "{printed}");
}
