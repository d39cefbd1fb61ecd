//! `lab handout` as its users see it.

use std::process::{Command, Output};

fn hand_out(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_staff")).arg("handout").args(arguments).output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn a_folder_with_files_is_refused_without_force() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("students");
    let path = path.to_str().unwrap();
    let (status, printed) = hand_out(&[path, "--parts", "3A"]);
    assert_eq!(status, Some(0), "{printed}");
    assert!(folder.path().join("students/raft/src/lib.rs").exists());
    let (status, printed) = hand_out(&[path]);
    assert_eq!(status, Some(2), "{printed}");
    assert!(printed.contains("is not empty; `--force`") && printed.lines().count() == 1, "{printed}");
    assert_eq!(hand_out(&[path, "--force"]).0, Some(0));
}

#[test]
fn a_part_that_does_not_exist_is_named() {
    let (status, printed) = hand_out(&["/nowhere/at/all", "--parts", "3A,3J"]);
    assert_eq!(status, Some(2), "{printed}");
    assert!(printed.contains("there is no part `3J`"), "{printed}");
}
