//! Completed runs are not repeated, and an interrupted grading gives the same results.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::stage::{Stage, files, run};

/// The number of tests in a submission's checkpoint.
fn tests_in_checkpoint(stage: &Stage, out: &str, name: &str) -> usize {
    let checkpoint = stage.path(out).join(".grading/checkpoints").join(format!("{name}.json"));
    let text = fs::read_to_string(checkpoint).unwrap_or_default();
    let checkpoint: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    checkpoint["content"]["tests"].as_array().map_or(0, Vec::len)
}

#[test]
fn an_interrupted_grading_gives_the_same_results() {
    let stage = Stage::new();
    stage.submit("one", &["raft"]);
    stage.submit("two", &["raft"]);
    let submissions = ["one", "two"];
    // Some runs fail, so that there are failures to report.
    stage.votes_twice("two");
    let rubric = stage.rubric("[\"3A\", \"3B\", \"3C\", \"3D\"]");
    let rubric = rubric.to_str().unwrap();
    let grade = |out: &str, more: &[&str]| {
        let rubric: &[&str] = if more.contains(&"--rubric") { &[] } else { &["--rubric", rubric] };
        let options = ["--runs", "6", "--seed", "0x2a", "--out", out];
        stage.lab(&[&["grade"], &submissions[..], &options, rubric, more].concat())
    };
    let (status, printed) = run(&mut grade("whole", &[]));
    assert_eq!(status, Some(0), "{printed}");

    // Reports have the rule that explains a failure as far as the rubric reveals it. Nothing is run again.
    let checkpoints = files(&stage.path("whole/.grading/checkpoints"));
    let scores = stage.scores("whole");
    for (reveal, has_rule, has_events) in
        [("message", false, false), ("rule", true, false), ("events", true, true)]
    {
        let rubric = fs::read_to_string(rubric).unwrap();
        fs::write(stage.path("reveal.toml"), format!("reveal = \"{reveal}\"\n{rubric}")).unwrap();
        let (status, printed) = run(&mut grade("whole", &["--rubric", "reveal.toml"]));
        assert_eq!(status, Some(0), "{printed}");
        for file in ["report.html", "results.json", "junit.xml"] {
            let report = fs::read_to_string(stage.path("whole/two").join(file)).unwrap();
            assert_eq!(report.contains("broken rule ["), has_rule, "{reveal}: {report}");
            assert_eq!(report.contains("answers request_vote"), has_events, "{reveal}: {report}");
        }
        assert_eq!(stage.scores("whole"), scores, "{reveal}");
        assert_eq!(files(&stage.path("whole/.grading/checkpoints")), checkpoints, "{reveal}");
    }

    let mut interrupted = 0;
    for wanted in [0, 2, 9] {
        let mut grader =
            grade("pieces", &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        while grader.try_wait().unwrap().is_none() {
            let done =
                tests_in_checkpoint(&stage, "pieces", "one") + tests_in_checkpoint(&stage, "pieces", "two");
            if done > wanted {
                grader.kill().unwrap();
                grader.wait().unwrap();
                interrupted += 1;
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let done =
            tests_in_checkpoint(&stage, "pieces", "one") + tests_in_checkpoint(&stage, "pieces", "two");
        assert!(done > wanted, "what was done is lost: {done} tests");
    }
    assert_eq!(interrupted, 3, "the grading ended before it could be interrupted");
    let (status, printed) = run(&mut grade("pieces", &["--jobs", "1"]));
    assert_eq!(status, Some(0), "{printed}");
    assert_eq!(files(&stage.path("whole")), files(&stage.path("pieces")));

    // Nothing is left to do, with or without the seed.
    let checkpoints = files(&stage.path("pieces/.grading/checkpoints"));
    let again = ["grade", "one", "two", "--rubric", rubric, "--runs", "6", "--out", "pieces"];
    assert_eq!(run(&mut stage.lab(&again)).0, Some(0));
    assert_eq!(checkpoints, files(&stage.path("pieces/.grading/checkpoints")));

    // Settings of another version must not make the grader drop results.
    let settings = stage.path("pieces/.grading/settings.json");
    let ours = fs::read_to_string(&settings).unwrap();
    for (theirs, says) in [
        (Some(ours.replacen("\"schema\": 2", "\"schema\": 3", 1)), "another version of the grader"),
        (Some(String::new()), "another version of the grader"),
        (None, "is missing"),
    ] {
        match theirs {
            Some(theirs) => fs::write(&settings, theirs).unwrap(),
            None => fs::remove_file(&settings).unwrap(),
        }
        let (status, printed) = run(&mut stage.lab(&["grade", "one", "--out", "pieces", "--runs", "6"]));
        assert_eq!(status, Some(2), "{printed}");
        assert!(printed.contains(says) && printed.contains("settings.json"), "{printed}");
        assert!(printed.contains("--again") && printed.lines().count() == 1, "{printed}");
        assert_eq!(checkpoints, files(&stage.path("pieces/.grading/checkpoints")), "checkpoints are lost");
    }
    fs::write(&settings, ours).unwrap();
    let checkpoint = stage.path("pieces/.grading/checkpoints/two.json");
    let ours = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, ours.replacen("\"content\": {", "\"content\": { \"more\": 1,", 1)).unwrap();
    let (_, printed) = run(&mut stage.lab(&again));
    assert!(printed.contains("two.json was written by another version of the grader"), "{printed}");
    fs::write(&checkpoint, ours).unwrap();
    assert_eq!(run(&mut stage.lab(&again)).0, Some(0));

    for (more, says) in [
        (&["--runs", "6", "--seed", "1"][..], "another seed"),
        (&["--runs", "7"], "6 runs a test"),
        (&["--runs", "6", "--wall-limit", "59"], "runs of up to 60 s"),
    ] {
        let (status, printed) = run(&mut stage.lab(&[&["grade", "one", "--out", "pieces"], more].concat()));
        assert_eq!(status, Some(2), "{printed}");
        assert!(printed.contains(says) && printed.contains("--again"), "{printed}");
    }
    assert_eq!(files(&stage.path("whole")), files(&stage.path("pieces")), "nothing was touched");
}

/// The cause may have been a full disk or a busy machine.
#[test]
fn a_build_that_was_stopped_is_tried_again() {
    let stage = Stage::new();
    stage.submit("one", &["raft", "kvraft"]);
    // Each crate builds, but they cannot be linked into one program: an error of neither.
    for name in ["raft", "kvraft"] {
        let allocator = "\n#[global_allocator]\nstatic MEMORY: std::alloc::System = std::alloc::System;\n";
        stage.append(&format!("one/{name}/src/lib.rs"), allocator);
    }
    let rubric = stage.rubric("[\"3A\"]");
    let grade = || {
        let options =
            ["--rubric", rubric.to_str().unwrap(), "--runs", "1", "--out", "out", "--despite-rules"];
        run(&mut stage.lab(&[&["grade", "one"][..], &options].concat()))
    };
    for _ in 0..2 {
        let (status, printed) = grade();
        assert_eq!(status, Some(0), "{printed}");
        assert_eq!(stage.scores("out")["one"][1], "stopped", "{printed}");
        assert!(printed.contains("the build of 1 was stopped; the same command tries it again"), "{printed}");
        assert!(!stage.path("out/.grading/checkpoints/one.json").exists(), "it is held to be known");
    }
}

/// Memory left by earlier runs of a process, and so the number of jobs, must not influence a run.
#[test]
fn the_number_of_runs_of_a_process_is_limited() {
    let stage = Stage::new();
    stage.submit("one", &["raft"]);
    let file = stage.path("one/raft/src/peer.rs");
    let text = fs::read_to_string(&file).unwrap();
    let (before, body) = (") -> Arc<dyn labapi::Raft> {\n", "    let raft = Arc::new_cyclic");
    assert!(text.contains(&format!("{before}{body}")));
    // A process makes two hundred runs, of seven servers at most; without that limit it would make six
    // hundred.
    let count = "    static STARTED: std::sync::atomic::AtomicUsize = \
        std::sync::atomic::AtomicUsize::new(0);\n    \
        let before = STARTED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);\n    \
        assert!(before < 1400, \"too much ran here before\");\n";
    fs::write(&file, text.replace(&format!("{before}{body}"), &format!("{before}{count}{body}"))).unwrap();
    let rubric = stage.rubric("[\"3A\"]");
    let options = ["--rubric", rubric.to_str().unwrap(), "--runs", "200", "--seed", "1", "--jobs", "1"];
    let all = [&["grade", "one", "--out", "out", "--despite-rules"][..], &options].concat();
    let (status, printed) = run(&mut stage.lab(&all));
    assert_eq!(status, Some(0), "{printed}");
    let row = &stage.scores("out")["one"];
    assert_eq!((row[1].as_str(), &row[2]), ("graded", &row[3]), "{printed}");
}
