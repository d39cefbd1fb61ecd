//! A run is the same in every detail: bare, watched or recorded. Every test runs once on the reference,
//! except one that takes as long as all others together. `cargo bench -p lab --bench modes` runs all, over
//! many seeds.

use std::process::Command;
use std::time::Duration;

use lab::COMPILED_IN;
use lab::run::{
    Analyse, EventFile, Events, Observer, Outcome, Output, PATIENCE, Plan, Record, Run, Settings, Starter,
    pool,
};
use labrt::world::{Backend, Policy};
use serde_json::Value;
use tester::{Case, Detail, Report, RunOptions, cases, run};

/// The outcome of a run.
fn outcome(report: &Report) -> (u64, Option<String>, u64, u64) {
    let failure = report.failure.as_ref().map(|failure| failure.message.clone());
    (report.fingerprint, failure, report.rpcs, report.bytes)
}

#[test]
fn every_test_is_the_same_run_in_every_detail() {
    for case in cases().iter().filter(|case| !case.name.starts_with("mem_put")) {
        let [bare, watched, recorded] = [Detail::Bare, Detail::Watched, Detail::Recorded]
            .map(|detail| run(case, &COMPILED_IN[0], &RunOptions { detail, ..RunOptions::new(2) }));
        assert_eq!(outcome(&bare), outcome(&watched), "{} watched", case.name);
        assert_eq!(outcome(&bare), outcome(&recorded), "{} recorded", case.name);
        let recording = recorded.recording.expect("the run was recorded");
        assert!(!recording.events().is_empty(), "{}", case.name);
        if recording.events().len() > MOST_EVENTS {
            continue;
        }
        let (reported, events) = recorded_by_a_worker(case, 2);
        assert_eq!(outcome(&bare), outcome(&reported), "{} recorded by a worker", case.name);
        let numbers = events.map(|event| event.expect("JSON")["number"].as_u64()).filter(Option::is_some);
        assert_eq!(numbers.count(), recording.events().len(), "{}", case.name);
    }
}

/// The most events of a run that a worker repeats, too: in a debug build, their text takes a while.
const MOST_EVENTS: usize = 5_000;

struct Only(Option<Run>);

impl Observer for Only {
    fn next(&mut self, run: Run) {
        self.0 = Some(run);
    }
}

/// The report of a run in a worker process, and its events as the parent gets them.
fn recorded_by_a_worker(case: &'static Case, seed: u64) -> (Report, Events) {
    let file = EventFile::new().expect("a folder");
    let settings = Settings {
        backend: Backend::Simulation,
        jobs: 1,
        solution: COMPILED_IN[0].name,
        policy: Policy::default(),
        plan: None,
        shrink: false,
        record: Record::Events(file.path()),
        analyse: Analyse::Nothing,
        patience: PATIENCE,
        wall_limit: Duration::from_secs(600),
        deadline: None,
        cut_off: None,
        fail_fast: false,
        untrusted: false,
        batched: false,
        output: Output::Kept,
        starter: Starter::new(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
            command.arg("worker");
            Ok(command)
        }),
    };
    let mut only = Only(None);
    pool::carry_out(Plan::single(case, seed), &settings, &mut only).expect("a worker");
    let Some(Run { outcome: Outcome::Reported(report), .. }) = only.0 else { panic!("{:?}", only.0) };
    (*report, file.open().expect("it can be read").expect("the run was recorded"))
}

#[test]
fn a_file_of_events_has_the_events_and_the_log_in_the_order_of_time() {
    let case = cases().iter().find(|case| case.name == "basic_agree_3b").expect("the test");
    let (report, events) = recorded_by_a_worker(case, 31);
    let header = events.header().clone();
    assert_eq!((header.schema, header.test.as_str(), header.seed.as_str()), (1, "basic_agree_3b", "0x1f"));
    assert_eq!((header.solution.as_str(), header.policy.as_str()), (COMPILED_IN[0].name, "random"));
    assert_eq!((header.left_out, header.without_contents, header.log_left_out), (0, 0, 0));
    let events: Vec<Value> = events.map(|event| event.expect("JSON")).collect();
    assert!(events.is_sorted_by_key(|event| event["time_ns"].as_u64().expect("a time")));
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["number"].as_u64()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());

    let log: Vec<&str> = events.iter().filter_map(|event| event["line"].as_str()).collect();
    let recorded = run(case, &COMPILED_IN[0], &RunOptions::new(31).recorded());
    assert_eq!(log, recorded.log);
    assert_eq!(report.log, Vec::<String>::new());

    // A line stands behind what its thread did before, and before what it does next.
    let mut newest = 0;
    let mut caused = 0;
    for event in &events {
        newest = newest.max(event["number"].as_u64().unwrap_or(0));
        if event["kind"] == "log" {
            let cause = event["cause"].as_u64().expect("a number");
            assert!(cause <= newest, "{event} is written before {newest}");
            caused += u32::from(cause > 0);
        }
    }
    assert!(caused > 5, "{caused} of {} lines have a cause", log.len());
}
