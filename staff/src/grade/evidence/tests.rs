//! Samples, and workers that make up reports.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use lab::run::Starter;
use lab::{COMPILED_IN, Lab};
use tester::{Detail, RunOptions, cases, run};

use super::*;
use crate::score::Column;

fn sampled(seed: u64) -> Sampled {
    Sampled { seed, fingerprint: 1, rpcs: 2, bytes: 3, commands: 4, operations: 5 }
}

#[test]
fn a_sample_is_drawn_and_not_derived() {
    let drawn = |_| sample_of(TEST, (0..ONE_IN * 100).map(sampled).collect()).len();
    let sizes: Vec<usize> = (0..20).map(drawn).collect();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    assert!((80..120).contains(&mean), "{sizes:?}");
    assert!(sizes.iter().any(|size| *size != sizes[0]), "{sizes:?}");
}

#[test]
fn one_run_without_evidence_fails_them_all() {
    let failed = FailedRun { seed: "0x8".to_owned(), kind: "panic".to_owned(), ..FailedRun::default() };
    let mut test = entry(vec![sampled(7), sampled(9)], 3);
    test.failures.push(failed);
    fail(&mut test, 9, "it is made up", 7);
    let seeds: Vec<&str> = test.failures.iter().map(|it| &*it.seed).collect();
    assert_eq!((seeds, test.sample.len()), (vec!["0x8", "0x7", "0x9"], 0));
    let message = "the evidence of run 0x9 does not fit its report: it is made up";
    assert_eq!((&*test.failures[1].kind, &*test.failures[1].message), (NO_EVIDENCE, message));
}

/// The test whose runs are forged.
const TEST: &str = "backup_3b";

fn entry(sample: Vec<Sampled>, runs: u64) -> TestEntry {
    TestEntry {
        name: TEST.to_owned(),
        column: Column::Own,
        runs,
        failures: Vec::new(),
        figures: None,
        sample,
    }
}

fn reference(seed: u64, detail: Detail) -> Report {
    run(case_of(TEST).expect("a test"), &COMPILED_IN[0], &RunOptions { detail, ..RunOptions::new(seed) })
}

/// The name of the environment variable that says what the worker of this program does.
const DEED: &str = "STAFF_TEST_WORKER_DOES";

/// The worker of the tests below, which start this program again for it.
#[test]
#[ignore = "it is a worker, which other tests start"]
fn worker() {
    let lab = Lab {
        solutions: COMPILED_IN,
        run: |case, solution, options| match &*deed() {
            "dies" => std::process::exit(1),
            // Its first report was made up, and now it is honest.
            "honest" => run(case, solution, options),
            // The report of the run of another seed, with its events.
            "of another seed" => {
                let other = RunOptions { seed: options.seed + 100, ..options.clone() };
                Report { seed: options.seed, ..run(case, solution, &other) }
            }
            // The right events, and more RPCs.
            "other figures" => {
                let report = run(case, solution, options);
                Report { rpcs: report.rpcs + 1, ..report }
            }
            "no events" => Report { recording: None, ..run(case, solution, options) },
            // A run in which nothing happened.
            "empty" => Report { recording: Some(Arc::default()), ..run(case, solution, options) },
            other => panic!("an unknown deed: {other:?}"),
        },
    };
    lab::run::worker::serve(&lab).expect("served");
}

fn deed() -> String {
    std::env::var(DEED).unwrap_or_default()
}

/// What becomes of a test with a run that was reported so, when its worker does this.
fn inspected(deed: &'static str, first: &Report) -> TestEntry {
    let starter = Starter::new(move || {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--exact", "--ignored", "--nocapture", "grade::evidence::tests::worker"]);
        command.env(DEED, deed);
        Ok(command)
    });
    let settings = Settings::untrusted(COMPILED_IN[0].name, starter, 2, Duration::from_secs(60));
    let mut test = entry(vec![Sampled::of(first).expect("it passed")], 2);
    inspect(settings, first.seed, vec![&mut test]).expect("workers are started");
    assert!(test.sample.is_empty(), "{deed}: nothing is left to check");
    test
}

#[test]
fn a_forged_report_does_not_score() {
    assert_eq!(cases().iter().filter(|case| case.name == TEST).count(), 1);
    let (right, other) = (reference(3, Detail::Bare), reference(103, Detail::Bare));
    assert!(inspected("honest", &right).failures.is_empty());
    // The report that counted was as the deed says.
    let of_another_seed = Report { seed: 3, ..other };
    let figures = Report { rpcs: right.rpcs + 1, ..right.clone() };
    for (deed, first, why) in [
        ("honest", &figures, "another report"),
        ("honest", &of_another_seed, "another report"),
        ("other figures", &figures, "RPCs"),
        ("of another seed", &of_another_seed, "its seed does not draw"),
        ("no events", &right, "no events"),
        ("empty", &right, "did not begin"),
        ("dies", &right, "died each time"),
    ] {
        let test = inspected(deed, first);
        let messages: Vec<&str> = test.failures.iter().map(|it| &*it.message).collect();
        assert_eq!(messages.len(), 2, "{deed}: no run of the test scores");
        assert!(
            messages[0].starts_with("the evidence of run 0x3 does not fit its report: ")
                && messages[0].contains(why),
            "{deed}: {messages:?}"
        );
    }
}
