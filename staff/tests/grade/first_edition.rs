//! Submissions of version 0.1 still build, pass, and get the same score.

use std::path::Path;

use crate::stage::{Stage, run};

/// The submissions, and the points that each got.
const SCORES: [(&str, &str); 5] = [
    ("pre_vote", "100"),
    ("reference", "230"),
    ("release_puts_once", "30"),
    ("votes_come_as_calls", "100"),
    ("waits_on_a_condition_variable", "100"),
];

#[test]
fn submissions_of_the_first_edition_get_the_same_score() {
    let stage = Stage::new();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("first_edition");
    let folders: Vec<String> =
        SCORES.iter().map(|(name, _)| kept.join(name).to_string_lossy().into_owned()).collect();
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let rubric = stage.rubric("[\"2A\", \"2B\", \"3A\", \"3B\", \"3C\", \"3D\", \"4A\", \"4B\", \"4C\"]");
    let options = ["--rubric", rubric.to_str().unwrap(), "--runs", "2", "--seed", "1", "--out", "out"];
    let (status, printed) = run(&mut stage.lab(&[&["grade"], &folders[..], &options].concat()));
    assert_eq!(status, Some(0), "{printed}");
    let scores = stage.scores("out");
    for (name, points) in SCORES {
        let row = &scores[name];
        assert_eq!((row[1].as_str(), row[2].as_str()), ("graded", points), "{name}: {row:?}");
    }
}
