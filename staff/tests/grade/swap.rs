//! `lab test --submission` and `lab replay --submission`.

use std::fs;

use crate::stage::{ALL, Stage, run};

/// The arguments of the replay command in the output.
fn replay_command(printed: &str) -> Vec<String> {
    let line = printed.lines().find_map(|line| line.trim().strip_prefix("replay: cargo lab "));
    shlex::split(line.unwrap_or_else(|| panic!("no replay: {printed}"))).expect("what a shell takes")
}

#[test]
fn a_failure_of_a_submission_is_replayed() {
    let stage = Stage::new();
    // Not every folder is one word to a shell.
    let twice = "it's twice; $(rm -r x)";
    stage.submit(twice, &["raft"]);
    stage.votes_twice(twice);
    let test = ["test", "many_elections_3a", "--submission", twice, "--runs", "5", "--seed", "1"];
    let (status, printed) = run(&mut stage.lab(&test));
    assert_eq!(status, Some(1), "{printed}");
    let replay = replay_command(&printed);
    assert_eq!(&replay[4..], ["--submission", twice], "{printed}");
    let fingerprint = |text: &str| {
        let at = text.rfind("fingerprint ").unwrap_or_else(|| panic!("no fingerprint: {text}"));
        text[at..].split_whitespace().nth(1).unwrap().to_owned()
    };
    let replay: Vec<&str> = replay.iter().map(String::as_str).collect();
    let (status, first) = run(&mut stage.lab(&replay));
    assert_eq!(status, Some(1), "{first}");
    assert!(first.contains("expected at most one leader in"), "{first}");
    let (_, second) = run(&mut stage.lab(&replay));
    assert_eq!(fingerprint(&first), fingerprint(&second));

    // The same Raft does not matter where the reference's is taken.
    let on_reference = ["--submission", twice, "--raft", "reference", "--runs", "2", "--seed", "1"];
    let (status, printed) =
        run(&mut stage.lab(&[&["test", "many_elections_3a"][..], &on_reference].concat()));
    assert_eq!(status, Some(0), "{printed}");
}

#[test]
fn a_submission_replaces_the_compiled_in_solution() {
    let stage = Stage::new();
    stage.submit("whole", &ALL);
    let file = stage.path("fingerprints.json");
    let fingerprints = |which: &[&str]| {
        let test = ["test", "3A", "2B", "4A", "--seed", "5", "--json", file.to_str().unwrap()];
        let (status, printed) = run(&mut stage.lab(&[&test, which].concat()));
        assert_eq!(status, Some(0), "{printed}");
        let results: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let tests = results["tests"].as_array().unwrap().iter();
        tests.map(|test| test["fingerprint"].to_string()).collect::<Vec<_>>()
    };
    // The same source and the same seed are the same run, in another crate and another build.
    assert_eq!(fingerprints(&[]), fingerprints(&["--submission", "whole"]));
}

#[test]
fn build_errors_are_those_of_the_compiler() {
    let stage = Stage::new();
    stage.submit("broken", &["kvsrv"]);
    stage.append("broken/kvsrv/src/lib.rs", "fn broken() -> u8 { \"text\" }\n");
    let (status, printed) = run(&mut stage.lab(&["test", "2A", "--submission", "broken"]));
    assert_eq!(status, Some(3), "{printed}");
    assert!(printed.contains("mismatched types") && printed.contains("kvsrv/src/lib.rs:"), "{printed}");
    assert!(printed.ends_with("error: broken does not build\n"), "{printed}");
    let (status, printed) = run(&mut stage.lab(&["replay", "--submission", "broken"]));
    assert_eq!(status, Some(2), "{printed}");
}
