//! `lab on` and `lab export` as their users see them, where no engine is needed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the command line with the folder `programs` before the system's own in `PATH`.
fn lab(arguments: &[&str], programs: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_staff"));
    command.args(arguments).env("PATH", programs).env("NO_COLOR", "1");
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn an_engine_that_is_not_there_is_one_line_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("a name");
    for (engine, says) in
        [("slurm", "there is no `sbatch` here"), ("parallel", "there is no GNU parallel here")]
    {
        let arguments = ["on", engine, "--out", out, "--", "test", "3A", "--seed", "1"];
        let (status, printed, errors) = lab(&arguments, folder.path());
        assert_eq!((status, printed.as_str()), (Some(2), ""), "{errors}");
        assert!(errors.contains(says) && errors.lines().count() == 1, "{errors}");
    }
    // Another program of that name, which takes other options.
    let other = folder.path().join("parallel");
    fs::write(&other, "#!/bin/sh\necho parallel from moreutils\n").expect("written");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).expect("changed");
    let arguments = ["on", "parallel", "--out", out, "--", "test", "3A", "--seed", "1"];
    let (status, _, errors) = lab(&arguments, folder.path());
    assert!(status == Some(2) && errors.contains("there is no GNU parallel here"), "{errors}");
}

#[test]
fn a_controller_that_does_not_answer_is_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let sbatch = folder.path().join("sbatch");
    let script = "#!/bin/sh\necho 'sbatch: error: Unable to contact slurm controller' >&2\nexit 1\n";
    fs::write(&sbatch, script).expect("written");
    fs::set_permissions(&sbatch, fs::Permissions::from_mode(0o755)).expect("changed");
    let out = folder.path().join("out");
    let arguments = ["on", "slurm", "--out", out.to_str().unwrap(), "--", "test", "3A", "--seed", "1"];
    let (status, _, errors) = lab(&arguments, folder.path());
    assert_eq!(status, Some(2), "{errors}");
    let says = "error: Slurm does not take the job: Unable to contact slurm controller; nothing is lost";
    assert!(errors.starts_with(says) && errors.lines().count() == 1, "{errors}");
}

#[test]
fn a_folder_of_another_command_is_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let write = |seed: &str| {
        let command = ["--", "test", "3A", "--seed", seed];
        let arguments =
            [&["on", "slurm", "--write-only", "--shards", "2", "--out", out], &command[..]].concat();
        lab(&arguments, folder.path())
    };
    let (status, printed, errors) = write("1");
    assert_eq!(status, Some(0), "{errors}");
    assert!(printed.starts_with("job=$(sbatch --parsable ") && printed.contains("afterok:"), "{printed}");
    let (status, _, errors) = write("2");
    assert_eq!(status, Some(2), "{errors}");
    let says = "is for `test 3A --seed 1` in 2 shards; give another --out";
    assert!(errors.contains(says) && errors.lines().count() == 1, "{errors}");
}

#[test]
fn a_folder_without_a_grading_is_not_exported() {
    let folder = tempfile::tempdir().expect("a folder");
    let results = folder.path().to_str().expect("a name");
    for format in ["autolab", "classroom", "leaderboard"] {
        let (status, _, errors) = lab(&["export", format, results], folder.path());
        assert_eq!(status, Some(2), "{errors}");
        assert!(errors.contains("has no results of a grading") && errors.lines().count() == 1, "{errors}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "something was written");
}
