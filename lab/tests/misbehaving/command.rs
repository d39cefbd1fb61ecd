//! Running this program as `lab`, and reading its output.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The variable that makes workers exit before their first run.
pub const FAIL_TO_START: &str = "LAB_TEST_FAIL_TO_START";

/// A folder for one check: results, and the failures that the command saves.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().expect("a folder for the check"))
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The command line with these arguments, separated by spaces, in this folder.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .env("CARGO_TARGET_DIR", self.0.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the command to its end.
    pub fn lab(&self, arguments: &str) -> Finished {
        Finished::of(self.command(arguments).output().expect("the command runs"))
    }

    /// Runs the command with `--json`, and returns the results, too.
    pub fn results(&self, arguments: &str) -> (Finished, Value) {
        let finished = self.lab(&format!("{arguments} --json results.json"));
        let text = std::fs::read_to_string(self.file("results.json"))
            .unwrap_or_else(|cause| panic!("no results: {cause}; {finished:?}"));
        let results =
            serde_json::from_str(&text).unwrap_or_else(|cause| panic!("{cause} in {text:?}; {finished:?}"));
        (finished, results)
    }
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Finished {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Fails unless this text is in the standard output.
    #[track_caller]
    pub fn says(&self, text: &str) {
        assert!(self.out.contains(text), "the output does not say {text:?}:\n{}\n{}", self.out, self.err);
    }
}
