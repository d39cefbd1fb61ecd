//! Gradings that are ended: by the time limit of a submission, or by a signal.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::stage::{Stage, files, run};

fn results(stage: &Stage, name: &str) -> Option<Value> {
    let text = fs::read_to_string(stage.path("out").join(name).join("results.json")).ok()?;
    Some(serde_json::from_str(&text).expect("a file is there as a whole"))
}

fn passed(results: &Value) -> usize {
    results["tests"].as_array().unwrap().iter().filter(|test| test["status"] == "passed").count()
}

/// The command lines of processes that use this folder: builds, and runs of their programs.
fn processes_in(folder: &Path) -> Vec<String> {
    let path = folder.to_string_lossy().into_owned();
    let lines = fs::read_dir("/proc").unwrap().filter_map(|process| {
        let line = fs::read(process.ok()?.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(&path).then_some(line)
    });
    lines.collect()
}

/// A Raft that is correct in part 3A, and never lets a later test of part 3B end.
fn hangs_in_3b(stage: &Stage, name: &str) {
    stage.submit(name, &["raft"]);
    let file = stage.path(name).join("raft/src/peer.rs");
    let text = fs::read_to_string(&file).unwrap();
    let start = text.find("fn start(").expect("a server takes commands");
    let body = start + text[start..].find('{').expect("it has a body") + 1;
    let hangs = "\n        loop { std::hint::spin_loop(); }\n        #[allow(unreachable_code)]\n";
    fs::write(&file, format!("{}{hangs}{}", &text[..body], &text[body..])).unwrap();
}

#[test]
fn a_submission_keeps_its_points_at_the_time_limit() {
    let stage = Stage::new();
    hangs_in_3b(&stage, "one");
    let rubric = stage.rubric("[\"3A\", \"3B\"]");
    // A busy machine builds slowly; a hanging test takes 15 s, and there are ten of them.
    let (limit, printed) = ["30s", "1m", "2m"]
        .into_iter()
        .find_map(|limit| {
            let options =
                ["--rubric", rubric.to_str().unwrap(), "--runs", "40", "--seed", "1", "--jobs", "1"];
            let limited = ["grade", "one", "--out", "out", "--time-limit", limit];
            let (status, printed) = run(&mut stage.lab(&[&limited, &options[..]].concat()));
            assert_eq!(status, Some(0), "{printed}");
            (!stage.scores("out")["one"].contains(&"stopped".to_owned())).then_some((limit, printed))
        })
        .expect("a build takes less than two minutes");
    assert!(printed.contains(&format!("the time of {limit} for a submission was up")), "{printed}");
    assert!(printed.contains("1 not graded to the end; the same command continues"), "{printed}");
    let row = &stage.scores("out")["one"];
    assert_eq!(row[1], "unfinished", "{row:?}");
    let score: f64 = row[2].parse().unwrap();
    let results = results(&stage, "one").unwrap();
    assert!(score > 0.0 && results["score"] == score, "part 3A counts: {results}");
    let output = results["output"].as_str().unwrap();
    assert!(
        output.contains(&format!("those that have not count as failed: the time of {limit}")),
        "{output}"
    );
    let page = fs::read_to_string(stage.path("out/one/report.html")).unwrap();
    assert!(page.contains(&format!("the time of {limit} for a submission was up")));
    let done = fs::read_to_string(stage.path("out/.grading/checkpoints/one.json")).unwrap();
    assert!(!done.contains("the grading had ended"), "what was cut off is run again: {done}");
}

#[test]
fn a_signal_stops_all_processes_and_the_same_command_continues() {
    let stage = Stage::new();
    for name in ["张三", "李四"] {
        stage.submit(name, &["raft"]);
    }
    let rubric = stage.rubric("[\"3A\", \"3B\"]");
    let options = ["--rubric", rubric.to_str().unwrap(), "--runs", "30", "--seed", "1"];
    let grade = |out: &str| stage.lab(&[&["grade", "张三", "李四", "--out", out], &options[..]].concat());
    let out = fs::canonicalize(stage.path("")).unwrap().join("out");
    for (signal, number, building) in [("TERM", 15, true), ("INT", 2, false)] {
        let mut command = grade("out");
        let mut grader = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        loop {
            let ready = match building {
                // The compiler is running.
                true => processes_in(&out).iter().any(|line| line.contains("rustc")),
                // The first results are written.
                false => results(&stage, "张三").is_some_and(|it| passed(&it) > 0),
            };
            if ready {
                break;
            }
            assert!(grader.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(Duration::from_millis(5));
        }
        let sent = Command::new("kill").args(["-s", signal, &grader.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let output = grader.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(number), "{output:?}");
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(printed.contains("stopping; the same command continues where it stopped"), "{printed}");
        assert_eq!(processes_in(&out), Vec::<String>::new(), "they outlive the grader");
    }
    let so_far = results(&stage, "张三").unwrap();
    let output = so_far["output"].as_str().unwrap();
    assert!(output.contains("Not all tests have run") && passed(&so_far) > 0, "{output}");
    assert_eq!(stage.scores("out")["张三"][1], "unfinished");

    assert_eq!(run(&mut grade("out")).0, Some(0));
    assert_eq!(run(&mut grade("whole")).0, Some(0));
    assert_eq!(files(&stage.path("out")), files(&stage.path("whole")));
    let scores = stage.scores("out");
    for name in ["张三", "李四"] {
        let row = &scores[name];
        assert_eq!((row[1].as_str(), &row[2]), ("graded", &row[3]));
        assert!(row.last().unwrap().ends_with(&format!("/{name}")), "the folder is there: {row:?}");
    }
}
