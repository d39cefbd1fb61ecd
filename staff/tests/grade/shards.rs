//! A grading that is divided among shards, and merged.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::stage::{Stage, files, run};

/// Submissions of several outcomes: one that passes, one that fails, one that does not build, one that breaks
/// rules, and one that is refused.
const SUBMISSIONS: [&str; 5] = ["fine", "twice", "broken", "unsafe", "none"];

/// What every grading of them is given.
const OPTIONS: [&str; 5] = ["--rubric", "rubric.toml", "--runs", "6", "--wall-limit=30"];

fn submit(stage: &Stage) {
    stage.submit("fine", &["kvsrv"]);
    stage.submit("twice", &["raft"]);
    stage.votes_twice("twice");
    stage.submit("broken", &["kvsrv"]);
    stage.append("broken/kvsrv/src/lib.rs", "\nconst WRONG: u32 = \"text\";\n");
    stage.submit("unsafe", &["kvsrv"]);
    stage.append("unsafe/kvsrv/src/lib.rs", "\nfn wrong() { unsafe {} }\n");
    fs::create_dir(stage.path("none")).expect("made");
    stage.rubric("[\"2A\", \"3A\"]");
}

fn grade(stage: &Stage, options: &[&str]) -> (Option<i32>, String) {
    run(&mut stage.lab(&[&["grade"], &SUBMISSIONS[..], &OPTIONS, options].concat()))
}

fn merge(stage: &Stage, arguments: &[&str]) -> (Option<i32>, String) {
    run(&mut stage.lab(&[&["merge"], arguments].concat()))
}

/// The folder of results with the grader's own files, and without those of shards.
fn results(stage: &Stage, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = files(&stage.path(out));
    all.retain(|path, _| !path.starts_with("shards") && path.as_os_str() != "times.json");
    let own = files(&stage.path(out).join(".grading"));
    all.extend(own.into_iter().map(|(path, text)| (PathBuf::from(".grading").join(path), text)));
    all
}

#[test]
fn merged_shards_are_what_one_grading_writes() {
    let stage = Stage::new();
    submit(&stage);
    let (status, printed) = grade(&stage, &["--seed", "0x2a", "--out", "one"]);
    assert_eq!(status, Some(0), "{printed}");
    let one = results(&stage, "one");
    let outcomes: BTreeMap<String, String> =
        stage.scores("one").into_iter().map(|(name, row)| (name, row.join(","))).collect();
    for (name, outcome) in [("broken", "does_not_build"), ("unsafe", "breaks_rules"), ("none", "refused")] {
        assert!(outcomes[name].contains(outcome), "{outcomes:?}");
    }
    for of in [1, 2, 3, 7] {
        let out = format!("of-{of}");
        for number in 1..=of {
            let shard = format!("{number}/{of}");
            let (status, printed) = grade(&stage, &["--seed", "42", "--shard", &shard, "--out", &out]);
            assert_eq!(status, Some(0), "{shard}: {printed}");
        }
        let (status, printed) = merge(&stage, &[&out]);
        assert_eq!(status, Some(0), "{printed}");
        let merged = results(&stage, &out);
        assert!(one.keys().eq(merged.keys()), "{of} shards: {:?} {:?}", one.keys(), merged.keys());
        for (path, text) in &one {
            let (text, merged) = (String::from_utf8_lossy(text), String::from_utf8_lossy(&merged[path]));
            assert_eq!(merged, text, "{of} shards: {}", path.display());
        }
        let times = fs::read_to_string(stage.path(&out).join("times.json")).expect("times");
        let times: serde_json::Value = serde_json::from_str(&times).expect("JSON");
        assert_eq!(times["submissions"].as_array().map(Vec::len), Some(SUBMISSIONS.len()), "{times}");
        // A grading without shards goes on with these results: there is nothing to do.
        let (status, printed) = grade(&stage, &["--out", &out]);
        assert_eq!(status, Some(0), "{printed}");
        assert_eq!(results(&stage, &out), one, "{of} shards");
    }
}

#[test]
fn shards_of_a_grading_are_kept_and_others_refused() {
    let stage = Stage::new();
    submit(&stage);
    let shard = |options: &[&str]| grade(&stage, &[&["--out", "out"], options].concat());
    let refused = |(status, printed): (Option<i32>, String), says: &str| {
        assert_eq!(status, Some(2), "{printed}");
        assert!(printed.starts_with("error: ") && printed.lines().count() == 1, "{printed}");
        assert!(printed.contains(says), "{printed:?} does not say {says:?}");
    };
    refused(shard(&["--shard", "2/2"]), "--shard needs --seed");
    // The last two of five submissions are not built.
    let second = ["--seed", "7", "--shard", "3/3"];
    let (status, printed) = shard(&second);
    assert_eq!(status, Some(0), "{printed}");
    let file = stage.path("out/shards/3-of-3.json");
    let kept = fs::read(&file).expect("results");
    let (status, printed) = shard(&second);
    assert_eq!(status, Some(0), "{printed}");
    assert!(printed.contains("shard 3/3 is done"), "{printed}");
    refused(shard(&["--seed", "8", "--shard", "3/3"]), "has shards of another seed, 0x7");
    refused(shard(&["--seed", "7", "--shard", "1/4"]), "has shards of another number of shards, 3");
    refused(shard(&["--seed", "7", "--shard", "1/3", "--despite-rules"]), "has shards of another command");
    refused(merge(&stage, &["out"]), "shards 1 and 2 of 3 are missing in out; run `cargo lab grade fine ");
    assert_eq!(fs::read(&file).expect("results"), kept);

    // A file that was cut short is made again, and so is one of a submission that has changed.
    fs::write(&file, &kept[..kept.len() / 2]).expect("written");
    refused(merge(&stage, &["out"]), "half-written or damaged");
    let (status, printed) = shard(&second);
    assert_eq!(status, Some(0), "{printed}");
    assert_eq!(fs::read(&file).expect("results"), kept);
    stage.append("unsafe/kvsrv/src/lib.rs", "// Changed.\n");
    let (status, printed) = shard(&second);
    assert_eq!(status, Some(0), "{printed}");
    assert!(!printed.contains("is done"), "{printed}");
    assert_ne!(fs::read(&file).expect("results"), kept);
}
