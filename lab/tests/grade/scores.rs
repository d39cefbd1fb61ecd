//! What submissions earn.

use std::fs;

use crate::stage::{ALL, Stage, said, workspace};

#[test]
fn each_earns_what_it_can_do() {
    let stage = Stage::new();
    stage.submit("whole", &ALL);
    stage.submit("raft_alone", &["raft"]);
    stage.submit("without_raft", &["kvsrv", "kvraft"]);
    stage.submit_from(&workspace().join("handout"), "skeleton", &ALL);
    stage.submit("broken_kvraft", &ALL);
    stage.append("broken_kvraft/kvraft/src/lib.rs", "fn broken() -> u8 { \"text\" }\n");
    stage.submit("broken", &["raft"]);
    stage.append("broken/raft/src/lib.rs", "fn broken() {");
    stage.submit("nameless", &["raft"]);
    stage.append("nameless/raft/src/lib.rs", "#[cfg(any())] mod gone;\n");
    fs::rename(stage.path("nameless/raft/src/lib.rs"), stage.path("nameless/raft/src/main.rs")).unwrap();
    let names = ["broken", "broken_kvraft", "nameless", "raft_alone", "skeleton", "whole", "without_raft"];
    let options = ["--out", "out", "--runs", "2", "--seed", "7"];
    let (status, printed) = said(&mut stage.lab(&[&["grade"], &names[..], &options].concat()));
    assert_eq!(status, Some(0), "{printed}");

    let scores = stage.scores("out");
    let told: Vec<_> =
        names.iter().map(|name| (*name, scores[*name][1].as_str(), scores[*name][2].as_str())).collect();
    let expected = [
        ("broken", "does_not_build", "0"),
        ("broken_kvraft", "graded", "130"),
        ("nameless", "does_not_build", "0"),
        ("raft_alone", "graded", "100"),
        ("skeleton", "graded", "0"),
        ("whole", "graded", "230"),
        ("without_raft", "graded", "130"),
    ];
    assert_eq!(told, expected, "{printed}");

    let report = |name: &str| fs::read_to_string(stage.path("out").join(name).join("report.html")).unwrap();
    assert!(report("broken_kvraft").contains("kvraft does not build"));
    assert!(report("broken_kvraft").contains("mismatched types"));
    assert!(report("raft_alone").contains("kvsrv was not handed in"));
    assert!(report("skeleton").contains("not implemented"));
    assert!(report("nameless").contains("there is no raft/src/lib.rs"));
    // One column has run, on the reference's Raft.
    assert!(report("without_raft").contains("on the reference's Raft"));
}

#[test]
fn mistakes_of_the_grader_are_one_line() {
    let stage = Stage::new();
    stage.submit("one", &["raft"]);
    fs::write(stage.path("rubric.toml"), "pass_rate = 2\n").unwrap();
    for (args, says) in [
        (&["grade", "one"][..], "--out"),
        (&["grade", "--out", "out"], "DIR"),
        (&["grade", "none", "--out", "out"], "none"),
        (&["grade", "one", "one", "--out", "out"], "same folder"),
        (&["grade", "one", "--out", "out", "--rubric", "rubric.toml"], "rubric.toml"),
        (&["grade", "one", "--out", "out", "--runs", "0"], "from 1"),
    ] {
        let (status, printed) = said(&mut stage.lab(args));
        assert_eq!(status, Some(2), "{args:?}: {printed}");
        assert!(printed.contains(says) && printed.lines().count() == 1, "{args:?}: {printed}");
    }
}
