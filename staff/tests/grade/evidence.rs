//! Reports that counted, and runs that give others when they are made again.

use std::fs;

use serde_json::{Value, json};

use crate::stage::{Stage, files, run};

const COMMAND: [&str; 10] =
    ["grade", "fine", "--out", "out", "--rubric", "rubric.toml", "--runs", "3", "--seed", "0x2a"];

#[test]
fn a_report_that_its_run_does_not_give_again_scores_nothing() {
    const SENTENCE: &str = "the evidence of run 0x2b does not fit its report";
    let stage = Stage::new();
    stage.submit("fine", &["kvsrv"]);
    stage.rubric("[\"2A\"]");
    let says_so = || {
        let texts = files(&stage.path("out")).into_values();
        texts.filter(|text| String::from_utf8_lossy(text).contains(SENTENCE)).count()
    };
    let (status, printed) = run(&mut stage.lab(&COMMAND));
    assert_eq!((status, says_so()), (Some(0), 0), "{printed}");
    let honest = stage.scores("out");

    // As if the grading had been ended between the runs of a test and its evidence, and another report of a
    // run had counted.
    let path = stage.path("out/.grading/checkpoints/fine.json");
    let mut checkpoint: Value =
        serde_json::from_str(&fs::read_to_string(&path).expect("a checkpoint")).expect("JSON");
    assert!(
        checkpoint["content"]["tests"]
            .as_array()
            .expect("tests")
            .iter()
            .all(|test| test.get("sample").is_none()),
        "the sample is secret, and not kept: {checkpoint}"
    );
    checkpoint["content"]["tests"][0]["sample"] = json!([{
        "seed": 0x2b, "fingerprint": 1, "rpcs": 10, "bytes": 100, "commands": 0, "operations": 5,
    }]);
    fs::write(&path, checkpoint.to_string()).expect("written");
    let (status, printed) = run(&mut stage.lab(&COMMAND));
    assert_eq!(status, Some(0), "{printed}");
    assert!(says_so() > 0, "no report has the sentence");
    assert_ne!(stage.scores("out"), honest, "the test scores nothing");
    let after = fs::read_to_string(&path).expect("a checkpoint");
    assert!(!after.contains("\"sample\"") && after.contains("no_evidence"), "{after}");
}
