//! The fixture of the tests: a folder, submissions in it, and the command.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with submissions and results.
pub struct Stage {
    folder: TempDir,
}

/// The crates of a submission.
pub const ALL: [&str; 3] = ["kvsrv", "raft", "kvraft"];

pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace")
}

impl Stage {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A submission with these crates of the reference.
    pub fn submit(&self, name: &str, crates: &[&str]) {
        self.submit_from(workspace(), name, crates);
    }

    /// A submission with the skeletons of these crates.
    pub fn submit_skeletons(&self, name: &str, crates: &[&str]) {
        self.submit_sources(name, crates, |krate| workspace().join(krate).join("skeleton/src"));
    }

    /// A submission with these crates of a folder.
    pub fn submit_from(&self, from: &Path, name: &str, crates: &[&str]) {
        self.submit_sources(name, crates, |krate| from.join(krate).join("src"));
    }

    fn submit_sources(&self, name: &str, crates: &[&str], from: impl Fn(&str) -> PathBuf) {
        for krate in crates {
            let (from, to) = (from(krate), self.path(name).join(krate).join("src"));
            fs::create_dir_all(&to).expect("made");
            for entry in fs::read_dir(&from).expect("a folder") {
                let file = entry.expect("an entry").path();
                fs::copy(&file, to.join(file.file_name().expect("a name"))).expect("copied");
            }
        }
    }

    /// Appends text to a file of a submission.
    pub fn append(&self, file: &str, text: &str) {
        let path = self.path(file);
        let whole = fs::read_to_string(&path).expect("a file") + text;
        fs::write(path, whole).expect("written");
    }

    /// Breaks a Raft: its servers grant every vote.
    pub fn votes_twice(&self, name: &str) {
        for (file, before, after) in [
            ("election.rs", "state.voted_for.is_none_or(|peer| peer == args.candidate_id)", "true"),
            // The tests must notice, not the reference's own checks.
            ("state.rs", "if !cfg!(debug_assertions) {", "if true {"),
        ] {
            let path = self.path(name).join("raft/src").join(file);
            let text = fs::read_to_string(&path).expect("a file");
            assert_eq!(text.matches(before).count(), 1, "{file}");
            fs::write(path, text.replace(before, after)).expect("written");
        }
    }

    /// A rubric that grades these parts.
    pub fn rubric(&self, parts: &str) -> PathBuf {
        let file = self.path("rubric.toml");
        fs::write(&file, format!("column = \"best\"\nparts = {parts}\n")).expect("written");
        file
    }

    /// The command in this folder. All tests build on the same framework.
    pub fn lab(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_staff"));
        command.args(args).current_dir(self.folder.path()).env("NO_COLOR", "1");
        command.env("CARGO_TARGET_DIR", env!("CARGO_TARGET_TMPDIR"));
        command
    }

    pub fn scores(&self, out: &str) -> BTreeMap<String, Vec<String>> {
        let text = fs::read_to_string(self.path(out).join("scores.csv")).expect("scores");
        let rows = text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        rows.map(|row| (row[0].clone(), row)).collect()
    }
}

/// Runs a command; returns its status and output.
pub fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().expect("started");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

/// All files of a folder of results, without the grader's own.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.extend((!path.ends_with(".grading")).then_some(path));
            } else {
                let name = path.strip_prefix(folder).expect("it was found there").to_owned();
                files.insert(name, fs::read(&path).expect("read"));
            }
        }
    }
    files
}
