//! The scores of submissions.

use std::fs;

use crate::stage::{ALL, Stage, run};

#[test]
fn each_submission_has_its_expected_score() {
    let stage = Stage::new();
    stage.submit("whole", &ALL);
    stage.submit("raft_alone", &["raft"]);
    stage.submit("without_raft", &["kvsrv", "kvraft"]);
    stage.submit("bully_alone", &["protocols/bully"]);
    stage.submit("broken_bully", &["raft", "protocols/bully"]);
    stage.append("broken_bully/protocols/bully/src/timer.rs", "fn broken() {");
    stage.submit("static_bully", &["protocols/bully"]);
    stage.append(
        "static_bully/protocols/bully/src/timer.rs",
        "pub static S: labrt::sync::Mutex<u8> = labrt::sync::Mutex::new(0);",
    );
    stage.submit_skeletons("skeleton", &ALL);
    stage.submit("broken_kvraft", &ALL);
    stage.append("broken_kvraft/kvraft/src/lib.rs", "fn broken() -> u8 { \"text\" }\n");
    stage.submit("broken", &["raft"]);
    stage.append("broken/raft/src/lib.rs", "fn broken() {");
    stage.submit("nameless", &["raft"]);
    stage.append("nameless/raft/src/lib.rs", "#[cfg(any())] mod gone;\n");
    fs::rename(stage.path("nameless/raft/src/lib.rs"), stage.path("nameless/raft/src/main.rs")).unwrap();
    stage.submit("messy", &["raft"]);
    for (file, text) in [
        ("old.rs", "static S: std::sync::Mutex<u8> = std::sync::Mutex::new(0); fn f() { unsafe {} }"),
        ("log_backup.rs", "use std::fs; fn half( {"),
        ("bin/try.rs", "fn main() { std::process::exit(0) }"),
        ("tests.rs", "use std::fs; thread_local! {} #[test] fn it() { fs::read(\"a\").unwrap(); }"),
    ] {
        let path = stage.path("messy/raft/src").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    stage.append("messy/raft/src/lib.rs", "#[cfg(test)] mod tests;\n");
    let names = [
        "broken",
        "broken_bully",
        "broken_kvraft",
        "bully_alone",
        "messy",
        "nameless",
        "raft_alone",
        "skeleton",
        "static_bully",
        "whole",
        "without_raft",
    ];
    let options = ["--out", "out", "--runs", "2", "--seed", "7"];
    let (status, printed) = run(&mut stage.lab(&[&["grade"], &names[..], &options].concat()));
    assert_eq!(status, Some(0), "{printed}");

    let scores = stage.scores("out");
    let outcomes: Vec<_> =
        names.iter().map(|name| (*name, scores[*name][1].as_str(), scores[*name][2].as_str())).collect();
    let expected = [
        ("broken", "does_not_build", "0"),
        ("broken_bully", "graded", "164"),
        ("broken_kvraft", "graded", "204"),
        ("bully_alone", "graded", "34"),
        // Files that the compiler does not read make no difference.
        ("messy", "graded", "164"),
        ("nameless", "does_not_build", "0"),
        ("raft_alone", "graded", "164"),
        ("skeleton", "graded", "0"),
        ("static_bully", "breaks_rules", "0"),
        ("whole", "graded", "328"),
        ("without_raft", "graded", "164"),
    ];
    assert_eq!(outcomes, expected, "{printed}");

    let report = |name: &str| fs::read_to_string(stage.path("out").join(name).join("report.html")).unwrap();
    assert!(report("broken_kvraft").contains("kvraft does not build"));
    assert!(report("broken_kvraft").contains("mismatched types"));
    assert!(report("raft_alone").contains("kvsrv was not handed in"));
    assert!(report("broken_bully").contains("bully does not build"));
    assert!(report("static_bully").contains("protocols/bully/src/timer.rs"));
    assert!(report("skeleton").contains("not implemented"));
    let note =
        "does not read raft/src/bin/try.rs, raft/src/log_backup.rs, raft/src/old.rs, raft/src/tests.rs:";
    assert!(report("messy").contains(note), "{}", report("messy"));
    assert!(report("nameless").contains("there is no raft/src/lib.rs"));
    // One column has run, on the reference's Raft.
    assert!(report("without_raft").contains("on the reference's Raft"));
}

#[test]
fn wrong_arguments_are_reported_in_one_line() {
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
        let (status, printed) = run(&mut stage.lab(args));
        assert_eq!(status, Some(2), "{args:?}: {printed}");
        assert!(printed.contains(says) && printed.lines().count() == 1, "{args:?}: {printed}");
    }
}

#[test]
fn results_are_added_to_earlier_ones() {
    let stage = Stage::new();
    // Submissions that break rules are not built: this test is about files.
    for folder in ["two", "one", "other/one"] {
        stage.submit(folder, &["raft"]);
        stage.append(&format!("{folder}/raft/src/lib.rs"), "fn main() { unsafe {} }\n");
    }
    let grade = |name: &str, out: &str| {
        run(&mut stage.lab(&["grade", name, "--out", out, "--wall-limit", "2.5", "--runs", "1"]))
    };
    for name in ["two", "one"] {
        let (status, printed) = grade(name, "out");
        assert_eq!(status, Some(0), "{printed}");
    }
    let table = fs::read_to_string(stage.path("out/scores.csv")).unwrap();
    let rows: Vec<_> = table.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(rows, ["name", "one", "two"], "{table}");
    let file = "raft/src/lib.rs";
    let kept = fs::read(stage.path("out/.grading/sources/one").join(file)).unwrap();
    assert_eq!(kept, fs::read(stage.path("one").join(file)).unwrap());

    for (name, out, says) in
        [("other/one", "out", "rename"), ("one", "one/results", "inside of the submission")]
    {
        let (status, printed) = grade(name, out);
        assert_eq!(status, Some(2), "{printed}");
        assert!(printed.contains(says) && printed.lines().count() == 1, "{printed}");
    }
    assert!(!stage.path("one/results").exists());
    assert_eq!(fs::read_to_string(stage.path("out/scores.csv")).unwrap(), table);
    let (status, printed) =
        run(&mut stage.lab(&["grade", "one", "--out", "out", "--wall-limit", "2", "--runs", "1"]));
    assert_eq!(status, Some(2), "{printed}");
    assert!(printed.contains("runs of up to 2.5 s"), "{printed}");
}
