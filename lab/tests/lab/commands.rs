//! The command line with the workspace's own solutions: what it takes, refuses, prints and writes.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Runs `lab` in a folder, with these arguments, separated by spaces.
pub(crate) fn lab(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder)
        .output()
        .expect("lab runs")
}

pub(crate) fn folder() -> TempDir {
    TempDir::new().expect("a folder for the test")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs `lab` with `--json` and returns the results.
fn results(folder: &Path, arguments: &str) -> Value {
    let output = lab(folder, &format!("{arguments} --json results.json"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = std::fs::read_to_string(folder.join("results.json")).expect("results");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn bad_input_is_one_line_that_says_what_would_be_right() {
    let folder = folder();
    std::fs::write(folder.path().join("old.json"), "old results").expect("a file");
    for (arguments, says) in [
        ("", "cargo lab --help"),
        ("tset", "'test'"),
        ("test bakcup", "`backup_3b`"),
        ("test 3z", "3A, 3B, 3C, 3D"),
        ("test 3A paxos", "`paxos`"),
        ("test --runs 0", "from 1 to 4294967295"),
        ("test --runs 4294967296", "from 1 to 4294967295"),
        ("test --jobs 0", "from 1 to 4294967295"),
        ("test --seed 0xbad.seed", "decimal (31) or hexadecimal (0x1f)"),
        ("test --solution rfat", "there are: reference"),
        ("test --policy stikcy", "sticky"),
        ("test --coverage --backend threads", "leave out `--backend threads`"),
        ("replay backup_3b --seed 1 --backend threads", "never the same twice"),
        ("test --backend moon", "sim, threads"),
        ("test --backend real", "sim, threads"),
        ("test --json no/such/folder/file", "no/such/folder/file"),
        ("test --junit .", "--junit ."),
        ("test --json old.json --junit old.json", "the same file"),
        ("test --json old.json bakcup", "`backup_3b`"),
        ("test --wall-limit never", "60 or 2.5"),
        ("test --wall-limit 0", "more than 0 seconds"),
        ("test --retries 3", "a seed is replayed, not retried"),
        ("test --exact backup", "`backup_3b`"),
        ("test --skip bakcup", "`backup_3b`"),
        ("test 3A --skip 3", "no test is left"),
        ("test --color sometimes", "auto, always, never"),
        ("completions tcsh", "bash, zsh, fish"),
        ("explain deadlok", "did you mean `deadlock`?"),
        ("explain paxos", "`cargo lab explain` lists all"),
        ("replay", "no failure is recorded"),
        ("replay 3A --seed 1", "more than one test"),
        ("page", "such as `cargo lab page backup_3b --seed 0x1f`"),
        ("page bakcup --seed 1", "`backup_3b`"),
        ("page 3A --seed 1", "more than one test"),
        ("page backup_3b", "--seed"),
        ("page --from no.jsonl", "cannot read no.jsonl"),
        ("page backup_3b --seed 1 --solution rfat", "there are: reference"),
        ("page initial_election_3a --seed 1 --out /dev/null/page.html", "in a folder that can be written"),
        ("replay backup_3b", "--seed"),
        ("replay backup_3b --seed 1 --level loud", "warn"),
        ("replay backup_3b --seed 1 --kind mesage", "message"),
        ("replay backup_3b --seed 1 --step --json", "--json"),
        ("replay backup_3b --seed 1 --server 9", "give 0 to 4"),
        ("replay backup_3b --seed 1 --server 5", "give 0 to 4"),
        ("replay backup_3b --seed 1 --since 5 --until 4", "--until 5 or more, or --since 4 or less"),
        (
            "worker",
            "error: `worker` is started by `lab test` and `lab replay`, which send it the runs to carry \
             out\n",
        ),
    ] {
        let output = lab(folder.path(), arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "lab {arguments}: {error}");
        assert_eq!(error.lines().count(), 1, "lab {arguments}: {error}");
        assert!(error.starts_with("error: ") && error.contains(says), "lab {arguments}: {error}");
        assert_eq!(out(&output), "", "lab {arguments}");
    }
    let old = std::fs::read_to_string(folder.path().join("old.json")).expect("the file");
    assert_eq!(old, "old results", "a refused command wrote to the file");
}

#[test]
fn coverage_says_what_the_solution_was_put_through_and_what_not() {
    let folder = folder();
    let arguments = "test re_election_3a initial_election_3a reliable_put_2a --runs 2 --seed 1";
    let output = lab(folder.path(), &format!("{arguments} --coverage --json results.json"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = out(&output);
    let line = |name: &str| text.lines().find(|line| line.contains(&format!("  {name}: "))).unwrap_or("");
    assert!(text.contains("raft: ") && text.contains(" situations in 4 watched runs\n"), "{text}");
    assert!(text.contains("kvsrv: ") && text.contains(" situations in 2 watched runs\n"), "{text}");
    // The leader is cut off and comes back, and no test of these makes snapshots.
    assert!(line("leader_hears_of_a_newer_term").starts_with("        2  "), "{text}");
    assert!(line("snapshot_handed_to_the_service").starts_with("    never  "), "{text}");
    let written = std::fs::read_to_string(folder.path().join("results.json")).expect("results");
    let written: Value = serde_json::from_str(&written).expect("JSON");
    let of_raft = &written["coverage"].as_array().expect("a list")[1];
    assert_eq!((&of_raft["lab"], &of_raft["runs"]), (&"raft".into(), &4.into()));
    let named = |name: &str| {
        let all = of_raft["situations"].as_array().expect("a list").iter();
        all.clone().find(|it| it["name"] == name).expect("a situation")["runs"].clone()
    };
    assert_eq!(named("leader_hears_of_a_newer_term"), 2);
    assert_eq!(named("snapshot_handed_to_the_service"), 0);

    // Watching changes no run, and without the option nothing is counted.
    let bare = results(folder.path(), arguments);
    assert!(bare.get("coverage").is_none(), "{bare}");
    let fingerprints = |results: &Value| {
        let tests = results["tests"].as_array().expect("a list").iter();
        tests.map(|test| test["fingerprint"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(fingerprints(&bare), fingerprints(&written));
}

#[test]
fn a_page_is_written_of_a_run_that_passed() {
    let folder = folder();
    let page = |arguments: &str| {
        let output = lab(folder.path(), &format!("page initial_election_3a --seed 1 {arguments}"));
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let path = out(&output).trim_end().to_owned();
        (path.clone(), std::fs::read_to_string(folder.path().join(path)).expect("the page"))
    };
    let (path, html) = page("");
    assert!(path.ends_with("lab/pages/initial_election_3a-0x1.html"), "{path}");
    assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"));
    for part in ["initial_election_3a", "✓ passed", "cargo lab replay initial_election_3a --seed 0x1"] {
        assert!(html.contains(part), "{part}");
    }
    let (path, compared) = page("--against 1 --out own.html");
    assert_eq!(path, "own.html");
    assert!(compared.contains("Compared with seed 0x1, which passed: each event of this run has a like"));
    // A page that is there stays until the new one is complete, and nothing else is left.
    assert_eq!(std::fs::read_dir(folder.path().join("lab/pages")).expect("a folder").count(), 1);
}

#[test]
fn help_and_version_are_no_errors() {
    let folder = folder();
    for arguments in [
        "--help",
        "test --help",
        "replay --help",
        "explain --help",
        "page --help",
        "list --help",
        "completions --help",
        "--version",
    ] {
        let output = lab(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "lab {arguments}");
        assert!(!out(&output).is_empty() && output.stderr.is_empty(), "lab {arguments}: {output:?}");
        assert!(!out(&output).contains("worker"), "workers are nobody's business: {output:?}");
    }
}

#[test]
fn rules_and_kinds_of_failures_are_explained() {
    let folder = folder();
    let list = out(&lab(folder.path(), "explain"));
    for name in ["AE1", "deadlock", "not_implemented", "linearizability"] {
        assert!(list.lines().any(|line| line.starts_with(name)), "{name}: {list}");
        let page = lab(folder.path(), &format!("explain {}", name.to_lowercase()));
        assert_eq!(page.status.code(), Some(0), "{name}: {page:?}");
        assert!(out(&page).starts_with(&format!("{name}: ")), "{name}: {page:?}");
        assert!(out(&page).contains("\nHow to mend it\n  "), "{name}: {page:?}");
    }
}

#[test]
fn the_docs_have_every_rule() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rules.md");
    let page = std::fs::read_to_string(page).expect("the page of rules");
    let described: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    for tester::Rule { id, title, place, .. } in tester::rules() {
        let row = format!("| {id} | {title} | {place} |");
        assert!(described.contains(&row.as_str()), "docs/rules.md lacks {row}");
    }
    // Beside the heads of the tables.
    let rules = described.iter().filter(|row| !row.starts_with("| rule |") && !row.starts_with("| --- |"));
    assert_eq!(rules.count(), tester::rules().count(), "each rule has one row");
}

#[test]
fn the_list_has_every_test() {
    let folder = folder();
    let table = out(&lab(folder.path(), "list"));
    let listing: Value = serde_json::from_str(&out(&lab(folder.path(), "list --json"))).expect("JSON");
    let tests = listing["tests"].as_array().expect("a list");
    assert_eq!(tests.len(), tester::cases().len());
    for (test, case) in tests.iter().zip(tester::cases()) {
        assert_eq!(test["name"], case.name);
        assert_eq!(test["part"], case.part);
        assert_eq!(test["title"], case.title);
        assert_eq!(test["points"], case.points);
        // Of some, the title as it is printed: without what the other columns say.
        let title = match case.name {
            "initial_election_3a" => "initial election",
            "leader_failure_4a" => "Leader Failure",
            "reliable_put_2a" => "One client and reliable Put",
            "persist_concurrent_4b" => "restarts, many clients",
            _ => "",
        };
        assert!(table.lines().any(|line| line.starts_with(case.name) && line.ends_with(title)), "{table}");
    }
}

#[test]
fn the_docs_have_every_option_of_the_help() {
    let folder = folder();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/command-line.md");
    let page = std::fs::read_to_string(page).expect("the page of the docs");
    for command in ["test", "replay", "page", "list"] {
        let help = out(&lab(folder.path(), &format!("{command} --help")));
        let (options, _) = help.split_once("\nExamples:").unwrap_or((&help, ""));
        let words = options.split(|c: char| c.is_whitespace() || ".,;[]".contains(c));
        let options: Vec<&str> = words.filter(|word| word.starts_with('-') && *word != "-h").collect();
        assert!(options.contains(&"--help") && options.contains(&"--color"), "{options:?}");
        for option in options.into_iter().filter(|option| *option != "--help") {
            let named = page.match_indices(option).any(|(at, _)| {
                let end = page[at + option.len()..].chars().next();
                end.is_some_and(|c| !c.is_alphanumeric() && c != '-')
            });
            assert!(named, "docs/command-line.md does not have {option} of `lab {command}`");
        }
    }
}

/// The names of tests in a table of `lab list` or `lab test --list`.
fn listed(table: &str) -> Vec<&str> {
    table.lines().filter_map(|line| line.split_whitespace().next()).filter(|it| it.contains('_')).collect()
}

#[test]
fn a_list_of_chosen_tests_runs_none() {
    let folder = folder();
    let list = |arguments: &str| {
        let output = lab(folder.path(), &format!("test {arguments} --list"));
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(!out(&output).contains("Passed"), "{output:?}");
        out(&output)
    };
    assert_eq!(listed(&list("3A")), ["initial_election_3a", "re_election_3a", "many_elections_3a"]);
    assert_eq!(listed(&list("3A --skip re_election")), ["initial_election_3a", "many_elections_3a"]);
    assert_eq!(
        listed(&list("3A --skip re_election_3a --skip many_elections_3a --exact")),
        ["initial_election_3a"]
    );
    assert_eq!(listed(&list("TestBackup3B --exact")), ["backup_3b"]);
    assert!(list("backup_3b").contains("\n1 test, "), "the sum");
    assert_eq!(listed(&list("")), listed(&out(&lab(folder.path(), "list"))));
    assert!(!folder.path().join("lab").exists(), "something is remembered of runs");
}

#[test]
fn skipped_tests_do_not_run() {
    let folder = folder();
    let results = results(folder.path(), "test 3A --skip many_elections --seed 1");
    let names: Vec<&Value> =
        results["tests"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["initial_election_3a", "re_election_3a"]);
}

#[test]
fn colours_are_those_that_were_asked_for() {
    let folder = folder();
    for (arguments, coloured) in [
        ("test initial_election --seed 1 --color always", true),
        ("--color always replay initial_election_3a --seed 1", true),
        ("test initial_election --seed 1 --color never", false),
        ("test initial_election --seed 1 --color auto", false),
    ] {
        let output = lab(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments}: {output:?}");
        assert_eq!(out(&output).contains("\x1b[32m"), coloured, "{arguments}: {output:?}");
    }
}

#[test]
fn no_capture_points_to_replay() {
    let folder = folder();
    for option in ["--no-capture", "--nocapture"] {
        let output = lab(folder.path(), &format!("test initial_election --seed 1 {option}"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(error.starts_with("note: ") && error.contains("cargo lab replay"), "{error}");
    }
}

#[test]
fn shells_complete_commands_options_and_tests() {
    let folder = folder();
    let script = |shell: &str| {
        let output = lab(folder.path(), &format!("completions {shell}"));
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        out(&output)
    };
    for shell in ["bash", "zsh", "fish"] {
        let script = script(shell);
        for word in ["replay", "fail-fast", "scheduler", "backup_3b"] {
            assert!(script.contains(word), "{shell}: no {word} in {script}");
        }
        assert!(!script.contains("worker"), "{shell}: workers are nobody's business: {script}");
    }
    // As bash asks when the tab key is pressed.
    let complete = |line: &str| {
        let ask = "COMP_WORDS=($LINE); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
                   _lab lab \"${COMP_WORDS[-1]}\" \"${COMP_WORDS[-2]}\"; echo \"${COMPREPLY[@]}\"";
        let output = Command::new("bash")
            .args(["--norc", "-c", &format!("{}\n{ask}", script("bash"))])
            .env("LINE", line)
            .output()
            .expect("bash runs");
        out(&output).trim().to_owned()
    };
    assert_eq!(complete("lab re"), "replay");
    assert_eq!(complete("lab test back"), "backup_3b");
    assert_eq!(complete("lab test --skip back"), "backup_3b");
    assert_eq!(complete("lab test --color n"), "never");
}

#[test]
fn a_passing_test_prints_the_courses_lines() {
    let folder = folder();
    let output = lab(folder.path(), "test initial_election --seed 1");
    let text = out(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("first seed 0x1"), "{text}");
    assert!(
        text.contains("\nTest (3A): initial election (reliable network)...\n  ... Passed --  time "),
        "{text}"
    );
    let last = text.lines().last().expect("a last line");
    assert!(last.starts_with("1 test, 1 run: 1 passed, 0 failed; virtual "), "{text}");
    assert!(text.lines().all(|line| line.len() <= 100), "a line is longer than 100 columns:\n{text}");
    assert!(!text.contains('\x1b'), "colours without a terminal: {text}");
}

#[test]
fn a_fresh_seed_is_printed_and_differs() {
    let folder = folder();
    let first = || {
        let results = results(folder.path(), "test initial_election");
        results["first_seed"].as_str().expect("a text").to_owned()
    };
    let seeds: std::collections::HashSet<String> = (0..5).map(|_| first()).collect();
    assert!(seeds.len() > 1, "five times {seeds:?}");
    let seed = seeds.iter().next().expect("a seed");
    assert!(tester::seed::parse(seed).is_ok(), "{seed}");
}

#[test]
fn results_have_the_form_that_was_promised() {
    let folder = folder();
    let results = results(folder.path(), "test 3A --runs 2 --seed 0x2a --junit junit.xml");
    assert_eq!(results["schema"], 1);
    assert_eq!(results["backend"], "sim");
    assert_eq!(results["solution"], "reference");
    assert_eq!(results["first_seed"], "0x2a");
    assert!(results["build"].as_str().is_some_and(|build| build.starts_with("0x")), "{results}");
    let tests = results["tests"].as_array().expect("a list");
    assert_eq!(tests.len(), 3);
    for test in tests {
        for name in ["name", "part", "title", "fingerprint"] {
            assert!(test[name].is_string(), "{name} in {test}");
        }
        for name in ["points", "runs", "passed", "failed", "rpcs", "bytes", "commands"] {
            assert!(test[name].is_u64(), "{name} in {test}");
        }
        for name in ["virtual_seconds", "cpu_seconds"] {
            assert!(test[name].as_f64().is_some_and(|seconds| seconds > 0.0), "{name} in {test}");
        }
        assert_eq!(test["failures"], Value::Array(Vec::new()));
        assert_eq!((&test["runs"], &test["passed"], &test["failed"]), (&2.into(), &2.into(), &0.into()));
    }
    let total = &results["total"];
    assert_eq!((&total["runs"], &total["passed"], &total["failed"]), (&6.into(), &6.into(), &0.into()));
    for name in ["wall_seconds", "cpu_seconds", "virtual_seconds"] {
        assert!(total[name].as_f64().is_some_and(|seconds| seconds > 0.0), "{name} in {total}");
    }
    let junit = std::fs::read_to_string(folder.path().join("junit.xml")).expect("a file");
    assert!(
        junit.contains(r#"<testsuite name="3A" tests="3" disabled="0" errors="0" failures="0""#),
        "{junit}"
    );
}

#[test]
fn one_job_and_two_give_the_same_fingerprints() {
    let folder = folder();
    let fingerprints = |jobs: u32| -> Vec<Value> {
        let results = results(folder.path(), &format!("test --runs 1 --seed 1 --jobs {jobs}"));
        let tests = results["tests"].as_array().expect("a list").iter();
        tests.map(|test| test["fingerprint"].clone()).collect()
    };
    let alone = fingerprints(1);
    assert_eq!(alone, fingerprints(2));
    assert_eq!(alone.len(), tester::cases().len());
    assert!(alone.windows(2).all(|pair| pair[0] != pair[1]), "different tests are different runs: {alone:?}");
}

#[test]
fn rust_log_says_which_lines_a_replay_shows() {
    let folder = folder();
    let replay = |level: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        command.args(["replay", "basic_agree_3b", "--seed", "5"]).env("RUST_LOG", level);
        out(&command
            .current_dir(folder.path())
            .env("CARGO_TARGET_DIR", folder.path())
            .output()
            .expect("lab runs"))
    };
    let lines = |text: &str, level: &str| text.lines().filter(|line| line.contains(level)).count();
    let (all, some, none) = (replay(""), replay("info"), replay("off"));
    assert!(lines(&all, " DEBUG ") > 0, "{all}");
    assert_eq!((lines(&some, " DEBUG "), lines(&some, " INFO ")), (0, lines(&all, " INFO ")), "{some}");
    assert!(some.contains("(RUST_LOG=info: no other lines were kept)"), "{some}");
    assert_eq!((lines(&none, " INFO "), lines(&none, " WARN ")), (0, 0), "{none}");
    let fingerprint = |text: &str| text.split("fingerprint ").nth(1).map(|rest| rest[..8].to_owned());
    assert!(fingerprint(&all).is_some() && fingerprint(&all) == fingerprint(&none), "{none}");
}

#[test]
fn a_replay_prints_the_log_and_the_fingerprint_of_the_run() {
    let folder = folder();
    let results = results(folder.path(), "test basic_agree --seed 5");
    let output = lab(folder.path(), "replay basic_agree_3b --seed 5");
    let text = out(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let fingerprint = results["tests"][0]["fingerprint"].as_str().expect("a text");
    assert!(text.contains(&format!("fingerprint {fingerprint}")), "{text}");

    let lines = |text: &str| text.lines().filter(|line| line.contains("server 1/")).count();
    assert!(lines(&text) > 0, "no line of server 1:\n{text}");
    let filtered = out(&lab(folder.path(), "replay basic_agree_3b --seed 5 --server 0"));
    assert_eq!(lines(&filtered), 0, "{filtered}");
    assert!(filtered.contains("server 0/") && filtered.contains("lines of the log"), "{filtered}");
}
