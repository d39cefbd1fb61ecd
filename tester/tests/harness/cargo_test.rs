//! The output of `cargo test` as a student sees it: [`student`] is their test, and the others run it in a
//! process of its own, as cargo would.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use labapi::{ApplyMsg, Raft, Solution};
use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use labrt::thread;
use persister::Persister;

use tempfile::TempDir;
use tester::nemesis::FaultPlan;

use crate::raft::double::solution;
use crate::raft::fault::Fault;
use crate::raft::stub::{Partial, Stub};

/// Chooses the fault of the student's solution.
const FAULT: &str = "HARNESS_FAULT";

#[test]
fn student() {
    let solution = match env::var(FAULT).as_deref() {
        Ok("wrong index") => solution::<{ Fault::WrongIndex as u8 }>(),
        Ok("remembers") => solution::<{ Fault::DependsOnEarlierRuns as u8 }>(),
        Ok("exits") => solution::<{ Fault::StartExits as u8 }>(),
        Ok("storms") => Solution::new("storms").with_raft(storming),
        Ok("holds") => Solution::new("holds").with_raft(holding),
        Ok("holds std's") => Solution::new("holds std's").with_raft(holding_std),
        Ok("panics") => solution::<{ Fault::StartPanics as u8 }>(),
        Ok("never leads") => return tester::cargo_test("turns_3x", &NEVER_LEADS),
        _ => solution::<{ Fault::None as u8 }>(),
    };
    tester::cargo_test("basic_agree_3b", &solution);
}

/// Tests that run side by side.
mod students {
    use crate::raft::double::solution;
    use crate::raft::fault::Fault;

    #[test]
    fn one() {
        tester::cargo_test("basic_agree_3b", &solution::<{ Fault::None as u8 }>());
    }

    #[test]
    fn two() {
        tester::cargo_test("rpc_bytes_3b", &solution::<{ Fault::None as u8 }>());
    }

    #[test]
    fn three() {
        tester::cargo_test("initial_election_3a", &solution::<{ Fault::None as u8 }>());
    }

    #[test]
    fn four() {
        tester::cargo_test("concurrent_starts_3b", &solution::<{ Fault::None as u8 }>());
    }
}

/// A solution that no fault plan needs to fail.
const NEVER_LEADS: Solution =
    Solution::new("never_leads").with_raft(|_, _, _, _| Arc::new(Stub(Arc::new(Echo))));

/// A Raft that answers calls and never leads.
struct Echo;

#[labrpc::service]
impl Echo {
    fn echo(&self, number: u64) -> u64 {
        number
    }
}

impl Partial for Echo {
    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

/// Server 0 calls server 1 again immediately after each answer.
fn storming(peers: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    if me == 0 {
        drop(thread::spawn(move || {
            loop {
                peers[1].echo(&7);
            }
        }));
    }
    Arc::new(Stub(Arc::new(Echo)))
}

/// Two threads hold the same lock for a while, one after the other.
fn contend(hold: impl Fn() + Clone + Send + 'static) {
    for _ in 0..2 {
        drop(thread::spawn(hold.clone()));
    }
}

/// A thread sleeps while it holds a lock that another one wants.
fn holding(peers: Vec<ClientEnd>, me: usize, persister: Persister, apply: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let lock = Arc::new(labrt::sync::Mutex::new(()));
    contend(move || {
        let _guard = lock.lock();
        thread::sleep(Duration::from_millis(30));
    });
    let make_raft = solution::<{ Fault::None as u8 }>().make_raft.expect("it has one");
    make_raft(peers, me, persister, apply)
}

/// The same with a lock of std.
fn holding_std(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let lock = Arc::new(std::sync::Mutex::new(()));
    contend(move || {
        let _guard = lock.lock();
        thread::sleep(Duration::from_millis(30));
    });
    Arc::new(Stub(Arc::new(Echo)))
}

/// The output of the student's `cargo test`.
struct Output {
    passed: bool,
    text: String,
    target: TempDir,
}

/// Runs [`student`] with these variables, in a target folder of its own.
fn run(variables: &[(&str, &str)]) -> Output {
    run_tests(&["--exact", "cargo_test::student", "--test-threads=2"], variables)
}

fn run_tests(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let target = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the test");
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(arguments).env("CARGO_TARGET_DIR", target.path());
    for variable in ["CI", "LAB_SEED", "LAB_RUNS", "LAB_BACKEND", "RUST_LOG", FAULT] {
        command.env_remove(variable);
    }
    // Backtraces are the solution's, not the harness's.
    command.env("RUST_BACKTRACE", "1");
    let output = command.envs(variables.iter().copied()).output().expect("this program runs");
    let text = String::from_utf8(output.stdout).expect("libtest prints text");
    Output { passed: output.status.success(), text, target }
}

#[track_caller]
fn expect_pieces(text: &str, pieces: &[&str]) {
    let mut rest = text;
    for piece in pieces {
        let position = rest.find(piece).unwrap_or_else(|| panic!("expected `{piece}` next in: {text}"));
        rest = &rest[position + piece.len()..];
    }
}

#[test]
fn a_passing_test_prints_the_courses_lines() {
    let output = run(&[("CI", "true")]);
    assert!(output.passed, "{}", output.text);
    expect_pieces(
        &output.text,
        &[
            "Test (3B): basic agreement (reliable network)...\n  ... Passed 10/10 --  time ",
            "#peers 3",
            "#cmds    3",
        ],
    );
}

#[test]
fn a_failing_test_prints_its_cause_and_its_replay_command() {
    let output = run(&[(FAULT, "wrong index"), ("LAB_SEED", "0x5"), ("LAB_RUNS", "3")]);
    assert!(!output.passed);
    expect_pieces(
        &output.text,
        &[
            // The first failing run is the last one.
            "Test (3B): basic agreement (reliable network)...\n  ... FAILED --  time ",
            "basic_agree_3b failed with seed 0x5\n\nassertion: expected 3 servers to apply command 100 \
             within 2.000 s",
            "(virtual time) on tester, thread main, ",
            "tester/src/raft/part_3b.rs:",
            "its log:\n",
            "replay: cargo lab replay basic_agree_3b --seed 0x5 --solution double\n\n\nfailures:\n",
            "test result: FAILED.",
        ],
    );
    assert!(!output.text.contains("panicked at"), "{}", output.text);
    assert!(!output.text.contains("another way"), "{}", output.text);
    let saved =
        fs::read_to_string(output.target.path().join("lab/last-failure.json")).expect("the failure is saved");
    expect_pieces(&saved, &["\"test\": \"basic_agree_3b\"", "\"seed\": \"0x5\"", "\"kind\": \"assertion\""]);
}

#[test]
fn a_failing_test_prints_its_smallest_fault_plan() {
    let output = run(&[(FAULT, "never leads"), ("LAB_SEED", "0x5")]);
    assert!(!output.passed);
    let file = output.target.path().join("lab/plans/turns_3x-0x5.json");
    expect_pieces(
        &output.text,
        &[
            "turns_3x failed with seed 0x5\n\n",
            "expected ",
            "\nthe fault plan (0 faults; this seed draws ",
            "  3 servers, 0 clients with a command every ",
            " log",
            "replay: cargo lab replay turns_3x --seed 0x5 --solution never_leads --plan ",
            "lab/plans/turns_3x-0x5.json\n",
        ],
    );
    let plan = FaultPlan::from_json(&fs::read_to_string(file).expect("the plan is saved")).expect("a plan");
    assert_eq!((plan.test.as_str(), plan.servers, plan.faults.len()), ("turns_3x", 3, 0));
    let saved = fs::read_to_string(output.target.path().join("lab/last-failure.json")).expect("it is saved");
    expect_pieces(&saved, &["\"test\": \"turns_3x\"", "\"plan\": {"]);
}

#[test]
fn the_lines_of_tests_that_run_side_by_side_come_together_and_once() {
    let arguments = ["cargo_test::students::", "--test-threads=4"];
    for _ in 0..5 {
        let output = run_tests(&arguments, &[("LAB_RUNS", "2")]);
        assert!(output.passed, "{}", output.text);
        // libtest's own lines come in between, also within a line.
        let is_title = |line: &&str| line.contains("Test (3");
        let is_result = |line: &&str| line.contains("  ... Passed 2/2 -- ");
        let lines: Vec<&str> = output.text.lines().filter(|line| is_title(line) || is_result(line)).collect();
        assert_eq!(lines.len(), 8, "{}", output.text);
        assert!(lines.chunks(2).all(|pair| is_title(&pair[0]) && is_result(&pair[1])), "{}", output.text);
    }
}

#[test]
fn rust_log_says_what_is_shown_of_the_log() {
    let failing = [(FAULT, "wrong index"), ("LAB_SEED", "5")];
    let all = run(&failing);
    expect_pieces(&all.text, &["its log:\n", " INFO "]);
    let some = run(&[&failing[..], &[("RUST_LOG", "warn")]].concat());
    expect_pieces(&some.text, &["its log (RUST_LOG=warn):\n\nreplay: "]);
    assert!(!some.passed && !some.text.contains(" INFO "), "{}", some.text);
    let other = run(&[&failing[..], &[("RUST_LOG", "warn,tester=info")]].concat());
    expect_pieces(&other.text, &["its log (RUST_LOG=warn,tester=info):\n", " INFO ", " applied "]);
    assert!(!other.text.contains("request ("), "nothing of the network: {}", other.text);
}

#[test]
fn a_test_that_ends_the_process_has_printed_its_opening_line() {
    let output = run(&[(FAULT, "exits"), ("LAB_SEED", "1")]);
    assert!(!output.passed);
    expect_pieces(&output.text, &["Test (3B): basic agreement (reliable network)...\n"]);
    assert!(!output.text.contains("  ... "), "{}", output.text);
}

#[test]
fn a_panic_is_shown_with_its_backtrace() {
    let output = run(&[(FAULT, "panics"), ("LAB_SEED", "1")]);
    assert!(!output.passed);
    expect_pieces(
        &output.text,
        &[
            "panic: the log is upside down\n  at 0.",
            " on server ",
            "thread start",
            "raft/double.rs:",
            "start\n",
            "its log:",
        ],
    );
}

#[test]
fn a_run_that_is_not_repeated_by_its_seed_is_reported() {
    let output = run(&[(FAULT, "remembers"), ("LAB_SEED", "5")]);
    assert!(!output.passed);
    expect_pieces(&output.text, &["The same seed went another way when it was run again.", "replay: "]);
}

#[test]
fn a_bad_variable_is_reported() {
    let output = run(&[("LAB_SEED", "seven")]);
    assert!(!output.passed);
    expect_pieces(&output.text, &["LAB_SEED: `seven` is not a seed"]);
}

#[test]
fn a_call_storm_is_reported_with_the_end_of_its_log() {
    let output = run(&[(FAULT, "storms"), ("LAB_SEED", "1")]);
    assert!(!output.passed);
    expect_pieces(
        &output.text,
        &[
            "timeout: server 0 made ",
            "it calls without end and without delay",
            "\n  Echo.echo from server 0 to server 1: ",
            "the end of its log:\n",
            "echo #",
            "replay: ",
        ],
    );
    assert!(!output.text.contains("another way"), "{}", output.text);
}

#[test]
fn a_blocked_run_is_repeated_by_its_seed() {
    let output = run(&[(FAULT, "holds std's"), ("LAB_SEED", "1")]);
    assert!(!output.passed);
    expect_pieces(&output.text, &["blocked: the thread has been waiting in `std::sync::Mutex`", "replay: "]);
    assert!(!output.text.contains("another way"), "{}", output.text);
}

#[test]
fn a_warning_is_printed_once_in_all_processes_of_a_command() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the test");
    let target = folder.path().to_str().expect("a path that is text");
    let student =
        || run(&[(FAULT, "holds"), ("LAB_RUNS", "2"), ("CI", "true"), ("CARGO_TARGET_DIR", target)]);
    let (first, second) = (student(), student());
    assert!(first.passed && second.passed, "{}{}", first.text, second.text);
    let warnings = |output: &Output| output.text.matches("nobody else can take the lock meanwhile").count();
    assert_eq!((warnings(&first), warnings(&second)), (1, 0), "{}{}", first.text, second.text);
}
