//! A run is the same in every detail: bare, watched or recorded. Every test runs once on the reference,
//! except one that takes as long as all others together. `cargo bench -p lab --bench modes` runs all, over
//! many seeds.

use lab::COMPILED_IN;
use tester::{Detail, Report, RunOptions, cases, run};

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
    }
}
