//! `lab handout` as its users see it.

use std::process::{Command, Output};

fn hand_out(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_staff")).arg("handout").args(arguments).output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn a_folder_is_written_once_unless_it_is_said_twice() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("students");
    let place = place.to_str().unwrap();
    let (status, said) = hand_out(&[place, "--parts", "3A"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(folder.path().join("students/raft/src/lib.rs").exists());
    let (status, said) = hand_out(&[place]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("is not empty; `--force`") && said.lines().count() == 1, "{said}");
    assert_eq!(hand_out(&[place, "--force"]).0, Some(0));
}

#[test]
fn a_part_that_does_not_exist_is_named() {
    let (status, said) = hand_out(&["/nowhere/at/all", "--parts", "3A,3E"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("there is no part `3E`"), "{said}");
}
