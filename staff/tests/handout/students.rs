//! [`Students`]: a hand-out on the disk, and what can be done with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use staff::handout::{self, Options, Parts};

/// The workspace that the hand-out is made from.
pub fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace")
}

/// Writes a hand-out of these parts (all if empty) into a folder.
pub fn write(folder: &Path, parts: &str) {
    let all = || tester::labs().iter().map(|lab| lab.number).collect::<Vec<_>>().join(",");
    let parts: Parts = if parts.is_empty() { all() } else { parts.to_owned() }.parse().unwrap();
    let options = Options { parts, force: true };
    handout::write(here(), folder, &options).unwrap_or_else(|error| panic!("{error}"));
}

/// All files in a folder by their paths, but for what was built.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn collect(folder: &Path, inside: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder.join(inside)).unwrap() {
            let path = inside.join(entry.unwrap().file_name());
            let whole = folder.join(&path);
            if whole.is_dir() && path != Path::new("target") {
                collect(folder, &path, found);
            } else if whole.is_file() {
                found.insert(path, fs::read(whole).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(folder, Path::new(""), &mut found);
    found
}

/// The students' workspace. It is kept from one test run to the next, and one test has it at a time, so that
/// only what has changed is compiled again.
pub struct Students {
    folder: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

impl Students {
    /// A workspace as it is handed out, with these parts (all if empty).
    pub fn new(parts: &str) -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("handout");
        write(&folder, parts);
        Self { folder, _alone: alone }
    }

    /// Puts the reference in place of the skeleton of the crate in this folder.
    pub fn solve(&self, krate: &str) {
        let sources = Path::new(krate).join("src");
        fs::remove_dir_all(self.folder.join(&sources)).unwrap();
        fs::create_dir(self.folder.join(&sources)).unwrap();
        for (path, content) in files(&here().join(&sources)) {
            let path = self.folder.join(&sources).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }

    /// Replaces text that occurs once in a file.
    pub fn edit(&self, file: &str, before: &str, after: &str) {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(before).count(), 1, "{before} in {file}");
        fs::write(path, text.replace(before, after)).unwrap();
    }

    /// Runs cargo, without the network and with the versions that were handed out.
    pub fn cargo(&self, arguments: &[&str]) -> Output {
        let (command, rest) = arguments.split_first().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg(command);
        if *command != "fmt" {
            cargo.args(["--offline", "--locked"]);
        }
        self.run(cargo.args(rest))
    }

    /// Runs cargo, which must succeed and have nothing to remark.
    pub fn cargo_succeeds(&self, arguments: &[&str]) {
        let output = self.cargo(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo {arguments:?}: {said}");
        assert!(!said.contains("warning"), "cargo {arguments:?}: {said}");
    }

    /// The outcome of each run of these tests (all if empty) by `lab test`: the kind of its failure, or
    /// `passed`.
    pub fn outcomes(&self, filter: &[&str], runs: u64) -> BTreeMap<String, String> {
        self.cargo_succeeds(&["build", "-p", "lab"]);
        let json = self.folder.join("target/results.json");
        let _ = fs::remove_file(&json);
        let mut lab = Command::new(self.folder.join("target/debug/lab"));
        lab.args(["test", "--seed", "1", "--runs", &runs.to_string(), "--json"]).arg(&json).args(filter);
        let output = self.run(&mut lab);
        let text = fs::read_to_string(&json).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let results: serde_json::Value = serde_json::from_str(&text).unwrap();
        let tests = results["tests"].as_array().unwrap().iter();
        let kind = |test: &serde_json::Value| match test["failures"][0]["kind"].as_str() {
            Some(kind) => kind.to_owned(),
            None if test["passed"] == runs => "passed".to_owned(),
            None => "not run".to_owned(),
        };
        tests.map(|test| (test["name"].as_str().unwrap().to_owned(), kind(test))).collect()
    }

    fn run(&self, command: &mut Command) -> Output {
        command
            .current_dir(&self.folder)
            .env("CARGO_TERM_COLOR", "never")
            // It is built again and again, whatever CI says of its own builds.
            .env("CARGO_INCREMENTAL", "1")
            .env("CI", "1")
            .env("LAB_RUNS", "1");
        // Artifacts stay in the folder, regardless of the environment.
        command.env("CARGO_TARGET_DIR", self.folder.join("target")).env_remove("RUSTFLAGS");
        command.output().unwrap()
    }
}
