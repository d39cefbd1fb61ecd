//! The promise, over every test: the same source and the same seed are the same run.

use lab::COMPILED_IN;
use labrt::world::Policy;
use tester::{Case, RunOptions, run};

/// What a run came to, as far as it must not change. Real times may.
fn outcome(case: &'static Case, seed: u64, policy: Policy, record: bool) -> (u64, f64, u64, u64, u64) {
    let report = run(case, &COMPILED_IN[0], &RunOptions { policy, record, ..RunOptions::new(seed) });
    assert!(report.failure.is_none(), "{}, seed {seed}: {:?}", case.name, report.failure);
    (report.fingerprint, report.virtual_seconds, report.rpcs, report.bytes, report.commands)
}

#[test]
fn a_seed_is_a_run_whatever_ran_before_it() {
    for policy in Policy::ALL {
        let forwards: Vec<_> = tester::cases().iter().map(|case| outcome(case, 7, policy, false)).collect();
        // Once more, after other runs than the first time, and with the log kept.
        for (case, before) in tester::cases().iter().zip(forwards).rev() {
            assert_eq!(outcome(case, 7, policy, true), before, "{} with policy {policy}", case.name);
        }
    }
}

#[test]
fn a_seed_is_a_run_whatever_runs_beside_it() {
    let alone: Vec<_> = tester::cases().iter().map(|case| outcome(case, 8, Policy::Random, false)).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for (case, alone) in tester::cases().iter().zip(&alone) {
                    assert_eq!(outcome(case, 8, Policy::Random, false), *alone, "{}", case.name);
                }
            });
        }
    });
}

#[test]
fn another_seed_is_another_run() {
    for case in tester::cases() {
        let (one, other) = (outcome(case, 1, Policy::Random, false), outcome(case, 2, Policy::Random, false));
        assert_ne!(one.0, other.0, "{}", case.name);
    }
}
