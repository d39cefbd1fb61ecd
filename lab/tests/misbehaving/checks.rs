//! The checks: the command line with misbehaving solutions.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tester::nemesis::FaultPlan;

use crate::command::{FAIL_TO_START, Folder};
use crate::shards::*;
use crate::solutions::{ALIVE, HOSTILE, VICTIM, misbehaves};

/// A check under its name.
type Check = (&'static str, fn());

macro_rules! checks {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), $name)),*] };
}

/// All checks.
pub const ALL: &[Check] = checks![
    one_job_and_many_give_the_same_results,
    an_aborted_run_is_reported_and_its_worker_replaced,
    the_exit_of_a_process_decides_the_kind_of_failure,
    a_run_that_never_returns_is_stopped,
    a_run_over_its_cpu_limit_is_stopped,
    a_spinning_run_is_blocked_and_not_timed_out,
    endless_calls_are_reported,
    too_many_threads_are_reported,
    a_replay_shows_the_log_while_the_run_goes_on,
    a_warning_is_shown_once_per_command,
    a_blocked_run_is_not_called_nondeterministic,
    failures_inside_a_simulation_have_their_kinds_and_places,
    a_stack_overflow_while_printing_is_reported,
    the_output_of_lab_code_changes_nothing,
    the_standard_input_of_lab_code_is_empty,
    failures_are_grouped_and_the_smallest_seed_is_reported,
    a_failed_run_is_explained_by_the_rule_that_it_broke,
    a_repetition_that_dies_changes_no_verdict,
    a_test_is_not_run_again_after_equal_failures,
    a_rule_that_is_broken_in_a_run_that_passes_is_a_finding,
    a_broken_rule_fails_a_strict_run,
    the_last_failure_is_saved_and_replayed,
    replaying_an_aborting_run_is_a_failure,
    a_failure_has_a_page,
    a_failure_is_shown_with_the_smallest_fault_plan_that_fails_so,
    a_failure_that_is_not_shrunk_has_the_plan_of_its_seed,
    a_process_that_dies_while_shrinking_changes_no_verdict,
    a_given_fault_plan_is_played_as_it_is,
    a_fault_plan_that_cannot_be_played_is_refused,
    a_run_without_events_has_no_page,
    fail_fast_stops_at_the_same_failure_with_any_number_of_jobs,
    until_failure_repeats_all_tests_with_the_next_seed,
    the_time_of_for_ends_between_two_runs,
    every_failure_is_saved_and_replayed,
    nondeterminism_is_reported,
    not_implemented_is_an_outcome_of_its_own,
    workers_that_cannot_start_are_reported_in_one_line,
    workers_do_not_outlive_the_command,
    control_characters_do_not_reach_the_terminal,
    a_long_panic_message_is_cut_and_not_lost,
    a_killed_command_leaves_its_results_so_far,
    an_interrupted_command_prints_its_results_so_far,
    merged_shards_are_what_one_process_writes,
    a_test_that_looks_hopeless_to_a_shard_goes_on,
    a_shard_is_a_function_of_its_command,
    a_shard_that_is_done_is_kept,
    shards_that_are_missing_are_named,
    results_of_other_work_are_refused,
    damaged_results_are_refused_and_replaced,
    an_interrupted_shard_has_no_results,
    a_machine_that_fails_is_no_result,
];

/// The seeds of the failed runs of the test [`VICTIM`].
fn failed_seeds(results: &Value) -> Vec<String> {
    let failures = of_test(results, VICTIM)["failures"].as_array().expect("a list").iter();
    failures.map(|failure| failure["seed"].as_str().expect("a text").to_owned()).collect()
}

fn of_test<'a>(results: &'a Value, name: &str) -> &'a Value {
    let tests = results["tests"].as_array().expect("a list of tests");
    tests.iter().find(|test| test["name"] == name).expect("the test is in the results")
}

/// The results without the fields that differ from one command to the next.
fn comparable(mut results: Value) -> Value {
    results["jobs"].take();
    results["total"]["wall_seconds"].take();
    results
}

fn one_job_and_many_give_the_same_results() {
    let folder = Folder::new();
    for solution in ["reference", "fails", "aborts"] {
        let mut all = Vec::new();
        for jobs in [1, 2, 5] {
            let (_, results) =
                folder.results(&format!("test --runs 20 --seed 0x10 --jobs {jobs} --solution {solution}"));
            assert_eq!(results["jobs"], jobs);
            all.push(comparable(results));
        }
        assert_eq!(all[0], all[1], "{solution}, 1 and 2 jobs");
        assert_eq!(all[0], all[2], "{solution}, 1 and 5 jobs");
    }
}

fn an_aborted_run_is_reported_and_its_worker_replaced() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test --runs 30 --seed 0 --jobs 2 --solution aborts");
    assert_eq!(finished.status, Some(1));
    assert_eq!(failed_seeds(&results), ["0x7", "0x11", "0x1b"]);
    for failure in of_test(&results, VICTIM)["failures"].as_array().expect("a list") {
        assert_eq!(failure["kind"], "abort");
        assert!(failure["message"].as_str().expect("a text").contains("signal 6"), "{failure}");
    }
    finished.says("printed before the abort");
    finished.says("cargo lab replay backup_3b --seed 0x7 --solution aborts");

    // No other run is lost or repeated: the other tests have the results of a solution that behaves.
    let (_, good) = folder.results("test --runs 30 --seed 0 --jobs 2 --solution reference");
    for (test, good) in
        results["tests"].as_array().expect("a list").iter().zip(good["tests"].as_array().expect("a list"))
    {
        assert_eq!(test["runs"], 30);
        if test["name"] != VICTIM {
            assert_eq!(test, good);
        }
    }
}

fn the_exit_of_a_process_decides_the_kind_of_failure() {
    let folder = Folder::new();
    for (solution, kind, says) in [
        ("exits", "abort", "status 0"),
        ("overflows", "overflow", "stack"),
        ("allocates", "memory", "memory"),
    ] {
        let (finished, results) = folder.results(&format!("test backup --seed 7 --solution {solution}"));
        assert_eq!(finished.status, Some(1));
        let failure = &of_test(&results, VICTIM)["failures"][0];
        assert_eq!(failure["kind"], kind, "{solution}: {failure}");
        assert!(failure["message"].as_str().expect("a text").contains(says), "{solution}: {failure}");
        assert_eq!(failure["fingerprint"], "0x0000000000000000", "a process that died reports none");
    }
}

fn a_run_that_never_returns_is_stopped() {
    let folder = Folder::new();
    let (finished, results) =
        folder.results("test --runs 9 --seed 0 --jobs 2 --wall-limit 0.5 --solution hangs");
    assert_eq!(finished.status, Some(1));
    assert_eq!(failed_seeds(&results), ["0x7"]);
    assert_eq!(of_test(&results, VICTIM)["failures"][0]["kind"], "timeout");
    assert_eq!(results["total"]["passed"], results["total"]["runs"].as_u64().expect("a number") - 1);
    finished.says("s of real time, in which it hardly ran");
}

fn a_run_over_its_cpu_limit_is_stopped() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test backup --seed 7 --wall-limit 0.2 --solution polls");
    assert_eq!(finished.status, Some(1));
    let failure = &of_test(&results, VICTIM)["failures"][0];
    assert_eq!(failure["kind"], "timeout", "{finished:?}");
    let message = failure["message"].as_str().expect("a text");
    assert!(message.contains("had not ended after 0.2 s of processor time"), "{failure}");
    finished.says("the end of its log");
    // The machine decided where the run ended, so the recorded run cannot be compared with it.
    assert!(!finished.out.contains("another run"), "{finished:?}");
    folder.lab("replay --wall-limit 0.2").says("cannot tell whether this was the same run");
}

fn a_spinning_run_is_blocked_and_not_timed_out() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test backup --seed 1 --wall-limit 0.1 --solution spins");
    assert_eq!(finished.status, Some(1));
    assert_eq!(of_test(&results, VICTIM)["failures"][0]["kind"], "blocked", "{finished:?}");
}

fn endless_calls_are_reported() {
    let folder = Folder::new();
    let (finished, results) =
        folder.results("test backup --seed 1 --runs 2 --junit junit.xml --solution storms");
    assert_eq!(finished.status, Some(1));
    assert_eq!(failed_seeds(&results), ["0x1", "0x2"]);
    let failure = &of_test(&results, VICTIM)["failures"][0];
    assert_eq!(failure["kind"], "timeout", "{finished:?}");
    finished.says("it calls without end and without delay");
    finished.says("Echo.echo from server 0 to server 0: ");
    finished.says("the end of its log");
    finished.says("failure 1 of 1: 2 runs (backup_3b 2)");
    assert!(!finished.out.contains("another run"), "{finished:?}");
    folder.lab("replay").says("reproduced: same fingerprint");
    let junit = std::fs::read_to_string(folder.file("junit.xml")).expect("a file");
    assert!(
        junit.contains(r#"type="timeout""#) && junit.contains("Echo.echo from server 0 to server 0"),
        "{junit}"
    );
}

fn too_many_threads_are_reported() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test backup --seed 1 --solution crowds");
    assert_eq!(finished.status, Some(1));
    let failure = &of_test(&results, VICTIM)["failures"][0];
    assert_eq!(failure["kind"], "threads", "{finished:?}");
    let message = failure["message"].as_str().expect("a text");
    let start = "threads, most of them started at lab/tests/misbehaving/solutions.rs:";
    assert!(message.starts_with("server 0 has ") && message.contains(start), "{failure}");
    assert!(!finished.out.contains("another run"), "{finished:?}");
    let replayed = folder.lab("replay");
    replayed.says("reproduced: same fingerprint");
    replayed.says(start);
}

fn a_replay_shows_the_log_while_the_run_goes_on() {
    let folder = Folder::new();
    let mut command = folder.command("replay backup_3b --seed 1 --solution waits_for_a_file");
    let mut replay = command.stdout(Stdio::piped()).spawn().expect("the command runs");
    let mut lines = BufReader::new(replay.stdout.take().expect("its output")).lines();
    // The run waits for the file, and the file is made when the line has been read. If lines arrived only
    // after the run, this would hang.
    let seen =
        lines.by_ref().map(|line| line.expect("a line")).find(|line| line.contains("waiting for the file"));
    assert!(seen.is_some());
    std::fs::write(folder.file("go-on"), "").expect("written");
    assert!(lines.by_ref().any(|line| line.expect("a line").contains("it is there")));
    lines.for_each(drop);
    assert!(replay.wait().expect("it ended").code().is_some());
}

fn a_warning_is_shown_once_per_command() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test 3A --seed 1 --solution holds_locks");
    let warning = "nobody else can take the lock meanwhile";
    assert_eq!(finished.out.matches(warning).count(), 1, "{finished:?}");
    for test in results["tests"].as_array().expect("a list").iter().take(2) {
        assert!(test["warnings"].to_string().contains(warning), "the file has every warning: {test}");
    }
}

fn a_blocked_run_is_not_called_nondeterministic() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test backup --seed 1 --solution holds_a_lock_of_std");
    assert_eq!(of_test(&results, VICTIM)["failures"][0]["kind"], "blocked", "{finished:?}");
    finished.says("the end of its log");
    assert!(!finished.out.contains("another run"), "the recorded run is the same: {finished:?}");
    folder.lab("replay").says("reproduced: same fingerprint");
}

fn failures_inside_a_simulation_have_their_kinds_and_places() {
    let folder = Folder::new();
    for (solution, kind, says) in [
        ("recurses", "overflow", "deeper"),
        ("spins", "blocked", "without a call of labrt"),
        ("starts_threads", "foreign", "std::thread::spawn"),
    ] {
        let (finished, results) =
            folder.results(&format!("test backup --runs 2 --seed 1 --jobs 2 --solution {solution}"));
        assert_eq!(finished.status, Some(1));
        assert_eq!(failed_seeds(&results), ["0x1", "0x2"], "{solution}: {finished:?}");
        let failure = &of_test(&results, VICTIM)["failures"][0];
        assert_eq!(failure["kind"], kind, "{solution}: {finished:?}");
        assert!(failure["message"].as_str().expect("a text").contains(says), "{failure}");
        assert!(failure["node"].as_str().expect("a text").starts_with("server "), "{failure}");
        let location = failure["location"].as_str().expect("a place");
        assert!(location.starts_with("lab/tests/misbehaving/solutions.rs:"), "{failure}");
        finished.says(&format!("replay: cargo lab replay backup_3b --seed 0x1 --solution {solution}"));
        assert!(!finished.out.contains("another run"), "the recorded run is the same: {finished:?}");
    }
    let replayed = folder.lab("replay backup_3b --seed 1 --solution starts_threads");
    assert_eq!(replayed.status, Some(1), "{replayed:?}");
    replayed.says("reproduced: same fingerprint");
}

fn a_stack_overflow_while_printing_is_reported() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test backup --seed 1 --solution prints_itself");
    assert_eq!(finished.status, Some(1));
    let failure = &of_test(&results, VICTIM)["failures"][0];
    assert_eq!(failure["kind"], "overflow", "{finished:?}");
    assert!(failure["message"].as_str().expect("a text").contains("an endless recursion"), "{failure}");
}

fn the_output_of_lab_code_changes_nothing() {
    let folder = Folder::new();
    let (finished, printing) = folder.results("test --runs 20 --seed 0 --jobs 2 --solution prints");
    assert_eq!(finished.status, Some(0), "{finished:?}");
    assert!(!finished.out.contains("Finished"), "{finished:?}");
    let (_, silent) = folder.results("test --runs 20 --seed 0 --jobs 2 --solution reference");
    assert_eq!(printing["tests"], silent["tests"]);

    // A replay shows the output.
    let replayed = folder.lab("replay backup_3b --seed 7 --solution prints");
    assert_eq!(replayed.status, Some(0), "{replayed:?}");
    replayed.says("Finished");
}

fn the_standard_input_of_lab_code_is_empty() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test --runs 20 --seed 0 --jobs 1 --solution reads");
    assert_eq!(finished.status, Some(0), "{finished:?}, {results}");
}

fn failures_are_grouped_and_the_smallest_seed_is_reported() {
    let folder = Folder::new();
    let (finished, results) =
        folder.results("test --runs 100 --seed 0 --jobs 2 --solution fails --junit junit.xml");
    assert_eq!(finished.status, Some(1));
    let expected: Vec<String> =
        (0..100).filter(|&seed| misbehaves(VICTIM, seed)).map(tester::seed::format).collect();
    assert_eq!(failed_seeds(&results), expected);
    let causes = results["causes"].as_array().expect("a list");
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!(causes[0]["runs"], 10);
    assert_eq!(causes[0]["seed"], "0x7");
    assert_eq!(causes[0]["replay"], "cargo lab replay backup_3b --seed 0x7 --solution fails");

    finished.says("failure 1 of 1: 10 runs (backup_3b 10)");
    finished.says("assertion: expected 3 servers, saw 7");
    finished.says("seen on server 2 (thread ticker) at 1.500 s, raft/src/peer.rs:10:5");
    finished.says("99.000000 INFO  server 0/ticker        text");
    finished.says("replay: cargo lab replay backup_3b --seed 0x7 --solution fails");
    assert!(!finished.out.contains("another run"), "the recorded run is the same: {finished:?}");
    assert!(!finished.out.contains('\x1b'), "colours without a terminal: {finished:?}");

    let junit = std::fs::read_to_string(folder.file("junit.xml")).expect("a file");
    assert!(junit.contains(r#"<failure message="expected 3 servers, saw 7" type="assertion">"#), "{junit}");
    assert!(junit.contains("10 of 100 runs failed"), "{junit}");
}

fn a_failed_run_is_explained_by_the_rule_that_it_broke() {
    let folder = Folder::new();
    let (finished, results) =
        folder.results("test backup --runs 30 --seed 0 --jobs 2 --solution breaks_a_rule");
    assert_eq!(finished.status, Some(1));
    assert_eq!(failed_seeds(&results), ["0x7", "0x11", "0x1b"]);
    let events = json!([
        { "time": 1.0, "server": "server 2",
          "what": "append_entries #74 1→2 {term 1, prev 16@1, entries [17@1]}" },
        { "time": 1.25, "server": "server 2", "what": "server 2 answers {term 2, success}" },
    ]);
    for failure in of_test(&results, VICTIM)["failures"].as_array().expect("a list") {
        assert_eq!(failure["rule"]["id"], "AE1", "{failure}");
        assert_eq!(failure["rule"]["events"], events, "{failure}");
        assert_eq!(failure["rule"]["location"], "raft/src/replication.rs:120", "{failure}");
    }
    let causes = results["causes"].as_array().expect("a list");
    assert_eq!((causes.len(), &causes[0]["runs"]), (1, &json!(3)), "{causes:?}");
    assert_eq!(causes[0]["rule"]["id"], "AE1", "{causes:?}");

    let replay = "cargo lab replay backup_3b --seed 0x7 --solution breaks_a_rule";
    finished.says(&format!(
        "failure 1 of 1: 3 runs (backup_3b 3)\n  \
         error[AE1]: server 2 accepted an AppendEntries of an older term\n    \
         --> 1.250 s, server 2, raft/src/replication.rs:120\n   \
         1  1.000  append_entries #74 1→2 {{term 1, prev 16@1, entries [17@1]}}\n   \
         2  1.250  server 2 answers {{term 2, success}}\n   \
         then: the test notices at 1.500 s: expected 3 servers, saw 7\n   \
         rule: Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm\n   \
         all 3 failed runs break this first · cargo lab explain AE1 · {replay}\n  \
         assertion: expected 3 servers, saw 7\n"
    ));
    folder.lab("replay").says("error[AE1]: server 2 accepted an AppendEntries of an older term\n");
}

fn a_repetition_that_dies_changes_no_verdict() {
    let folder = Folder::new();
    let (finished, results) =
        folder.results("test backup --runs 20 --seed 0 --jobs 2 --solution aborts_when_watched");
    assert_eq!(failed_seeds(&results), ["0x7", "0x11"]);
    for failure in of_test(&results, VICTIM)["failures"].as_array().expect("a list") {
        assert_eq!(failure["kind"], "assertion", "{finished:?}");
        assert_eq!(failure["rule"], Value::Null, "{failure}");
    }
    assert_eq!(of_test(&results, VICTIM)["passed"], 18);
}

fn a_test_is_not_run_again_after_equal_failures() {
    let folder = Folder::new();
    let mut all = Vec::new();
    for jobs in [1, 2, 5] {
        let (finished, results) = folder.results(&format!(
            "test backup rejoin --runs 50 --seed 0 --jobs {jobs} --solution always_fails --junit junit.xml"
        ));
        assert_eq!(finished.status, Some(1));
        finished.says("30 runs were not made: the last 20 failed for the same cause, and none passed");
        finished.says("50 passed, 20 failed");
        finished.says(", 30 not made");
        finished.says("all 20 failed runs break this first");
        let test = of_test(&results, VICTIM);
        let counts = ["runs", "passed", "failed", "not_made"].map(|name| test[name].as_u64());
        assert_eq!(counts, [20, 0, 20, 30].map(Some), "{jobs} jobs");
        assert_eq!(failed_seeds(&results).last().map(String::as_str), Some("0x13"), "{jobs} jobs");
        assert_eq!(results["total"]["not_made"], 30);
        all.push(comparable(results));
        let junit = std::fs::read_to_string(folder.file("junit.xml")).expect("a file");
        assert!(junit.contains("20 of 20 runs failed") && junit.contains("<skipped/>"), "{junit}");
    }
    assert!(all.iter().all(|results| *results == all[0]), "{all:?}");

    let (finished, results) =
        folder.results("test backup --runs 50 --seed 0 --all-runs --solution always_fails");
    assert_eq!((finished.status, &of_test(&results, VICTIM)["runs"]), (Some(1), &json!(50)));
    finished.says("all 50 failed runs break this first");
    // The rule of later failures is that of the first ones.
    let failures = of_test(&results, VICTIM)["failures"].as_array().expect("a list");
    assert!(failures.iter().all(|failure| failure["rule"]["id"] == "AE1"), "{failures:?}");
    assert_eq!(failures[49]["rule"]["events"], json!([]));
    // A test with a run that passed is run to its end.
    let (_, results) = folder.results("test backup --runs 250 --seed 0 --solution breaks_a_rule");
    assert_eq!(of_test(&results, VICTIM)["runs"], 250);
}

fn a_rule_that_is_broken_in_a_run_that_passes_is_a_finding() {
    let folder = Folder::new();
    let (finished, results) =
        folder.results("test backup rejoin --runs 3 --seed 7 --jobs 2 --solution breaks_a_rule");
    assert_eq!(finished.status, Some(1), "{finished:?}");
    finished.says("findings: rules that were broken in runs that passed");
    let replay = "cargo lab replay backup_3b --seed 0x8 --solution breaks_a_rule";
    finished.says(&format!("\n   in backup_3b · cargo lab explain AE1 · {replay}\n"));
    let findings = of_test(&results, VICTIM)["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((&findings[0]["seed"], &findings[0]["rule"]["id"]), (&json!("0x8"), &json!("AE1")));
    assert_eq!(of_test(&results, "rejoin_3b")["findings"], json!([]));

    let (finished, results) = folder.results("test backup --seed 1 --solution breaks_a_rule");
    assert_eq!(finished.status, Some(0), "findings change no verdict: {finished:?}");
    assert_eq!((&results["total"]["failed"], &results["causes"]), (&json!(0), &json!([])));
    let replayed = folder.lab("replay backup_3b --seed 8 --solution breaks_a_rule");
    assert_eq!(replayed.status, Some(0), "{replayed:?}");
    replayed.says("finding[AE1]: server 2 accepted an AppendEntries of an older term\n");
}

fn a_broken_rule_fails_a_strict_run() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test backup --seed 1 --strict --solution breaks_a_rule");
    assert_eq!(finished.status, Some(1), "{finished:?}");
    let failure = &of_test(&results, VICTIM)["failures"][0];
    assert_eq!(failure["rule"]["id"], "AE1", "{failure}");
    let message = "server 2 accepted an AppendEntries of an older term (AE1: Figure 2, AppendEntries RPC, 1: \
                   reply false if term < currentTerm)";
    assert_eq!(failure["message"], message);
    finished.says("replay: cargo lab replay backup_3b --seed 0x1 --solution breaks_a_rule --strict\n");
    assert!(!finished.out.contains("another run") && !finished.out.contains("finding"), "{finished:?}");
    for replay in ["replay", "replay backup_3b --seed 1 --solution breaks_a_rule --strict"] {
        let replayed = folder.lab(replay);
        assert_eq!(replayed.status, Some(1), "{replayed:?}");
        replayed.says("reproduced: same fingerprint");
    }
    assert_eq!(folder.lab("replay backup_3b --seed 1 --solution breaks_a_rule").status, Some(0));
}

fn the_last_failure_is_saved_and_replayed() {
    let folder = Folder::new();
    assert_eq!(folder.lab("replay").status, Some(2), "there is no last failure yet");
    folder.lab("test backup --runs 10 --seed 0 --solution fails --policy sticky");
    let replayed = folder.lab("replay");
    assert_eq!(replayed.status, Some(1));
    replayed.says("replaying backup_3b, seed 0x7, solution fails, policy sticky");
    replayed.says("assertion: expected 3 servers, saw 7");
    replayed.says("reproduced: same fingerprint 0x");
    let filtered = folder.lab("replay --server 1 --since 10 --until 20.5 --grep text --level info");
    let shown = filtered.out.lines().filter(|line| line.contains(" INFO ")).count();
    assert_eq!(shown, 4, "servers 1 at 10, 13, 16 and 19 s: {filtered:?}");

    let file = folder.file("lab/last-failure.json");
    let mut recorded: Value =
        serde_json::from_str(&std::fs::read_to_string(&file).expect("a file")).expect("JSON");
    recorded["fingerprint"] = json!("0x1");
    std::fs::write(&file, recorded.to_string()).expect("written");
    folder.lab("replay").says("not reproduced: fingerprint");
    recorded["build"] = json!("0x2");
    std::fs::write(&file, recorded.to_string()).expect("written");
    folder.lab("replay").says("another build, so another run");
    // The same test and seed with other settings is another run from the start.
    assert!(!folder.lab("replay --policy random").out.contains("another"));
}

fn a_failure_has_a_page() {
    let folder = Folder::new();
    let tested = folder.lab("test backup_3b --exact --seed 7 --solution storms");
    let printed: Vec<&str> =
        tested.out.lines().filter_map(|line| line.trim_start().strip_prefix("page: ")).collect();
    let causes = tested.out.lines().filter(|line| line.starts_with("failure ")).count();
    assert!(causes > 0 && printed.len() == causes, "a page for each cause: {tested:?}");
    let html = std::fs::read_to_string(printed[0]).expect("the page");
    assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"), "{printed:?}");
    assert!(html.contains("backup_3b") && html.contains("--solution storms"), "{printed:?}");
    // The last failure, again, in a file of one's own.
    let written = folder.lab("page --out page.html");
    assert_eq!((written.status, written.out.as_str()), (Some(1), "page.html\n"), "{written:?}");
    let again = std::fs::read_to_string(folder.file("page.html")).expect("the page");
    assert_eq!(again, html);
    let files = std::fs::read_dir(folder.file("lab/pages")).expect("a folder").count();
    assert_eq!(files, causes, "no draft is left");
}

/// The test with a fault plan in which `forgets` fails, with the seed 1.
const BESIEGED: &str = "election_storm_3x";

/// The plan of the only cause of failures in these results.
fn plan_of_the_cause(results: &Value) -> FaultPlan {
    let causes = results["causes"].as_array().expect("a list");
    assert_eq!(causes.len(), 1, "{causes:?}");
    FaultPlan::from_json(&causes[0]["plan"].to_string()).expect("a plan")
}

/// The words of the printed command that replays a failure, without `cargo lab`.
fn replay_command(printed: &str) -> &str {
    let line = printed.lines().find_map(|line| line.trim_start().strip_prefix("replay: cargo lab "));
    line.unwrap_or_else(|| panic!("no replay: {printed}"))
}

fn a_failure_is_shown_with_the_smallest_fault_plan_that_fails_so() {
    let folder = Folder::new();
    let (tested, results) = folder.results(&format!("test {BESIEGED} --seed 1 --solution forgets"));
    let plan = plan_of_the_cause(&results);
    let case = tester::cases().iter().find(|case| case.name == BESIEGED).expect("the test");
    let drawn = case.plan(1).expect("a plan").faults.len();
    assert!((1..=4).contains(&plan.faults.len()), "{} of {drawn} faults: {plan}", plan.faults.len());

    // The rule comes first, then the faults, then the log.
    let rule = results["causes"][0]["rule"]["id"].as_str().expect("a rule explains it");
    let places = [
        format!("error[{rule}]: "),
        format!("; this seed draws {drawn}):"),
        plan.faults[0].to_string(),
        "its log".to_owned(),
        "replay: ".to_owned(),
    ]
    .map(|text| tested.out.find(&text).unwrap_or_else(|| panic!("no {text:?}: {tested:?}")));
    assert!(places.is_sorted(), "{places:?} in {tested:?}");
    let failed = &of_test(&results, BESIEGED)["failures"][0];
    assert_eq!(failed["plan"], results["causes"][0]["plan"]);
    assert!(failed["faults"][0].as_str().expect("a title").contains("this seed draws"), "{failed}");

    // The file has it, and the printed command makes the same run.
    let file = folder.file(&format!("lab/plans/{BESIEGED}-0x1.json"));
    let saved = std::fs::read_to_string(&file).expect("the file of the plan");
    assert_eq!(FaultPlan::from_json(&saved).expect("a plan"), plan);
    let command = replay_command(&tested.out);
    assert_eq!(command, format!("replay {BESIEGED} --seed 0x1 --solution forgets --plan {}", file.display()));
    for replay in [command, "replay"] {
        let replayed = folder.lab(replay);
        assert_eq!(replayed.status, Some(1), "{replayed:?}");
        replayed.says("reproduced: same fingerprint 0x");
        replayed.says(&format!("error[{rule}]: "));
        replayed.says(&plan.faults[0].to_string());
    }
    let page = folder.lab("page --out page.html");
    assert_eq!(page.status, Some(1), "{page:?}");
    let html = std::fs::read_to_string(folder.file("page.html")).expect("the page");
    assert!(html.contains("Faults: ") && html.contains(&plan.faults[0].to_string()), "{page:?}");
    assert!(html.contains(&file.display().to_string()), "its command gives the plan");
}

fn a_failure_that_is_not_shrunk_has_the_plan_of_its_seed() {
    let folder = Folder::new();
    let (tested, results) =
        folder.results(&format!("test {BESIEGED} --seed 1 --solution forgets --no-shrink"));
    assert_eq!(results["causes"][0]["plan"], Value::Null);
    tested.says("the fault plan of this seed (");
    tested.says(" more\n");
    assert_eq!(replay_command(&tested.out), format!("replay {BESIEGED} --seed 0x1 --solution forgets"));
    assert!(!folder.file("lab/plans").exists());
    let replayed = folder.lab("replay");
    replayed.says("the fault plan of this seed (");
    replayed.says("reproduced: same fingerprint 0x");
}

fn a_process_that_dies_while_shrinking_changes_no_verdict() {
    let folder = Folder::new();
    let (tested, results) =
        folder.results(&format!("test {BESIEGED} --seed 1 --solution dies_while_shrinking"));
    assert_eq!(tested.status, Some(1));
    assert_eq!(results["causes"][0]["message"], "it fails with the seed's own faults");
    assert_eq!(results["causes"][0]["plan"], Value::Null);
    tested.says("the fault plan of this seed (");
}

fn a_given_fault_plan_is_played_as_it_is() {
    let folder = Folder::new();
    let case = tester::cases().iter().find(|case| case.name == BESIEGED).expect("the test");
    let drawn = case.plan(1).expect("a plan");
    let quiet = FaultPlan { faults: Vec::new(), ..drawn.clone() };
    std::fs::write(folder.file("quiet.json"), quiet.to_json()).expect("written");
    std::fs::write(folder.file("drawn.json"), drawn.to_json()).expect("written");
    // Without faults nothing is forgotten, whatever the seed.
    let passed =
        folder.lab(&format!("test {BESIEGED} --seed 1 --runs 3 --plan quiet.json --solution forgets"));
    assert_eq!(passed.status, Some(0), "{passed:?}");
    let replayed = folder.lab(&format!("replay {BESIEGED} --seed 1 --plan quiet.json --solution forgets"));
    assert_eq!(replayed.status, Some(0), "{replayed:?}");
    replayed.says(&format!("the fault plan (0 faults; this seed draws {}):", drawn.faults.len()));
    // With another seed, the plan of seed 1 is not the drawn one; it is not shrunk.
    let (failed, results) =
        folder.results(&format!("test {BESIEGED} --seed 2 --plan drawn.json --solution forgets"));
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert_eq!(plan_of_the_cause(&results), drawn);
    let replayed = folder.lab(replay_command(&failed.out));
    replayed.says("reproduced: same fingerprint 0x");
}

fn a_fault_plan_that_cannot_be_played_is_refused() {
    let folder = Folder::new();
    let case = tester::cases().iter().find(|case| case.name == BESIEGED).expect("the test");
    std::fs::write(folder.file("plan.json"), case.plan(1).expect("a plan").to_json()).expect("written");
    std::fs::write(folder.file("none.json"), "{}").expect("written");
    for (arguments, says) in [
        ("test 3x --plan plan.json", "--plan is for one test, and "),
        ("test backup_3b --plan plan.json", "backup_3b has none; such tests are: "),
        ("test turns_3x --plan plan.json", "the fault plan is for election_storm_3x, and not for turns_3x"),
        ("test turns_3x --plan missing.json", "--plan missing.json cannot be played: No such file"),
        ("test turns_3x --plan none.json", "this is no fault plan: missing field `test`"),
        ("replay turns_3x --seed 1 --plan plan.json", "the fault plan is for election_storm_3x"),
        ("page turns_3x --seed 1 --plan none.json", "this is no fault plan: "),
    ] {
        let refused = folder.lab(arguments);
        assert_eq!((refused.status, refused.out.as_str()), (Some(2), ""), "{arguments}: {refused:?}");
        assert!(refused.err.contains(says) && refused.err.lines().count() == 1, "{arguments}: {refused:?}");
    }
}

fn a_run_without_events_has_no_page() {
    let folder = Folder::new();
    // Its process dies.
    let died = folder.lab("page backup_3b --seed 7 --solution aborts --out page.html");
    assert_eq!(died.status, Some(2), "{died:?}");
    assert!(died.err.contains("cargo lab replay backup_3b --seed 0x7"), "{died:?}");
    // It was never simulated.
    let tested = folder.lab("test backup_3b --exact --seed 7 --solution fails");
    assert!(!tested.out.contains("page: "), "{tested:?}");
    let refused = folder.lab("page --out page.html");
    assert_eq!((refused.status, refused.err.lines().count()), (Some(2), 1), "{refused:?}");
    assert!(!folder.file("page.html").exists());
}

fn replaying_an_aborting_run_is_a_failure() {
    let folder = Folder::new();
    let replayed = folder.lab("replay backup_3b --seed 7 --solution aborts");
    assert_eq!(replayed.status, Some(1));
    replayed.says("abort: ");
    assert!(replayed.err.contains("printed before the abort"), "{replayed:?}");
}

fn fail_fast_stops_at_the_same_failure_with_any_number_of_jobs() {
    let folder = Folder::new();
    for solution in ["fails", "aborts"] {
        for jobs in [1, 2, 5] {
            let (finished, results) = folder
                .results(&format!("test --runs 50 --seed 0 --jobs {jobs} --fail-fast --solution {solution}"));
            assert_eq!(finished.status, Some(1));
            assert_eq!(failed_seeds(&results), ["0x7"], "{jobs} jobs, {solution}");
            assert_eq!(of_test(&results, VICTIM)["runs"], 8, "{jobs} jobs, {solution}");
            let after = results["tests"].as_array().expect("a list").last().expect("a last test");
            assert_eq!(after["runs"], 0, "{jobs} jobs, {solution}");
        }
    }
}

fn until_failure_repeats_all_tests_with_the_next_seed() {
    let folder = Folder::new();
    for jobs in [1, 3] {
        let (finished, results) =
            folder.results(&format!("test 3B --seed 0 --jobs {jobs} --until-failure --solution fails"));
        assert_eq!(finished.status, Some(1));
        finished.says("over and over until a run fails, first seed 0x0");
        assert_eq!(failed_seeds(&results), ["0x7"], "{jobs} jobs");
        // All tests with one seed, then all with the next.
        for test in results["tests"].as_array().expect("a list") {
            let round = test["runs"].as_u64().expect("a number");
            assert!((7..=8).contains(&round), "{jobs} jobs: {test}");
        }
    }
}

fn the_time_of_for_ends_between_two_runs() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test 3B --seed 10 --jobs 2 --for 200ms --solution fails");
    finished.says("over and over for 200ms, first seed 0xa");
    let tests = results["tests"].as_array().expect("a list");
    let runs: Vec<u64> = tests.iter().map(|test| test["runs"].as_u64().expect("a number")).collect();
    // The first test is at most one round ahead of the last, and failures do not end the command.
    assert!(runs[0] >= 1 && runs[0] - runs[runs.len() - 1] <= 1, "{runs:?}");
    let failed = runs[0] > 7;
    assert_eq!(finished.status, Some(i32::from(failed)), "{finished:?}");
}

fn every_failure_is_saved_and_replayed() {
    let folder = Folder::new();
    let finished = folder.lab("test backup --runs 30 --seed 0 --solution fails --policy sticky");
    finished.says("failures.jsonl --number N` shows the Nth");
    // 27 of 30 passed, with Wilson's interval.
    finished.says("27/30");
    finished.says("FAILED 90.0 % pass (74.4 to 96.5)");
    let second = folder.lab("replay --from lab/failures.jsonl --number 2");
    assert_eq!(second.status, Some(1));
    second.says("replaying backup_3b, seed 0x11, solution fails, policy sticky");
    second.says("reproduced: same fingerprint 0x");
    for (arguments, says) in [
        (
            "--from lab/failures.jsonl --number 4",
            "no failure 4 in lab/failures.jsonl, which has 3 failures; give --number 1 to 3",
        ),
        ("--from lab/last-failure.json", "failure 1 is malformed"),
        ("--from nowhere", "cannot read nowhere"),
        ("--number 2", "--from"),
    ] {
        let refused = folder.lab(&format!("replay {arguments}"));
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.err.contains(says) && refused.err.lines().count() == 1, "{refused:?}");
    }
}

fn nondeterminism_is_reported() {
    let folder = Folder::new();
    let (finished, _) = folder.results("test backup --seed 7 --solution nondeterministic");
    assert_eq!(finished.status, Some(1));
    finished.says("something outside the");
}

fn not_implemented_is_an_outcome_of_its_own() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test backup --seed 7 --solution todo");
    assert_eq!(finished.status, Some(1));
    assert_eq!(of_test(&results, VICTIM)["failures"][0]["kind"], "not_implemented");
    finished.says("... NOT IMPLEMENTED --");
    finished.says("not implemented: not yet implemented: raft::start, part 3B");
    finished.says("0 passed, 1 failed (1 not implemented)");
}

fn workers_that_cannot_start_are_reported_in_one_line() {
    let folder = Folder::new();
    let output = folder.command("test --jobs 2").env(FAIL_TO_START, "1").output().expect("the command runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.starts_with("error: cannot start a worker process") && error.lines().count() == 1,
        "{error}"
    );
}

fn workers_do_not_outlive_the_command() {
    let folder = Folder::new();
    let socket = folder.file("alive");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let mut command = folder.command("test backup --seed 7 --solution hangs");
    let mut parent = command.env(ALIVE, &socket).stdout(Stdio::null()).spawn().expect("the command runs");
    let (mut worker, _) = listener.accept().expect("the worker connects");
    // SIGKILL: the command cannot end its workers itself.
    parent.kill().expect("killed");
    parent.wait().expect("it ended");
    worker.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
    let end = worker.read(&mut [0]).expect("the worker outlived the command");
    assert_eq!(end, 0, "the connection ends with the worker");
}

/// Fails unless the text is printable: lines of visible characters.
#[track_caller]
fn assert_printable(text: &str) {
    let hidden = |c: &char| {
        let deceives =
            matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}');
        deceives || c.is_control() && *c != '\n' && *c != '\t'
    };
    let found: Vec<char> = text.chars().filter(hidden).collect();
    assert!(found.is_empty(), "{found:?} in {text:?}");
}

fn control_characters_do_not_reach_the_terminal() {
    let folder = Folder::new();
    let (finished, results) =
        folder.results("test backup --runs 3 --seed 6 --solution deceives --junit junit.xml");
    let single = folder.lab("test backup --seed 7 --solution deceives");
    let replayed = folder.lab("replay");
    for command in [&finished, &single, &replayed] {
        assert_eq!(command.status, Some(1), "{command:?}");
        assert_printable(&command.out);
        assert_printable(&command.err);
        command.says(r"\u{1b}[2J\u{1b}[31;1m\u{9b}31m\u{d}\u{202e}evil");
        command.says("张三 größe");
        // A line of a message cannot pass for one of ours.
        assert!(!command.out.lines().any(|line| line.starts_with("replay:")), "{}", command.out);
    }
    // Output of lab code, on the standard output and the standard error.
    assert!(
        replayed.out.starts_with(r"replaying backup_3b") && replayed.err.contains(r"\u{1b}]0;owned"),
        "{replayed:?}"
    );

    // Files for programs have the message unchanged.
    assert_eq!(of_test(&results, VICTIM)["failures"][0]["message"], HOSTILE);
    let xml = std::fs::read_to_string(folder.file("junit.xml")).expect("results");
    assert_printable(&xml);
    for number in ["&#0;", "&#x0;", "&#27;", "&#x1b;", "&#65534;", "&#xfffe;"] {
        assert!(!xml.to_lowercase().contains(number), "{number} is not valid in XML: {xml}");
    }
    assert!(xml.contains(r"\u{fffe}") && xml.contains("张三"), "{xml}");
}

fn a_long_panic_message_is_cut_and_not_lost() {
    let folder = Folder::new();
    let (finished, results) = folder.results("test backup --seed 1 --solution shouts --junit junit.xml");
    assert_eq!(finished.status, Some(1), "{finished:?}");
    let failure = &of_test(&results, VICTIM)["failures"][0];
    assert_eq!(failure["kind"], "panic", "{failure}");
    let message = failure["message"].as_str().expect("a text");
    assert!(message.starts_with("the beginning \u{fffe}"), "{message}");
    assert!(message.ends_with(" bytes more") && message.len() < 20_000, "{}", message.len());
    assert!(std::fs::metadata(folder.file("junit.xml")).expect("results").len() < 1 << 20);
}

/// A command that runs for long, once it has met failures and saved them.
fn with_failures(folder: &Folder) -> Child {
    let command =
        "test backup --for 100m --seed 0 --jobs 2 --solution fails --json results.json --junit junit.xml";
    let mut child = folder.command(command).stdout(Stdio::piped()).spawn().expect("the command runs");
    while saved_results(folder).is_none() {
        assert!(child.try_wait().expect("a status").is_none(), "the command ended by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// The results in the files, once they have failures.
fn saved_results(folder: &Folder) -> Option<Value> {
    let text = std::fs::read_to_string(folder.file("results.json")).ok().filter(|text| !text.is_empty())?;
    let results: Value = serde_json::from_str(&text).expect("a complete file");
    let failures = of_test(&results, VICTIM)["failures"].as_array()?.len();
    let junit =
        std::fs::read_to_string(folder.file("junit.xml")).is_ok_and(|xml| xml.contains("runs failed"));
    (failures > 1 && junit).then_some(results)
}

fn a_killed_command_leaves_its_results_so_far() {
    let folder = Folder::new();
    let mut child = with_failures(&folder);
    child.kill().expect("killed");
    child.wait().expect("it ended");
    let results = saved_results(&folder).expect("results");
    assert_eq!(results["finished"], false);
    assert!(results["causes"][0]["replay"].as_str().expect("a command").contains("backup_3b --seed 0x7"));
    let replayed = folder.lab("replay");
    replayed.says("seed 0x7");
    replayed.says("reproduced");
    folder.lab("replay --from lab/failures.jsonl --number 2").says("seed 0x11");
    let (_, whole) = folder.results("test backup --runs 10 --seed 0 --solution fails");
    assert_eq!(whole["finished"], true);
}

fn an_interrupted_command_prints_its_results_so_far() {
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let folder = Folder::new();
        let child = with_failures(&folder);
        let ended = std::process::Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
        assert!(ended.expect("it runs").success());
        let output = child.wait_with_output().expect("it ended");
        assert_eq!(output.status.signal(), Some(number), "{output:?}");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains("replay: cargo lab replay backup_3b --seed 0x7"), "{printed}");
        assert!(printed.lines().last().is_some_and(|line| line.starts_with("1 test, ")), "{printed}");
        assert!(!printed.contains("signal"), "the signal is not reported as a failure of a run: {printed}");
        assert_eq!(saved_results(&folder).expect("results")["finished"], false);

        // Its workers end, too.
        let socket = folder.file("alive");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let mut command = folder.command("test backup --seed 7 --solution hangs");
        let mut parent = command.env(ALIVE, &socket).stdout(Stdio::null()).spawn().expect("the command runs");
        let (mut worker, _) = listener.accept().expect("the worker connects");
        let ended = std::process::Command::new("kill").args(["-s", name, &parent.id().to_string()]).status();
        assert!(ended.expect("it runs").success());
        assert_eq!(parent.wait().expect("it ended").signal(), Some(number));
        worker.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        assert_eq!(worker.read(&mut [0]).expect("the worker outlived the command"), 0);
    }
}
