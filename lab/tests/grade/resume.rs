//! What is done is not done again, and what is interrupted comes to the same.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::stage::{Stage, files, said};

/// Names, seed and runs of a submission's tests that a ledger has.
fn tests_in_ledger(stage: &Stage, out: &str, name: &str) -> usize {
    let ledger = stage.path(out).join(".grading/ledgers").join(format!("{name}.json"));
    let text = fs::read_to_string(ledger).unwrap_or_default();
    let ledger: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    ledger["tests"].as_array().map_or(0, Vec::len)
}

#[test]
fn an_interrupted_grading_comes_to_the_same() {
    let stage = Stage::new();
    stage.submit("one", &["raft"]);
    stage.submit("two", &["raft"]);
    let submissions = ["one", "two"];
    // Some runs fail, so that there is something to be told of them.
    stage.votes_twice("two");
    let rubric = stage.rubric("[\"3A\", \"3B\", \"3C\", \"3D\"]");
    let rubric = rubric.to_str().unwrap();
    let grade = |out: &str, more: &[&str]| {
        let options = ["--rubric", rubric, "--runs", "6", "--seed", "0x2a", "--out", out];
        stage.lab(&[&["grade"], &submissions[..], &options, more].concat())
    };
    let (status, printed) = said(&mut grade("whole", &[]));
    assert_eq!(status, Some(0), "{printed}");

    let mut interrupted = 0;
    for wanted in [0, 2, 9] {
        let mut grader =
            grade("pieces", &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        while grader.try_wait().unwrap().is_none() {
            let done = tests_in_ledger(&stage, "pieces", "one") + tests_in_ledger(&stage, "pieces", "two");
            if done > wanted {
                grader.kill().unwrap();
                grader.wait().unwrap();
                interrupted += 1;
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let done = tests_in_ledger(&stage, "pieces", "one") + tests_in_ledger(&stage, "pieces", "two");
        assert!(done > wanted, "what was done is lost: {done} tests");
    }
    assert_eq!(interrupted, 3, "the grading ended before it could be interrupted");
    let (status, printed) = said(&mut grade("pieces", &["--jobs", "1"]));
    assert_eq!(status, Some(0), "{printed}");
    assert_eq!(files(&stage.path("whole")), files(&stage.path("pieces")));

    // Nothing is left to do, with or without the seed.
    let ledgers = files(&stage.path("pieces/.grading/ledgers"));
    let again = ["grade", "one", "two", "--rubric", rubric, "--runs", "6", "--out", "pieces"];
    assert_eq!(said(&mut stage.lab(&again)).0, Some(0));
    assert_eq!(ledgers, files(&stage.path("pieces/.grading/ledgers")));

    for (more, says) in [
        (&["--runs", "6", "--seed", "1"][..], "another seed"),
        (&["--runs", "7"], "6 runs a test"),
        (&["--runs", "6", "--wall-limit", "59"], "runs of up to 60 s"),
    ] {
        let (status, printed) = said(&mut stage.lab(&[&["grade", "one", "--out", "pieces"], more].concat()));
        assert_eq!(status, Some(2), "{printed}");
        assert!(printed.contains(says) && printed.contains("--again"), "{printed}");
    }
    assert_eq!(files(&stage.path("whole")), files(&stage.path("pieces")), "nothing was touched");
}
