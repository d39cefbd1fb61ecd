//! `lab mutants` as its users see it: the verdict on wrong and right solutions of a small lab.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use staff::copy_workspace;
use staff::mutants::matrix::KillMatrix;

/// The workspace.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is a folder of the workspace")
}

/// Runs `lab mutants` of this workspace, with all that it builds kept for the next time. Returns the exit
/// status, the standard output and the standard error.
fn mutants(arguments: &[&str]) -> (Option<i32>, String, String) {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_staff"));
    command.arg("mutants").args(arguments);
    // The framework is the one of the trials of all solutions.
    command.arg("--cache").arg(kept.join("lab/grading")).arg("--folder").arg(kept.join("mutants"));
    said(&mut command)
}

fn said(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("started");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn the_verdict_is_the_exit_status() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("matrix.json");
    let json_path = json.to_str().expect("text");

    // A mistake that is caught, and a right solution that passes.
    let names = ["bully", "waits_for_a_victory", "random_time_outs"];
    let options = ["--runs", "2", "--json", json_path];
    let (status, printed, errors) = mutants(&[&names[..], &options].concat());
    assert_eq!(status, Some(0), "{printed}{errors}");
    assert!(printed.contains("leader_crash_b1 2/2"), "{printed}");
    assert!(printed.contains("bully: 1 of 1 wrong solutions are caught"), "{printed}");
    assert!(printed.contains("bully: 1 of 1 right solutions pass"), "{printed}");
    let matrix: KillMatrix = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert!(matrix.escaped().is_empty() && matrix.failing().is_empty(), "{matrix:?}");
    assert_eq!(matrix.labs[0].wrong[0].first.as_ref().unwrap().test, "leader_crash_b1");

    // The same mistake, where it does no harm.
    let only = ["--tests", "first_election_b1", "--runs", "2", "--json", json_path];
    let (status, printed, errors) = mutants(&[&names[..], &only].concat());
    assert_eq!(status, Some(1), "{printed}{errors}");
    assert!(printed.contains("escaped: bully::waits_for_a_victory_for_ever"), "{printed}");
    let matrix: KillMatrix = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(matrix.escaped(), ["bully::waits_for_a_victory_for_ever"]);
    assert_eq!(matrix.labs[0].wrong[0].runs, 2);

    // All tests that catch it, and a row for the docs.
    let (status, printed, errors) = mutants(&["wrong", "waits_for_a_victory", "--markdown", "--runs", "2"]);
    assert_eq!(status, Some(0), "{printed}{errors}");
    assert!(printed.starts_with("# Wrong Bullies"), "{printed}");
    assert!(printed.contains("The tests notice 1 of 1 wrong solutions (100 %) in 2 seeds."), "{printed}");
    assert!(printed.contains("`leader_crash_b1` 2 (assertion)"), "{printed}");
}

#[test]
fn what_cannot_be_done_is_one_line() {
    for (arguments, says) in [
        (&["rfat"][..], "`rfat` is neither a lab, nor"),
        (&["--tests", "bakcup"], "`bakcup` is neither a part nor a piece of a test's name"),
        (&["bully", "--tests", "3A"], "none of these tests runs one of these solutions"),
        (&["wrong", "--markdown"], "--markdown prints the page of one lab"),
        (&["right", "bully", "--markdown"], "--markdown prints a page of wrong solutions"),
    ] {
        let (status, printed, errors) = mutants(arguments);
        assert_eq!(status, Some(2), "{printed}{errors}");
        assert!(printed.is_empty() && errors.starts_with("error: ") && errors.contains(says), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
}

/// Edits are checked before anything is built.
#[test]
fn an_edit_that_no_longer_fits_is_an_error() {
    // On the same file system, so that the program can be linked.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    copy_workspace(workspace(), folder.path()).expect("copied");
    let file = folder.path().join("protocols/bully/wrong/asks_the_lower_nodes.toml");
    let text = fs::read_to_string(&file).expect("a wrong solution");
    let (_, before) = text.split_once("before = \"").expect("an edit");
    fs::write(&file, text.replacen(before, &format!("no such text {before}"), 1)).expect("written");
    let program = folder.path().join("target/debug/staff");
    fs::create_dir_all(program.parent().expect("in a folder")).expect("a folder");
    fs::hard_link(env!("CARGO_BIN_EXE_staff"), &program).expect("linked");

    let mut command = Command::new(&program);
    command.args(["mutants", "bully"]).current_dir(folder.path());
    command.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_MANIFEST_DIR");
    let (status, printed, errors) = said(&mut command);
    assert_eq!(status, Some(2), "{printed}{errors}");
    assert!(errors.starts_with("error: bully::asks_the_lower_nodes: `no such text "), "{errors}");
    assert!(errors.contains("occurs 0 times in protocols/bully/src/"), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

#[test]
fn merged_shards_are_what_one_command_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let names = ["bully", "waits_for_a_victory", "random_time_outs", "--runs", "2"];
    let (out, json) = (path("one"), path("one.json"));
    let one = [&names[..], &["--out", &out, "--json", &json]].concat();
    let (status, printed, errors) = mutants(&one);
    assert_eq!(status, Some(0), "{printed}{errors}");
    let expected = fs::read_to_string(&json).expect("a matrix");
    for of in [1, 2, 3] {
        let out = path(&format!("of-{of}"));
        for number in 1..=of {
            let shard = format!("{number}/{of}");
            let shard = [&names[..], &["--shard", &shard, "--out", &out]].concat();
            let (status, printed, errors) = mutants(&shard);
            assert_eq!(status, Some(0), "{printed}{errors}");
            // It is not run again.
            let (status, printed, errors) = mutants(&shard);
            assert_eq!(status, Some(0), "{printed}{errors}");
            assert!(printed.contains("is done") && errors.is_empty(), "{printed}{errors}");
        }
        let merged = path("merged.json");
        let mut merge = Command::new(env!("CARGO_BIN_EXE_staff"));
        let (status, printed, errors) = said(merge.args(["merge", &out, "--json", &merged]));
        assert_eq!(status, Some(0), "{printed}{errors}");
        assert!(printed.contains("bully: 1 of 1 wrong solutions are caught"), "{printed}");
        assert_eq!(fs::read_to_string(&merged).expect("a matrix"), expected, "{of} shards");
    }
    let times = fs::read_to_string(folder.path().join("of-2/times.json")).expect("times");
    let times: serde_json::Value = serde_json::from_str(&times).expect("JSON");
    assert_eq!(times["machines"].as_array().map(Vec::len), Some(2), "{times}");
    assert!(times["labs"][0]["wrong"][0]["cpu_seconds"].as_f64() > Some(0.0), "{times}");
}
