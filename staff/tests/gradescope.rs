//! The autograder for Gradescope grades, in a root of its own, and fetches nothing.
//!
//! `scripts/check --all` runs this by name: the framework is built in that root.

#![cfg(target_os = "linux")]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace")
}

fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("started");
    let printed = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success(), "{command:?}: {status}\n{printed}");
    printed
}

fn export(out: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_staff"));
    command
        .args(["export", "gradescope", "--parts", "2A,3A", "--runs", "2", "--seed", "1", "--out"])
        .arg(out);
    let printed = run(&mut command);
    assert!(printed.contains("seed 0x1, for linux on ") && printed.lines().count() == 1, "{printed}");
}

/// Unpacks a zip as Gradescope does.
fn unpack(zip: &Path, to: &Path) {
    let mut zip = zip::ZipArchive::new(File::open(zip).expect("a file")).expect("a zip");
    zip.extract(to).expect("unpacked");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let from = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() { copy_folder(&from, &to) } else { fs::copy(&from, &to).map(drop).expect("copied") }
    }
}

struct Root(tempfile::TempDir);

impl Root {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Starts a script with nothing of cargo's in its environment but the toolchain. Its folder of cargo is
    /// that of the zip, so what the zip lacks would have to be fetched, and cargo is told not to.
    fn script(&self, script: &Path) -> String {
        let mut command = Command::new("bash");
        command.arg(script).env("AUTOGRADER_ROOT", self.0.path()).current_dir(self.0.path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("CARGO") && name != "CARGO_HOME" {
                command.env_remove(name);
            }
        }
        run(&mut command)
    }

    fn results(&self) -> Value {
        let text = fs::read(self.path("results/results.json")).expect("results");
        serde_json::from_slice(&text).expect("JSON")
    }
}

#[test]
#[ignore = "builds the framework, which takes some minutes"]
fn the_autograder_grades_what_is_handed_in_and_fetches_nothing() {
    let root = Root(tempfile::tempdir().expect("a folder"));
    // In the sandbox, builds and runs have another user.
    fs::set_permissions(root.0.path(), Permissions::from_mode(0o755)).expect("changed");
    let zip = root.path("autograder.zip");
    export(&zip);
    export(&root.path("again.zip"));
    assert!(fs::read(&zip).unwrap() == fs::read(root.path("again.zip")).unwrap(), "the bytes differ");

    unpack(&zip, &root.path("source"));
    let printed = root.script(&root.path("source/setup.sh"));
    let scores = printed.lines().find(|line| line.starts_with("labs,graded,")).expect("the reference's row");
    let scores: Vec<&str> = scores.split(',').collect();
    assert!(scores[2] == scores[3] && scores[2] != "0", "{printed}");

    for name in ["kvsrv/src", "raft/src"] {
        copy_folder(&workspace().join(name), &root.path("submission/my-labs").join(name));
    }
    let script = root.path("source/run_autograder");
    let printed = root.script(&script);
    let results = root.results();
    let tests = results["tests"].as_array().expect("tests");
    assert!(tests.len() > 5, "{results:#}\n{printed}");
    for test in tests {
        assert_eq!((&test["status"], &test["score"]), (&"passed".into(), &test["max_score"]), "{printed}");
    }
    assert_eq!(results["score"].to_string(), format!("{:.1}", scores[2].parse::<f64>().expect("a number")));

    // A limit that is up at once.
    let text = fs::read_to_string(&script).expect("a script");
    assert_eq!(text.matches("--time-limit 555000ms").count(), 1, "{text}");
    fs::write(&script, text.replace("--time-limit 555000ms", "--time-limit 1ms")).expect("written");
    root.script(&script);
    let results = root.results();
    assert_eq!(results["score"], 0.0, "{results:#}");
    assert!(results["output"].as_str().is_some_and(|output| output.contains("stopped")), "{results:#}");
}
