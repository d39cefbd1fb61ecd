//! Hostile submissions have the outcome that the corpus expects, and the grader survives.

#[allow(dead_code, reason = "what others ask for")]
#[path = "../hostile/mod.rs"]
mod corpus;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use corpus::Hostile;
use serde_json::Value;
use staff::build::{Base, Built, Confined, Missing, Workspace};
use staff::submission::{Limits, read};

use crate::stage::{Stage, run, workspace};

/// A file that a submission writes if it can write outside of the sandbox.
const WRITTEN: &str = "/tmp/written-by-a-submission";

fn all(stage: &Stage) -> Vec<Hostile> {
    all_in(stage, "generated")
}

/// All submissions; generated ones are written to the folder `generated`.
fn all_in(stage: &Stage, generated: &str) -> Vec<Hostile> {
    let generated = stage.path(generated);
    fs::create_dir(&generated).unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("submissions");
    corpus::all(&corpus, &generated)
}

/// Grades part 3A, or the parts that the submissions name.
fn grade(stage: &Stage, corpus: &[Hostile], out: &str, more: &[&str]) {
    let folders: Vec<&str> = corpus.iter().map(|it| it.folder.to_str().unwrap()).collect();
    let mut parts: BTreeSet<&str> =
        corpus.iter().flat_map(|it| &it.expected.parts).map(String::as_str).collect();
    if parts.is_empty() {
        parts.insert("3A");
    }
    let rubric = stage.rubric(&format!("{parts:?}").replace('{', "[").replace('}', "]"));
    // A machine that is busy must not decide how a run ends.
    let patient = ["--runs", "1", "--seed", "1", "--wall-limit", "600"];
    let options = [&["--rubric", rubric.to_str().unwrap(), "--out", out][..], &patient].concat();
    let (status, printed) = run(&mut stage.lab(&[&["grade"], &folders[..], &options, more].concat()));
    assert_eq!(status, Some(0), "{printed}");
}

fn results(stage: &Stage, out: &str, name: &str) -> Value {
    let text = fs::read(stage.path(out).join(name).join("results.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The output for the submission as a whole.
fn output(stage: &Stage, out: &str, name: &str) -> String {
    results(stage, out, name)["output"].as_str().unwrap_or_default().to_owned()
}

/// The output of each test.
fn test_output(stage: &Stage, out: &str, name: &str) -> String {
    let results = results(stage, out, name);
    let tests = results["tests"].as_array().unwrap().iter();
    tests.map(|test| test["output"].as_str().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_submission_has_its_expected_outcome() {
    let stage = Stage::new();
    let corpus: Vec<_> = all(&stage).into_iter().filter(|it| it.expected.parts.is_empty()).collect();
    assert!(corpus.len() >= 20, "{}", corpus.len());
    grade(&stage, &corpus, "out", &[]);
    let scores = stage.scores("out");
    for Hostile { name, expected, .. } in &corpus {
        let row = &scores[name];
        let outcome = match expected.outcome.as_str() {
            "passes_rules" => "graded",
            "does_not_parse" => "does_not_build",
            "breaks_rules_when_built" => "breaks_rules",
            other => other,
        };
        assert_eq!((row[1].as_str(), row[2].as_str()), (outcome, "0"), "{name}");
    }
    fails_as_expected(&stage, "out", corpus.iter().filter(|it| it.expected.outcome == "passes_rules"));
    let late: Vec<_> =
        corpus.into_iter().filter(|it| it.expected.outcome == "breaks_rules_when_built").collect();
    assert!(late.len() >= 7, "{}", late.len());
    // The inspection is stored in the checkpoint.
    grade(&stage, &late, "out", &[]);
    assert_eq!(stage.scores("out"), scores);
    for Hostile { name, expected, .. } in &late {
        let printed = output(&stage, "out", name);
        for piece in expected.late.iter().chain(&expected.built) {
            assert!(printed.contains(piece), "{name}: {piece}: {printed}");
        }
    }
}

/// The inspection finds static memory even without the rules.
#[test]
fn the_inspection_finds_static_memory_without_the_rules() {
    let stage = Stage::new();
    let corpus: Vec<_> = all(&stage).into_iter().filter(|it| !it.expected.built.is_empty()).collect();
    assert!(corpus.len() >= 10, "{}", corpus.len());
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab/grading");
    let base = Base::prepare(workspace(), &cache, &|| ()).unwrap();
    for Hostile { name, folder, expected } in &corpus {
        let staged = read(folder, &Limits::default()).unwrap();
        let folder = stage.path("built");
        let mut workspace = Workspace::write(&base, &folder, &staged.files, Missing::Nothing).unwrap();
        let built = workspace.build(&base, Confined::Not, 2).unwrap();
        assert_eq!(built, Built::Without(BTreeMap::new()), "{name}");
        let objections = workspace.inspect().unwrap().objections().join("\n");
        for piece in &expected.built {
            assert!(objections.contains(piece), "{name}: {piece}: {objections}");
        }
    }
}

/// The sandbox and the harness are sufficient without the rules.
#[test]
fn each_is_harmless_without_the_rules() {
    let _ = fs::remove_file(WRITTEN);
    let stage = Stage::new();
    let runs = |it: &Hostile| !it.expected.kind.is_empty() && it.expected.parts.is_empty();
    let corpus: Vec<_> = all(&stage).into_iter().filter(runs).collect();
    assert!(corpus.len() >= 16, "{}", corpus.len());
    grade(&stage, &corpus, "out", &["--despite-rules"]);
    for (name, row) in stage.scores("out") {
        assert_eq!((row[1].as_str(), row[2].as_str()), ("graded", "0"), "{name}");
    }
    fails_as_expected(&stage, "out", corpus.iter());
    assert!(!Path::new(WRITTEN).exists());
}

/// In labs 2 and 4, as in part 3A above: no messages, no points.
#[test]
fn a_solution_without_messages_scores_nothing() {
    let stage = Stage::new();
    for lab in ["2", "4"] {
        let of_lab = |it: &Hostile| it.expected.parts.iter().any(|part| part.starts_with(lab));
        let corpus: Vec<_> = all_in(&stage, &format!("generated-{lab}")).into_iter().filter(of_lab).collect();
        assert!(corpus.len() >= 2, "{}", corpus.len());
        let out = format!("out-{lab}");
        grade(&stage, &corpus, &out, &[]);
        let scores = stage.scores(&out);
        for Hostile { name, .. } in &corpus {
            assert_eq!((scores[name][1].as_str(), scores[name][2].as_str()), ("graded", "0"), "{name}");
        }
        fails_as_expected(&stage, &out, corpus.iter());
    }
}

fn fails_as_expected<'a>(stage: &Stage, out: &str, some: impl Iterator<Item = &'a Hostile>) {
    for Hostile { name, expected, .. } in some.filter(|it| !it.expected.kind.is_empty()) {
        let printed = test_output(stage, out, name);
        let kind = expected.kind.replace('_', " ");
        assert!(printed.contains(&kind) && printed.contains(&expected.says), "{name}: {printed}");
    }
}
